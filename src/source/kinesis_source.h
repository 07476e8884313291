// A Kinesis Data Stream as a StreamSource; how its shards are read is a ShardReader's.
#pragma once

#include <memory>
#include <optional>

#include "aws/kinesis_api.h"
#include "base/event_loop.h"
#include "source/fan_out_reader.h"
#include "source/source.h"

namespace ctk::source {

/// GetRecords of one shard (API Reference).
inline constexpr size_t kKinesisCallsASecond = 5;

struct KinesisSourceOptions {
  aws::StreamName stream;  ///< name or ARN
  bool create = false;     ///< make the stream if it is not there
  int create_shards = 1;
  bool whole_aggregates = false;              ///< aggregates are given as they are, not taken apart
  std::optional<FanOutOptions> fan_out = {};  ///< nothing: shards are polled
};

std::unique_ptr<StreamSource> make_kinesis_source(aws::KinesisApi& api, KinesisSourceOptions options, EventLoop& loop,
                                                  Clock& clock);

}  // namespace ctk::source
