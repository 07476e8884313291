// The answers of Kinesis in JSON, as types. Pure. Source: AWS Kinesis API Reference.
#pragma once

#include <string>
#include <string_view>

#include "aws/fan_out_api.h"
#include "aws/kinesis_api.h"
#include "base/error.h"
#include "json/reader.h"

namespace ctk::aws {

/// `corrupt` where one is not what the service promises. Times may be JSON numbers or, from emulators, ISO text.
Result<StreamSummary> read_stream_summary(std::string_view body);
Result<ShardPage> read_shard_page(std::string_view body);
/// Pages of records come by two calls, which differ in what says where a next one begins (RecordPage::next_iterator).
struct PageNames {
  std::string_view action;
  std::string_view next;
};
inline constexpr PageNames kRecordsAnswer{"GetRecords", "NextShardIterator"};
inline constexpr PageNames kShardEvent{"SubscribeToShard", "ContinuationSequenceNumber"};

/// Parses in place; `body` gets json::kPadding spare capacity where it has less. `server_time` is left to the caller.
Result<RecordPage> read_record_page(json::Parser& parser, std::string& body, PageNames names = kRecordsAnswer);
/// What DescribeStreamConsumer and RegisterStreamConsumer (`action`) say of a consumer, in `member`.
Result<StreamConsumer> read_consumer(std::string_view action, std::string_view member, std::string_view body);

}  // namespace ctk::aws
