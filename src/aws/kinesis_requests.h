// What the calls of Kinesis ask for, as members, and these in both forms of the protocol. Pure. Source: AWS Kinesis API
// Reference.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "aws/json_caller.h"
#include "aws/kinesis_api.h"
#include "base/time.h"

namespace ctk::aws {

/// A request's members in order, some with members of their own.
struct RequestMember {
  std::string_view name;  ///< of static life
  std::variant<std::string, int64_t, Timestamp, std::vector<RequestMember>> value;
};
using KinesisRequest = std::vector<RequestMember>;

/// Times are seconds with their fraction in JSON, and whole milliseconds in CBOR: that is what Amazon's SDKs send.
std::string to_json(const KinesisRequest& request);
std::string to_cbor(const KinesisRequest& request);

/// The service itself, in both forms.
JsonService kinesis_service();

/// Whether a stream is named by its ARN.
bool is_arn(std::string_view stream);

KinesisRequest describe_stream_request(const StreamName& stream);
/// A next page is asked for by its token alone: the service refuses a stream's name beside it.
KinesisRequest list_shards_request(const StreamName& stream, const std::optional<std::string>& token);
KinesisRequest shard_iterator_request(const StreamName& stream, const ShardId& shard, const IteratorStart& start);
/// Of DescribeStreamConsumer and RegisterStreamConsumer.
KinesisRequest consumer_request(const Arn& stream, const std::string& name);
KinesisRequest subscribe_request(const Arn& consumer, const ShardId& shard, const IteratorStart& start);
KinesisRequest create_stream_request(const StreamName& stream, int shards);

/// GetRecords wants the ARN again where the stream belongs to another account, and what is said of its failures names the
/// stream: so the iterators that this client hands out carry it, "NAME-OR-ARN\nITERATOR".
std::string mark_iterator(std::string_view stream, std::string iterator);
struct MarkedIterator {
  std::string_view stream;  ///< name or ARN; may be empty
  std::string_view iterator;
};
MarkedIterator unmark_iterator(std::string_view text);
KinesisRequest records_request(const std::string& marked_iterator, int limit);

}  // namespace ctk::aws
