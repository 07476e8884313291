#include "aws/kinesis_wire.h"

#include <fmt/format.h>

#include "aws/common_wire.h"
#include "json/writer.h"

namespace ctk::aws {
namespace {

using json::Element;

void write_stream(json::Writer& out, const StreamName& stream) {
  out.key(is_arn(stream) ? "StreamARN" : "StreamName");
  out.string(stream.str());
}

/// Seconds since 1970 with their fraction, exactly.
std::string epoch_seconds(Timestamp time) {
  int64_t micros = to_micros(time);
  constexpr int64_t kSecond = 1'000'000;
  if (micros < 0) return fmt::format("-{}.{:06}", -(micros / kSecond), -(micros % kSecond));
  return fmt::format("{}.{:06}", micros / kSecond, micros % kSecond);
}

std::unexpected<Error> strange(std::string_view action, std::string_view what) {
  return strange_answer("Kinesis", action, what);
}

std::optional<KinesisShard> read_shard(Element element) {
  KinesisShard shard;
  shard.id = ShardId(text_member(element, "ShardId"));
  for (const char* name : {"ParentShardId", "AdjacentParentShardId"}) {
    std::string parent = text_member(element, name);
    if (!parent.empty()) shard.parents.emplace_back(parent);
  }
  std::optional<Element> range = json::member(element, "SequenceNumberRange");
  if (shard.id.empty() || !range) return std::nullopt;
  read_range(*range, shard.first, shard.last);
  return shard;
}

bool read_record(Element element, RecordPage& page) {
  KinesisRecord record;
  record.sequence = SequenceNumber(text_member(element, "SequenceNumber"));
  std::optional<std::string_view> data = json::string_member(element, "Data");
  if (!record.sequence.valid() || !data) return false;
  record.arrival = time_member(element, "ApproximateArrivalTimestamp").value_or(kNoTime);
  record.data.reserve(data->size() / 4 * 3 + json::kPadding);
  if (!json::append_decoded_base64(record.data, *data)) return false;
  page.records.push_back(std::move(record));
  return true;
}

bool read_child(Element element, RecordPage& page) {
  ChildShard child;
  child.id = ShardId(text_member(element, "ShardId"));
  for_each(element, "ParentShards", [&](Element parent) {
    if (parent.is_string()) child.parents.emplace_back(std::string(parent.get_string().value()));
    return true;
  });
  if (child.id.empty()) return false;
  page.children.push_back(std::move(child));
  return true;
}

size_t count_of(Element element, std::string_view name) {
  std::optional<Element> list = json::member(element, name);
  json::Array array;
  return list && list->get(array) == simdjson::SUCCESS ? array.size() : 0;
}

}  // namespace

bool is_arn(const StreamName& stream) { return stream.str().starts_with("arn:"); }

std::string describe_stream_request(const StreamName& stream) {
  std::string text;
  json::Writer out(text);
  out.begin_object();
  write_stream(out, stream);
  out.end_object();
  return text;
}

std::string list_shards_request(const StreamName& stream, const std::optional<std::string>& token) {
  if (!token) return describe_stream_request(stream);
  std::string text;
  json::Writer out(text);
  out.begin_object();
  out.key("NextToken");
  out.string(*token);
  out.end_object();
  return text;
}

std::string shard_iterator_request(const StreamName& stream, const ShardId& shard, const IteratorStart& start) {
  using Kind = IteratorStart::Kind;
  std::string text;
  json::Writer out(text);
  out.begin_object();
  write_stream(out, stream);
  out.key("ShardId");
  out.string(shard.str());
  out.key("ShardIteratorType");
  out.string(iterator_type(start.kind));
  if (start.kind == Kind::at_sequence || start.kind == Kind::after_sequence) {
    out.key("StartingSequenceNumber");
    out.string(start.sequence.str());
  }
  if (start.kind == Kind::at_timestamp) {
    out.key("Timestamp");
    out.number(epoch_seconds(start.time));
  }
  out.end_object();
  return text;
}

std::string create_stream_request(const StreamName& stream, int shards) {
  std::string text;
  json::Writer out(text);
  out.begin_object();
  out.key("StreamName");
  out.string(is_arn(stream) ? stream.str().substr(stream.str().rfind('/') + 1) : stream.str());
  out.key("ShardCount");
  out.number(int64_t{shards});
  out.end_object();
  return text;
}

std::string mark_iterator(std::string_view stream, std::string iterator) {
  if (stream.empty()) return iterator;
  return fmt::format("{}\n{}", stream, iterator);
}

MarkedIterator unmark_iterator(std::string_view text) {
  size_t end = text.find('\n');
  if (end == std::string_view::npos) return {{}, text};
  return {text.substr(0, end), text.substr(end + 1)};
}

std::string records_request(const std::string& marked_iterator, int limit) {
  MarkedIterator marked = unmark_iterator(marked_iterator);
  std::string text;
  json::Writer out(text);
  out.begin_object();
  if (is_arn(StreamName(std::string(marked.stream)))) {
    out.key("StreamARN");
    out.string(marked.stream);
  }
  out.key("ShardIterator");
  out.string(marked.iterator);
  out.key("Limit");
  out.number(int64_t{limit});
  out.end_object();
  return text;
}

Result<StreamSummary> read_stream_summary(std::string_view body) {
  json::Parser parser;
  Result<Element> document = parser.parse(body);
  if (!document) return strange("DescribeStreamSummary", document.error().peer);
  std::optional<Element> description = json::member(*document, "StreamDescriptionSummary");
  if (!description) return strange("DescribeStreamSummary", "no StreamDescriptionSummary");
  StreamSummary summary;
  summary.name = StreamName(text_member(*description, "StreamName"));
  summary.arn = Arn(text_member(*description, "StreamARN"));
  summary.status = text_member(*description, "StreamStatus");
  summary.created = time_member(*description, "StreamCreationTimestamp").value_or(Timestamp{});
  summary.retention = std::chrono::hours(json::int_member(*description, "RetentionPeriodHours").value_or(24));
  if (summary.arn.empty()) return strange("DescribeStreamSummary", "no StreamARN");
  return summary;
}

Result<ShardPage> read_shard_page(std::string_view body) {
  json::Parser parser;
  Result<Element> document = parser.parse(body);
  if (!document) return strange("ListShards", document.error().peer);
  ShardPage page;
  bool good = for_each(*document, "Shards", [&](Element element) {
    std::optional<KinesisShard> shard = read_shard(element);
    if (shard) page.shards.push_back(std::move(*shard));
    return shard.has_value();
  });
  if (!good) return strange("ListShards", "a shard without id or range");
  std::string token = text_member(*document, "NextToken");
  if (!token.empty()) page.next_token = token;
  return page;
}

Result<RecordPage> read_record_page(json::Parser& parser, std::string& body) {
  body.reserve(body.size() + json::kPadding);
  Result<Element> document = parser.parse_padded(body);
  if (!document) return strange("GetRecords", document.error().peer);
  if (!document->is_object()) return strange("GetRecords", "no object");
  RecordPage page;
  page.answer_bytes = body.size();
  page.records.reserve(count_of(*document, "Records"));
  bool good = for_each(*document, "Records", [&](Element element) { return read_record(element, page); });
  if (!good) return strange("GetRecords", "a record without sequence number or base64 data");
  good = for_each(*document, "ChildShards", [&](Element element) { return read_child(element, page); });
  if (!good) return strange("GetRecords", "a child shard without id");
  std::string next = text_member(*document, "NextShardIterator");
  if (!next.empty()) page.next_iterator = next;
  page.behind_latest = std::chrono::milliseconds(json::int_member(*document, "MillisBehindLatest").value_or(0));
  return page;
}

}  // namespace ctk::aws
