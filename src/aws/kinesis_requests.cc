#include "aws/kinesis_requests.h"

#include <fmt/format.h>

#include "aws/common_wire.h"
#include "cbor/cbor_writer.h"
#include "json/writer.h"

namespace ctk::aws {
namespace {

constexpr size_t kUsualBytes = 400;  ///< of a request with an iterator

RequestMember stream_member(const StreamName& stream) {
  return {is_arn(stream.str()) ? "StreamARN" : "StreamName", stream.str()};
}

/// Seconds since 1970 with their fraction, exactly.
std::string epoch_seconds(Timestamp time) {
  int64_t micros = to_micros(time);
  constexpr int64_t kSecond = 1'000'000;
  if (micros < 0) return fmt::format("-{}.{:06}", -(micros / kSecond), -(micros % kSecond));
  return fmt::format("{}.{:06}", micros / kSecond, micros % kSecond);
}

void write_json(json::Writer& out, const KinesisRequest& request) {
  out.begin_object();
  for (const auto& [name, value] : request) {
    out.key(name);
    if (const auto* word = std::get_if<std::string>(&value)) out.string(*word);
    if (const auto* number = std::get_if<int64_t>(&value)) out.number(*number);
    if (const auto* time = std::get_if<Timestamp>(&value)) out.number(epoch_seconds(*time));
    if (const auto* members = std::get_if<KinesisRequest>(&value)) write_json(out, *members);
  }
  out.end_object();
}

void write_cbor(cbor::Writer& out, const KinesisRequest& request) {
  out.begin_map();
  for (const auto& [name, value] : request) {
    out.text(name);
    if (const auto* word = std::get_if<std::string>(&value)) out.text(*word);
    if (const auto* number = std::get_if<int64_t>(&value)) out.integer(*number);
    if (const auto* time = std::get_if<Timestamp>(&value)) out.time(*time);
    if (const auto* members = std::get_if<KinesisRequest>(&value)) write_cbor(out, *members);
  }
  out.end();
}

}  // namespace

std::string to_json(const KinesisRequest& request) {
  std::string text;
  text.reserve(kUsualBytes);
  json::Writer out(text);
  write_json(out, request);
  return text;
}

std::string to_cbor(const KinesisRequest& request) {
  std::string bytes;
  bytes.reserve(kUsualBytes);
  cbor::Writer out(bytes);
  write_cbor(out, request);
  return bytes;
}

JsonService kinesis_service() {
  return {"kinesis", "Kinesis_20131202", "application/x-amz-json-1.1", "application/x-amz-cbor-1.1"};
}

bool is_arn(std::string_view stream) { return stream.starts_with("arn:"); }

KinesisRequest describe_stream_request(const StreamName& stream) { return {stream_member(stream)}; }

KinesisRequest list_shards_request(const StreamName& stream, const std::optional<std::string>& token) {
  if (!token) return describe_stream_request(stream);
  return {{"NextToken", *token}};
}

KinesisRequest shard_iterator_request(const StreamName& stream, const ShardId& shard, const IteratorStart& start) {
  using Kind = IteratorStart::Kind;
  KinesisRequest request{
      stream_member(stream), {"ShardId", shard.str()}, {"ShardIteratorType", std::string(iterator_type(start.kind))}};
  if (start.kind == Kind::at_sequence || start.kind == Kind::after_sequence) {
    request.push_back({"StartingSequenceNumber", start.sequence.str()});
  }
  if (start.kind == Kind::at_timestamp) request.push_back({"Timestamp", start.time});
  return request;
}

KinesisRequest consumer_request(const Arn& stream, const std::string& name) {
  return {{"StreamARN", stream.str()}, {"ConsumerName", name}};
}

KinesisRequest subscribe_request(const Arn& consumer, const ShardId& shard, const IteratorStart& start) {
  using Kind = IteratorStart::Kind;
  KinesisRequest position{{"Type", std::string(iterator_type(start.kind))}};
  const bool by_number = start.kind == Kind::at_sequence || start.kind == Kind::after_sequence;
  if (by_number) position.push_back({"SequenceNumber", start.sequence.str()});
  if (start.kind == Kind::at_timestamp) position.push_back({"Timestamp", start.time});
  return {{"ConsumerARN", consumer.str()}, {"ShardId", shard.str()}, {"StartingPosition", std::move(position)}};
}

KinesisRequest create_stream_request(const StreamName& stream, int shards) {
  const std::string& name = stream.str();
  return {{"StreamName", is_arn(name) ? name.substr(name.rfind('/') + 1) : name}, {"ShardCount", int64_t{shards}}};
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

KinesisRequest records_request(const std::string& marked_iterator, int limit) {
  const MarkedIterator marked = unmark_iterator(marked_iterator);
  KinesisRequest request;
  request.reserve(3);
  if (is_arn(marked.stream)) request.push_back({"StreamARN", std::string(marked.stream)});
  request.push_back({"ShardIterator", std::string(marked.iterator)});
  request.push_back({"Limit", int64_t{limit}});
  return request;
}

}  // namespace ctk::aws
