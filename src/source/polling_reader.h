// Shards of a Kinesis stream by GetRecords, as often as somebody asks.
#pragma once

#include <memory>

#include "aws/kinesis_api.h"
#include "base/time.h"
#include "source/shard_reader.h"

namespace ctk::source {

/// API and clock outlive it. `stream`: name or ARN.
std::unique_ptr<ShardReader> make_polling_reader(aws::KinesisApi& api, aws::StreamName stream, Clock& clock);

}  // namespace ctk::source
