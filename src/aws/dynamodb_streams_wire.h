// The JSON 1.0 of DynamoDB Streams: requests as text, answers as types. Pure. Source: Amazon DynamoDB Streams API
// Reference.
#pragma once

#include <string>
#include <string_view>

#include "aws/dynamodb_streams_api.h"
#include "base/error.h"
#include "json/pieces.h"

namespace ctk::aws {

std::string describe_stream_request(const DescribeStreamRequest& request);
std::string streams_iterator_request(const Arn& stream, const ShardId& shard, const IteratorStart& start);
std::string streams_records_request(const std::string& iterator, int limit);

/// Answers; `corrupt` where one is not what the service promises. `server_time` is left to the caller.
Result<StreamsDescription> read_streams_description(std::string_view body);
/// `body` gets json::kPadding spare capacity where it has less. Each record keeps its own text.
Result<StreamsPage> read_streams_page(json::PieceParser& parser, std::string& body);

}  // namespace ctk::aws
