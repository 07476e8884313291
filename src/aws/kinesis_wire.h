// The JSON 1.1 of Kinesis: requests as text, answers as types. Pure. Source: AWS Kinesis API Reference.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/kinesis_api.h"
#include "base/error.h"
#include "json/reader.h"

namespace ctk::aws {

/// Whether a stream is named by its ARN.
bool is_arn(const StreamName& stream);

std::string describe_stream_request(const StreamName& stream);
/// A next page is asked for by its token alone: the service refuses a stream's name beside it.
std::string list_shards_request(const StreamName& stream, const std::optional<std::string>& token);
std::string shard_iterator_request(const StreamName& stream, const ShardId& shard, const IteratorStart& start);
std::string create_stream_request(const StreamName& stream, int shards);

/// GetRecords wants the ARN again where the stream belongs to another account, and what is said of its failures names the
/// stream: so the iterators that this client hands out carry it, "NAME-OR-ARN\nITERATOR".
std::string mark_iterator(std::string_view stream, std::string iterator);
struct MarkedIterator {
  std::string_view stream;  ///< name or ARN; may be empty
  std::string_view iterator;
};
MarkedIterator unmark_iterator(std::string_view text);
std::string records_request(const std::string& marked_iterator, int limit);

/// Answers; `corrupt` where one is not what the service promises. Times may be JSON numbers or, from emulators, ISO text.
Result<StreamSummary> read_stream_summary(std::string_view body);
Result<ShardPage> read_shard_page(std::string_view body);
/// Parses in place; `body` gets json::kPadding spare capacity where it has less. `server_time` is left to the caller.
Result<RecordPage> read_record_page(json::Parser& parser, std::string& body);

}  // namespace ctk::aws
