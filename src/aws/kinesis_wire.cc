#include "aws/kinesis_wire.h"

#include <fmt/format.h>

#include "aws/common_wire.h"
#include "json/text_block.h"

namespace ctk::aws {
namespace {

using json::Element;

std::unexpected<Error> strange(std::string_view action, std::string_view what) {
  return strange_answer("Kinesis", action, what);
}

std::optional<HashKeyRange> read_keys(Element element) {
  const std::optional<Element> range = json::member(element, "HashKeyRange");
  if (!range) return std::nullopt;
  return read_hash_key_range(text_member(*range, "StartingHashKey"), text_member(*range, "EndingHashKey"));
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
  shard.keys = read_keys(element);
  return shard;
}

bool read_record(Element element, json::TextBlock& block, RecordPage& page) {
  KinesisRecord record;
  record.sequence = SequenceNumber(json::string_member(element, "SequenceNumber").value_or(""));
  std::optional<std::string_view> data = json::string_member(element, "Data");
  if (!record.sequence.valid() || !data) return false;
  record.arrival = time_member(element, "ApproximateArrivalTimestamp").value_or(kNoTime);
  std::optional<json::SharedText> decoded = block.add_decoded_base64(*data);
  if (!decoded) return false;
  record.data = std::move(*decoded);
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
  child.keys = read_keys(element);
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
  summary.retention = span_of(json::int_member(*description, "RetentionPeriodHours").value_or(24), std::chrono::hours(1));
  if (summary.arn.empty()) return strange("DescribeStreamSummary", "no StreamARN");
  return summary;
}

Result<ShardPage> read_shard_page(std::string_view body) {
  json::Parser parser;
  Result<Element> document = parser.parse(body);
  if (!document) return strange("ListShards", document.error().peer);
  ShardPage page;
  if (!has_list(*document, "Shards")) return strange("ListShards", "no Shards");
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

Result<RecordPage> read_record_page(json::Parser& parser, std::string& body, PageNames names) {
  body.reserve(body.size() + json::kPadding);
  Result<Element> document = parser.parse_padded(body);
  if (!document) return strange(names.action, document.error().peer);
  if (!document->is_object()) return strange(names.action, "no object");
  if (!has_list(*document, "Records")) return strange(names.action, "no Records");
  if (!is_text_or_none(*document, names.next))
    return strange(names.action, fmt::format("a {} that is no text", names.next));
  RecordPage page;
  page.answer_bytes = body.size();
  page.records.reserve(count_of(*document, "Records"));
  json::TextBlock block(body.size() / 4 * 3);  // with what stands around it, each record is longer by half a dozen names
  bool good = for_each(*document, "Records", [&](Element element) { return read_record(element, block, page); });
  if (!good) return strange(names.action, "a record without sequence number or base64 data");
  good = for_each(*document, "ChildShards", [&](Element element) { return read_child(element, page); });
  if (!good) return strange(names.action, "a child shard without id");
  std::string next = text_member(*document, names.next);
  if (!next.empty()) page.next_iterator = next;
  page.behind_latest = span_of(json::int_member(*document, "MillisBehindLatest").value_or(0), std::chrono::milliseconds(1));
  return page;
}

Result<StreamConsumer> read_consumer(std::string_view action, std::string_view member, std::string_view body) {
  json::Parser parser;
  Result<Element> document = parser.parse(body);
  if (!document) return strange(action, document.error().peer);
  const std::optional<Element> description = json::member(*document, member);
  if (!description) return strange(action, fmt::format("no {}", member));
  StreamConsumer consumer{text_member(*description, "ConsumerName"), Arn(text_member(*description, "ConsumerARN")),
                          text_member(*description, "ConsumerStatus")};
  if (consumer.arn.empty()) return strange(action, "no ConsumerARN");
  return consumer;
}

}  // namespace ctk::aws
