// The simulated DynamoDB Streams over the wire.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/dynamodb_json.h"

namespace ctk::sim {
namespace {

using json::Writer;
using Body = Answer<std::string>;

struct Call : WireInput {
  Call(DynamoDbStreams& service, json::Element body, Timestamp time) : WireInput(body), streams(service), now(time) {}

  DynamoDbStreams& streams;
  Timestamp now;
  bool empty_page = false;
  ListingFault listing = ListingFault::none;
};

void write_shard(Writer& writer, const aws::StreamsShard& shard) {
  writer.begin_object();
  write_text(writer, "ShardId", shard.id.str());
  writer.key("SequenceNumberRange");
  writer.begin_object();
  write_text(writer, "StartingSequenceNumber", shard.first.str());
  if (shard.last) write_text(writer, "EndingSequenceNumber", shard.last->str());
  writer.end_object();
  if (shard.parent) write_text(writer, "ParentShardId", shard.parent->str());
  writer.end_object();
}

Answer<DescribeStreamInput> describe_input(const Call& call) {
  DescribeStreamInput input;
  input.stream = call.text("StreamArn");
  input.after = call.optional_text("ExclusiveStartShardId");
  input.limit = static_cast<size_t>(std::clamp<int64_t>(call.number("Limit", 100), 0, 100));
  const auto filter = call.object("ShardFilter");
  if (!filter) return input;
  if (filter->text("Type") != "CHILD_SHARDS") {
    return bad_input(
        fmt::format("Value '{}' at 'shardFilter.type' failed to satisfy constraint: Member must satisfy enum value "
                    "set: [CHILD_SHARDS]",
                    filter->text("Type")));
  }
  input.children_of = filter->text("ShardId");
  return input;
}

Body describe_stream(const Call& call) {
  auto input = describe_input(call);
  if (!input) return forward_refusal(std::move(input));
  auto stream = call.streams.describe_stream(*input, call.now, call.listing);
  if (!stream) return forward_refusal(std::move(stream));
  const std::string& arn = stream->arn.str();
  std::string out;
  Writer writer(out);
  writer.begin_object();
  writer.key("StreamDescription");
  writer.begin_object();
  write_text(writer, "StreamArn", arn);
  write_text(writer, "StreamLabel", arn.substr(arn.rfind('/') + 1));
  write_text(writer, "StreamStatus", stream->status);
  write_text(writer, "StreamViewType", view_name(stream->view));
  write_time(writer, "CreationRequestDateTime", stream->created);
  write_text(writer, "TableName", stream->table.str());
  write_key_schema(writer, stream->keys);
  writer.key("Shards");
  writer.begin_array();
  for (const aws::StreamsShard& shard : stream->shards) write_shard(writer, shard);
  writer.end_array();
  if (stream->next) write_text(writer, "LastEvaluatedShardId", stream->next->str());
  writer.end_object();
  writer.end_object();
  return out;
}

Body list_streams(const Call& call) {
  std::string out;
  Writer writer(out);
  writer.begin_object();
  writer.key("Streams");
  writer.begin_array();
  for (const ListedStream& stream : call.streams.list_streams(call.text("TableName"), call.now)) {
    writer.begin_object();
    write_text(writer, "StreamArn", stream.arn);
    write_text(writer, "TableName", stream.table);
    write_text(writer, "StreamLabel", stream.label);
    writer.end_object();
  }
  writer.end_array();
  writer.end_object();
  return out;
}

Answer<aws::IteratorStart> iterator_start(const Call& call) {
  using Kind = aws::IteratorStart::Kind;
  static constexpr std::array<std::pair<std::string_view, Kind>, 4> kKinds{
      {{"TRIM_HORIZON", Kind::trim_horizon},
       {"LATEST", Kind::latest},
       {"AT_SEQUENCE_NUMBER", Kind::at_sequence},
       {"AFTER_SEQUENCE_NUMBER", Kind::after_sequence}}};
  const std::string type = call.text("ShardIteratorType");
  for (const auto& [name, kind] : kKinds) {
    if (name == type) return aws::IteratorStart{kind, aws::SequenceNumber(call.text("SequenceNumber")), {}};
  }
  return bad_input(
      fmt::format("Value '{}' at 'shardIteratorType' failed to satisfy constraint: Member must satisfy enum value "
                  "set: [AFTER_SEQUENCE_NUMBER, LATEST, AT_SEQUENCE_NUMBER, TRIM_HORIZON]",
                  type));
}

Body get_shard_iterator(const Call& call) {
  auto start = iterator_start(call);
  if (!start) return forward_refusal(std::move(start));
  auto iterator = call.streams.get_shard_iterator(call.text("StreamArn"), call.text("ShardId"), *start, call.now);
  if (!iterator) return forward_refusal(std::move(iterator));
  return fmt::format(R"({{"ShardIterator":"{}"}})", *iterator);
}

Body get_records(const Call& call) {
  const auto limit = static_cast<int>(std::clamp<int64_t>(call.number("Limit", 1000), -1, 1'000'000));
  auto page = call.streams.get_records(call.text("ShardIterator"), limit, call.now, call.empty_page);
  if (!page) return forward_refusal(std::move(page));
  std::string out;
  Writer writer(out);
  writer.begin_object();
  writer.key("Records");
  writer.begin_array();
  for (const TableShard::Record& record : page->records) writer.raw(record.data);
  writer.end_array();
  if (page->next_iterator) write_text(writer, "NextShardIterator", *page->next_iterator);
  writer.end_object();
  return out;
}

struct Action {
  std::string_view name;
  Body (*run)(const Call& call);
};

constexpr std::array kActions{
    Action{"DescribeStream", describe_stream},
    Action{"ListStreams", list_streams},
    Action{"GetShardIterator", get_shard_iterator},
    Action{"GetRecords", get_records},
};

}  // namespace

WireAnswer answer_streams(DynamoDbStreams& streams, std::string_view action, std::string_view body, Timestamp now,
                          bool empty_page, ListingFault listing) {
  const auto* found = std::ranges::find(kActions, action, &Action::name);
  if (found == kActions.end()) {
    return dynamodb_error({"UnknownOperationException", fmt::format("No operation {}", action), 400});
  }
  json::Parser parser;
  const auto input = parser.parse(body.empty() ? "{}" : body);
  if (!input || !input->is_object()) {
    return dynamodb_error({"SerializationException", "The body is no JSON object", 400});
  }
  Call call(streams, *input, now);
  call.empty_page = empty_page;
  call.listing = listing;
  Body answer = found->run(call);
  if (!answer) return dynamodb_error(answer.error());
  return {200, std::move(*answer)};
}

}  // namespace ctk::sim
