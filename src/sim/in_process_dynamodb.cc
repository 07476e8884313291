#include "sim/in_process_dynamodb.h"

#include "json/reader.h"
#include "sim/item_json.h"

namespace ctk::sim {
namespace {

// Bytes of an answer beside its items or records.
constexpr size_t kAnswerFrame = 120;

Answer<Attributes> read_key(const std::string& text, const char* member) {
  json::Parser parser;
  const auto parsed = parser.parse(text);
  if (!parsed) return refuse("SerializationException", std::string(member) + " is no JSON");
  return read_item(*parsed);
}

Answer<ScanInput> scan_input(const aws::ScanRequest& request) {
  ScanInput input;
  input.table = request.table.str();
  input.limit = static_cast<size_t>(request.limit);
  input.segment = request.segment;
  input.total_segments = request.total_segments;
  input.consistent = request.consistent;
  if (request.start_key.empty()) return input;
  auto key = read_key(request.start_key, "ExclusiveStartKey");
  if (!key) return forward_refusal(std::move(key));
  input.start_key = std::move(*key);
  return input;
}

aws::ScanPage to_page(const ScanAnswer& answer, Timestamp now) {
  aws::ScanPage page;
  page.server_time = now;
  page.consumed_capacity = answer.capacity;
  page.answer_bytes = kAnswerFrame;
  page.items.reserve(answer.items.size());
  for (const Attributes* item : answer.items) {
    page.items.push_back(to_json(*item));
    page.answer_bytes += page.items.back().size() + 1;
  }
  if (answer.last_key) page.next_key = to_json(*answer.last_key);
  return page;
}

void shorten_scan(aws::ScanPage& page, size_t most) {
  page.next_key.reset();
  page.whole_bytes = page.answer_bytes;
  page.answer_bytes = keep_first(page.items, most, [](const json::SharedText& item) { return item.size() + 1; });
}

void shorten_records(aws::StreamsPage& page, size_t most) {
  page.next_iterator.reset();
  page.answer_bytes =
      keep_first(page.records, most, [](const aws::StreamsRecord& record) { return record.data.size() + 1; });
}

aws::StreamsPage to_page(StreamsRecordsAnswer answer, Timestamp now) {
  aws::StreamsPage page;
  page.server_time = now;
  page.next_iterator = std::move(answer.next_iterator);
  page.answer_bytes = kAnswerFrame;
  for (const TableShard::Record& record : answer.records) {
    aws::StreamsRecord out;
    out.sequence = aws::SequenceNumber(aws::to_string(record.sequence));
    out.time = std::chrono::floor<std::chrono::seconds>(record.time);
    out.data = record.data;
    page.answer_bytes += record.data.size() + 1;
    page.records.push_back(std::move(out));
  }
  return page;
}

}  // namespace

void InProcessDynamoDb::describe_table(const aws::TableName& table, Done<aws::TableDescription> done) {
  ++counts_.describe_table;
  way_.carry<aws::TableDescription>(
      "DescribeTable", CallKind::other,
      [this, table](Timestamp now, Fault) { return service_.describe_table(table.str(), now); }, std::move(done));
}

void InProcessDynamoDb::scan(const aws::ScanRequest& request, Done<aws::ScanPage> done) {
  ++counts_.scan;
  way_.carry<aws::ScanPage>(
      "Scan", CallKind::other,
      [this, request](Timestamp now, Fault) -> Answer<aws::ScanPage> {
        auto input = scan_input(request);
        if (!input) return forward_refusal(std::move(input));
        auto answer = service_.scan(*input, now);
        if (!answer) return forward_refusal(std::move(answer));
        return to_page(*answer, now);
      },
      at_most<aws::ScanPage>(request.max_answer_bytes, "Scan", shorten_scan, std::move(done)));
}

void InProcessDynamoDb::get_item(const aws::TableName& table, const std::string& key,
                                 Done<std::optional<std::string>> done) {
  ++counts_.get_item;
  way_.carry<std::optional<std::string>>(
      "GetItem", CallKind::other,
      [this, table, key](Timestamp now, Fault) -> Answer<std::optional<std::string>> {
        auto read = read_key(key, "Key");
        if (!read) return forward_refusal(std::move(read));
        auto item = service_.get_item(table.str(), *read, now);
        if (!item) return forward_refusal(std::move(item));
        return *item ? std::optional(to_json(**item)) : std::nullopt;
      },
      std::move(done));
}

void InProcessDynamoDb::enable_stream(const aws::TableName& table, aws::StreamView view, Done<aws::TableDescription> done) {
  ++counts_.enable_stream;
  way_.carry<aws::TableDescription>(
      "UpdateTable", CallKind::other,
      [this, table, view](Timestamp now, Fault) { return service_.update_stream(table.str(), view, now); },
      std::move(done));
}

void InProcessStreams::describe_stream(const aws::DescribeStreamRequest& request, Done<aws::StreamsDescription> done) {
  ++counts_.describe_stream;
  DescribeStreamInput input;
  input.stream = request.stream.str();
  if (request.after) input.after = request.after->str();
  if (request.children_of) input.children_of = request.children_of->str();
  way_.carry<aws::StreamsDescription>(
      "DescribeStream", CallKind::describe_stream,
      [this, input](Timestamp now, Fault fault) { return service_.describe_stream(input, now, listing_fault(fault)); },
      std::move(done));
}

void InProcessStreams::get_shard_iterator(const aws::Arn& stream, const aws::ShardId& shard,
                                          const aws::IteratorStart& start, Done<std::string> done) {
  ++counts_.get_shard_iterator;
  way_.carry<std::string>(
      "GetShardIterator", CallKind::other,
      [this, stream, shard, start](Timestamp now, Fault) {
        return service_.get_shard_iterator(stream.str(), shard.str(), start, now);
      },
      std::move(done));
}

void InProcessStreams::get_records(const std::string& iterator, int limit, size_t max_answer_bytes,
                                   Done<aws::StreamsPage> done) {
  ++counts_.get_records;
  way_.carry<aws::StreamsPage>(
      "GetRecords", CallKind::get_records,
      [this, iterator, limit](Timestamp now, Fault fault) -> Answer<aws::StreamsPage> {
        auto answer = service_.get_records(iterator, limit, now, fault == Fault::empty_page);
        if (!answer) return forward_refusal(std::move(answer));
        return to_page(std::move(*answer), now);
      },
      at_most<aws::StreamsPage>(max_answer_bytes, "GetRecords", shorten_records, std::move(done)));
}

}  // namespace ctk::sim
