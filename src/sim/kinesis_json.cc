#include "sim/kinesis_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/common_wire.h"
#include "json/reader.h"
#include "json/writer.h"

namespace ctk::sim {
namespace {

using json::Element;
using json::Writer;

struct Call : WireInput {
  Call(Kinesis& service, Element body, Timestamp time, bool empty)
      : WireInput(body), kinesis(service), now(time), empty_page(empty) {}

  Kinesis& kinesis;
  Timestamp now;
  bool empty_page;

  /// StreamARN where it is given, else StreamName.
  std::string stream() const {
    auto arn = optional_text("StreamARN");
    return arn ? *arn : text("StreamName");
  }
};

void write_range(Writer& writer, const aws::HashKeyRange& range) {
  writer.key("HashKeyRange");
  writer.begin_object();
  write_text(writer, "StartingHashKey", aws::to_string(range.first));
  write_text(writer, "EndingHashKey", aws::to_string(range.last));
  writer.end_object();
}

void write_shard(Writer& writer, const ShardDescription& description) {
  const aws::KinesisShard& shard = description.shard;
  writer.begin_object();
  write_text(writer, "ShardId", shard.id.str());
  if (!shard.parents.empty()) write_text(writer, "ParentShardId", shard.parents[0].str());
  if (shard.parents.size() > 1) write_text(writer, "AdjacentParentShardId", shard.parents[1].str());
  write_range(writer, description.range);
  writer.key("SequenceNumberRange");
  writer.begin_object();
  write_text(writer, "StartingSequenceNumber", shard.first.str());
  if (shard.last) write_text(writer, "EndingSequenceNumber", shard.last->str());
  writer.end_object();
  writer.end_object();
}

void write_child(Writer& writer, const ShardDescription& child) {
  writer.begin_object();
  write_text(writer, "ShardId", child.shard.id.str());
  writer.key("ParentShards");
  writer.begin_array();
  for (const aws::ShardId& parent : child.shard.parents) writer.string(parent.str());
  writer.end_array();
  write_range(writer, child.range);
  writer.end_object();
}

void write_description(Writer& writer, const StreamDescription& stream) {
  write_text(writer, "StreamName", stream.name);
  write_text(writer, "StreamARN", stream.arn);
  write_text(writer, "StreamStatus", stream.status);
  write_time(writer, "StreamCreationTimestamp", stream.created);
  writer.key("RetentionPeriodHours");
  writer.number(std::chrono::duration_cast<std::chrono::hours>(stream.retention).count());
  writer.key("EnhancedMonitoring");
  writer.raw(R"([{"ShardLevelMetrics":[]}])");
  write_text(writer, "EncryptionType", "NONE");
}

using Body = Answer<std::string>;

Body no_content(Answer<void> done) {
  if (!done) return forward_refusal(std::move(done));
  return std::string("{}");
}

Body create_stream(const Call& call) {
  return no_content(
      call.kinesis.create_stream(call.text("StreamName"), static_cast<int>(call.number("ShardCount", 1)), call.now));
}

Body delete_stream(const Call& call) { return no_content(call.kinesis.delete_stream(call.stream(), call.now)); }

Body list_streams(const Call& call) {
  std::string out;
  Writer writer(out);
  writer.begin_object();
  writer.key("StreamNames");
  writer.begin_array();
  for (const std::string& name : call.kinesis.list_streams()) writer.string(name);
  writer.end_array();
  writer.key("HasMoreStreams");
  writer.boolean(false);
  writer.end_object();
  return out;
}

Body describe_summary(const Call& call) {
  auto stream = call.kinesis.describe_stream(call.stream(), call.now);
  if (!stream) return forward_refusal(std::move(stream));
  std::string out;
  Writer writer(out);
  writer.begin_object();
  writer.key("StreamDescriptionSummary");
  writer.begin_object();
  write_description(writer, *stream);
  writer.key("OpenShardCount");
  writer.number(static_cast<int64_t>(stream->open_shards));
  writer.key("ConsumerCount");
  writer.number(static_cast<int64_t>(stream->consumers));
  writer.end_object();
  writer.end_object();
  return out;
}

Body describe_stream(const Call& call) {
  auto stream = call.kinesis.describe_stream(call.stream(), call.now);
  if (!stream) return forward_refusal(std::move(stream));
  ListShardsInput input;
  input.stream = call.stream();
  input.exclusive_start = call.optional_text("ExclusiveStartShardId");
  input.max_results = static_cast<size_t>(std::clamp<int64_t>(call.number("Limit", 100), 1, 100));
  auto listing = call.kinesis.list_shards(input, call.now);
  if (!listing) return forward_refusal(std::move(listing));
  std::string out;
  Writer writer(out);
  writer.begin_object();
  writer.key("StreamDescription");
  writer.begin_object();
  write_description(writer, *stream);
  writer.key("Shards");
  writer.begin_array();
  for (const ShardDescription& shard : listing->shards) write_shard(writer, shard);
  writer.end_array();
  writer.key("HasMoreShards");
  writer.boolean(listing->next_token.has_value());
  writer.end_object();
  writer.end_object();
  return out;
}

Body list_shards(const Call& call) {
  ListShardsInput input;
  input.stream = call.stream();
  input.next_token = call.optional_text("NextToken");
  input.exclusive_start = call.optional_text("ExclusiveStartShardId");
  if (const int64_t most = call.number("MaxResults", 0); most > 0) input.max_results = static_cast<size_t>(most);
  auto listing = call.kinesis.list_shards(input, call.now);
  if (!listing) return forward_refusal(std::move(listing));
  std::string out;
  Writer writer(out);
  writer.begin_object();
  writer.key("Shards");
  writer.begin_array();
  for (const ShardDescription& shard : listing->shards) write_shard(writer, shard);
  writer.end_array();
  if (listing->next_token) write_text(writer, "NextToken", *listing->next_token);
  writer.end_object();
  return out;
}

/// `type_name`, `number_name`: what the call names its members.
Answer<aws::IteratorStart> iterator_start(const WireInput& call, std::string_view type_name, std::string_view number_name) {
  using Kind = aws::IteratorStart::Kind;
  const std::string type = call.text(type_name);
  aws::IteratorStart start;
  if (type == "TRIM_HORIZON") return start;
  if (type == "LATEST") {
    start.kind = Kind::latest;
  } else if (type == "AT_TIMESTAMP") {
    const auto time = aws::time_member(call.body(), "Timestamp");
    if (!time) {
      return refuse("InvalidArgumentException",
                    "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP.");
    }
    start.kind = Kind::at_timestamp;
    start.time = std::chrono::round<std::chrono::milliseconds>(*time);
  } else if (type == "AT_SEQUENCE_NUMBER" || type == "AFTER_SEQUENCE_NUMBER") {
    start.kind = type == "AT_SEQUENCE_NUMBER" ? Kind::at_sequence : Kind::after_sequence;
    start.sequence = aws::SequenceNumber(call.text(number_name));
  } else {
    return bad_input(
        fmt::format("Value '{}' at 'shardIteratorType' failed to satisfy constraint: Member must satisfy enum "
                    "value set: [AFTER_SEQUENCE_NUMBER, LATEST, AT_TIMESTAMP, AT_SEQUENCE_NUMBER, TRIM_HORIZON]",
                    type));
  }
  return start;
}

Body get_shard_iterator(const Call& call) {
  auto start = iterator_start(call, "ShardIteratorType", "StartingSequenceNumber");
  if (!start) return forward_refusal(std::move(start));
  auto iterator = call.kinesis.get_shard_iterator(call.stream(), call.text("ShardId"), *start, call.now);
  if (!iterator) return forward_refusal(std::move(iterator));
  return fmt::format(R"({{"ShardIterator":"{}"}})", *iterator);
}

void write_records(Writer& writer, std::string& out, const std::vector<StoredRecord>& records) {
  writer.key("Records");
  writer.begin_array();
  for (const StoredRecord& record : records) {
    writer.begin_object();
    write_text(writer, "SequenceNumber", record.sequence);
    write_time(writer, "ApproximateArrivalTimestamp", record.arrival);
    writer.key("Data");
    writer.raw("\"");
    json::append_base64(out, record.data);
    out.push_back('"');
    write_text(writer, "PartitionKey", record.partition_key);
    writer.end_object();
  }
  writer.end_array();
}

/// How far behind its shard's end records are, and what follows that end.
void write_place(Writer& writer, Duration behind, const std::vector<ShardDescription>& children) {
  writer.key("MillisBehindLatest");
  writer.number(behind.count() / 1000);
  if (children.empty()) return;
  writer.key("ChildShards");
  writer.begin_array();
  for (const ShardDescription& child : children) write_child(writer, child);
  writer.end_array();
}

Body get_records(const Call& call) {
  const auto limit = static_cast<int>(std::clamp<int64_t>(call.number("Limit", 10'000), 0, 1'000'000));
  auto page = call.kinesis.get_records(call.text("ShardIterator"), limit, call.now, call.empty_page);
  if (!page) return forward_refusal(std::move(page));
  std::string out;
  Writer writer(out);
  writer.begin_object();
  write_records(writer, out, page->records);
  if (page->next_iterator) write_text(writer, "NextShardIterator", *page->next_iterator);
  write_place(writer, page->behind, page->children);
  writer.end_object();
  return out;
}

void write_consumer(Writer& writer, const ConsumerDescription& consumer, bool with_stream) {
  writer.begin_object();
  write_text(writer, "ConsumerName", consumer.name);
  write_text(writer, "ConsumerARN", consumer.arn);
  write_text(writer, "ConsumerStatus", consumer.status);
  write_time(writer, "ConsumerCreationTimestamp", consumer.created);
  if (with_stream) write_text(writer, "StreamARN", consumer.stream_arn);
  writer.end_object();
}

Body one_consumer(const Answer<ConsumerDescription>& consumer, std::string_view member, bool with_stream) {
  if (!consumer) return std::unexpected(consumer.error());
  std::string out;
  Writer writer(out);
  writer.begin_object();
  writer.key(member);
  write_consumer(writer, *consumer, with_stream);
  writer.end_object();
  return out;
}

/// By its ARN, else by its name.
std::string consumer_of(const Call& call) {
  const auto arn = call.optional_text("ConsumerARN");
  return arn ? *arn : call.text("ConsumerName");
}

Body register_consumer(const Call& call) {
  return one_consumer(call.kinesis.register_consumer(call.stream(), call.text("ConsumerName"), call.now), "Consumer",
                      false);
}

Body describe_consumer(const Call& call) {
  return one_consumer(call.kinesis.describe_consumer(call.stream(), consumer_of(call), call.now), "ConsumerDescription",
                      true);
}

Body deregister_consumer(const Call& call) {
  return no_content(call.kinesis.deregister_consumer(call.stream(), consumer_of(call), call.now));
}

Body list_consumers(const Call& call) {
  const auto consumers = call.kinesis.list_consumers(call.stream(), call.now);
  if (!consumers) return std::unexpected(consumers.error());
  std::string out;
  Writer writer(out);
  writer.begin_object();
  writer.key("Consumers");
  writer.begin_array();
  for (const ConsumerDescription& consumer : *consumers) write_consumer(writer, consumer, false);
  writer.end_array();
  writer.end_object();
  return out;
}

Body subscribe_over_http1(const Call&) {
  return refuse("InvalidArgumentException", "SubscribeToShard is served over HTTP/2 only.");
}

Answer<PutResult> put_one(const Call& call, Element entry) {
  auto data = json::decode_base64(json::string_member(entry, "Data").value_or(""));
  if (!data) return refuse("SerializationException", "Data is not base64");
  PutInput input{.stream = call.stream(),
                 .data = std::move(*data),
                 .partition_key = std::string(json::string_member(entry, "PartitionKey").value_or("")),
                 .explicit_hash_key = {}};
  if (auto key = json::string_member(entry, "ExplicitHashKey")) input.explicit_hash_key = std::string(*key);
  return call.kinesis.put_record(input, call.now);
}

void write_put(Writer& writer, const PutResult& put) {
  write_text(writer, "ShardId", put.shard.str());
  write_text(writer, "SequenceNumber", put.sequence);
}

Body put_record(const Call& call) {
  auto put = put_one(call, call.body());
  if (!put) return forward_refusal(std::move(put));
  std::string out;
  Writer writer(out);
  writer.begin_object();
  write_put(writer, *put);
  writer.end_object();
  return out;
}

Body put_records(const Call& call) {
  const auto records = call.member("Records");
  json::Array entries;
  if (!records || records->get_array().get(entries) != simdjson::SUCCESS || entries.size() == 0 || entries.size() > 500) {
    return bad_input("Value at 'records' failed to satisfy constraint: Member must have length between 1 and 500");
  }
  std::string out;
  Writer writer(out);
  writer.begin_object();
  writer.key("FailedRecordCount");
  writer.number(0);
  writer.key("Records");
  writer.begin_array();
  for (Element entry : entries) {
    auto put = put_one(call, entry);
    if (!put) return forward_refusal(std::move(put));
    writer.begin_object();
    write_put(writer, *put);
    writer.end_object();
  }
  writer.end_array();
  writer.end_object();
  return out;
}

Body split_shard(const Call& call) {
  return no_content(
      call.kinesis.split_shard(call.stream(), call.text("ShardToSplit"), call.text("NewStartingHashKey"), call.now));
}

Body merge_shards(const Call& call) {
  return no_content(
      call.kinesis.merge_shards(call.stream(), call.text("ShardToMerge"), call.text("AdjacentShardToMerge"), call.now));
}

Body update_shard_count(const Call& call) {
  return no_content(
      call.kinesis.update_shard_count(call.stream(), static_cast<int>(call.number("TargetShardCount", 0)), call.now));
}

Body set_retention(const Call& call) {
  return no_content(
      call.kinesis.set_retention(call.stream(), std::chrono::hours(call.number("RetentionPeriodHours", 24)), call.now));
}

struct Action {
  std::string_view name;
  Body (*run)(const Call& call);
};

constexpr std::array kActions{Action{"CreateStream", create_stream},
                              Action{"DeleteStream", delete_stream},
                              Action{"DescribeStream", describe_stream},
                              Action{"DescribeStreamSummary", describe_summary},
                              Action{"ListStreams", list_streams},
                              Action{"ListShards", list_shards},
                              Action{"GetShardIterator", get_shard_iterator},
                              Action{"GetRecords", get_records},
                              Action{"RegisterStreamConsumer", register_consumer},
                              Action{"DescribeStreamConsumer", describe_consumer},
                              Action{"ListStreamConsumers", list_consumers},
                              Action{"DeregisterStreamConsumer", deregister_consumer},
                              Action{"SubscribeToShard", subscribe_over_http1},
                              Action{"PutRecord", put_record},
                              Action{"PutRecords", put_records},
                              Action{"SplitShard", split_shard},
                              Action{"MergeShards", merge_shards},
                              Action{"UpdateShardCount", update_shard_count},
                              Action{"IncreaseStreamRetentionPeriod", set_retention},
                              Action{"DecreaseStreamRetentionPeriod", set_retention}};

}  // namespace

WireAnswer answer_kinesis(Kinesis& kinesis, std::string_view action, std::string_view body, Timestamp now,
                          bool empty_page) {
  const auto* found = std::ranges::find(kActions, action, &Action::name);
  if (found == kActions.end()) return to_wire({"UnknownOperationException", fmt::format("No operation {}", action), 400});
  json::Parser parser;
  auto input = parser.parse(body.empty() ? "{}" : body);
  if (!input || !input->is_object()) return to_wire({"SerializationException", "The body is no JSON object", 400});
  Body answer = found->run({kinesis, *input, now, empty_page});
  if (!answer) return to_wire(answer.error());
  return {200, std::move(*answer)};
}

Answer<uint64_t> subscribe_kinesis(Kinesis& kinesis, std::string_view body, Timestamp now) {
  json::Parser parser;
  const auto input = parser.parse(body);
  if (!input || !input->is_object()) return refuse("SerializationException", "The body is no JSON object");
  const WireInput call(*input);
  const auto position = call.object("StartingPosition");
  if (!position) return bad_input("Value at 'startingPosition' failed to satisfy constraint: Member must not be null");
  auto start = iterator_start(*position, "Type", "SequenceNumber");
  if (!start) return forward_refusal(std::move(start));
  return kinesis.subscribe(call.text("ConsumerARN"), call.text("ShardId"), *start, now);
}

std::string push_json(const Push& push) {
  std::string out;
  Writer writer(out);
  writer.begin_object();
  write_records(writer, out, push.records);
  if (push.continuation) write_text(writer, "ContinuationSequenceNumber", *push.continuation);
  write_place(writer, push.behind, push.children);
  writer.end_object();
  return out;
}

}  // namespace ctk::sim
