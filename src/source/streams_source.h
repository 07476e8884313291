// A DynamoDB table's stream as a StreamSource.
#pragma once

#include <memory>
#include <string>

#include "aws/dynamodb_api.h"
#include "aws/dynamodb_streams_api.h"
#include "base/event_loop.h"
#include "source/source.h"

namespace ctk::source {

struct StreamsSourceOptions {
  std::string table;           ///< a table's name or ARN, or a stream's ARN
  bool enable_stream = false;  ///< switch the table's stream on if it is off
};

/// Between two reads of a quiet shard, unless the user asks for another: each call is billed.
inline constexpr Duration kStreamsIdlePoll = std::chrono::seconds(5);

/// Whether a text is the ARN of a table's stream: …:table/NAME/stream/LABEL.
bool is_table_stream_arn(const std::string& text);

std::unique_ptr<StreamSource> make_streams_source(aws::DynamoDbApi& tables, aws::DynamoDbStreamsApi& streams,
                                                  const StreamsSourceOptions& options, EventLoop& loop, Clock& clock);

}  // namespace ctk::source
