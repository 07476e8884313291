// The answers of Kinesis in JSON, as types. Pure. Source: AWS Kinesis API Reference.
#pragma once

#include <string>
#include <string_view>

#include "aws/kinesis_api.h"
#include "base/error.h"
#include "json/reader.h"

namespace ctk::aws {

/// `corrupt` where one is not what the service promises. Times may be JSON numbers or, from emulators, ISO text.
Result<StreamSummary> read_stream_summary(std::string_view body);
Result<ShardPage> read_shard_page(std::string_view body);
/// Parses in place; `body` gets json::kPadding spare capacity where it has less. `server_time` is left to the caller.
Result<RecordPage> read_record_page(json::Parser& parser, std::string& body);

}  // namespace ctk::aws
