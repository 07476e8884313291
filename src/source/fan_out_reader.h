// Shards of a Kinesis stream by enhanced fan-out: the service pushes what comes, over a subscription a shard, to a consumer
// that is registered.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "aws/fan_out_api.h"
#include "base/event_loop.h"
#include "base/time.h"
#include "source/shard_reader.h"

namespace ctk::source {

struct FanOutOptions {
  aws::FanOutApi* api = nullptr;  ///< outlives the reader
  std::string consumer;           ///< its name; it is registered where it is not
  /// Of what was pushed and nobody has read yet, of all shards: beyond, shards that get more lose their subscription until
  /// what they got was read. One event more may be there.
  size_t max_held = 8u << 20;
};

/// Loop and clock outlive it.
std::unique_ptr<ShardReader> make_fan_out_reader(FanOutOptions options, EventLoop& loop, Clock& clock);

}  // namespace ctk::source
