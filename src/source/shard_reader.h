// How the records of a Kinesis stream's shards come: a seam below its source, which knows the stream itself and its shards.
// Polling: polling_reader.h. Enhanced fan-out: fan_out_reader.h.
#pragma once

#include <functional>
#include <vector>

#include "aws/kinesis_api.h"
#include "base/done.h"
#include "source/source.h"

namespace ctk::source {

/// The calls are those of a StreamSource, and so is what they promise.
class ShardReader {
 public:
  virtual ~ShardReader() = default;
  /// The stream is there. `done`: it can be read.
  virtual void open(const aws::StreamSummary& stream, Done<bool> done) = 0;
  virtual void read(const ReadRequest& request, Done<Page> done) = 0;
  virtual void forget(const ShardId& shard) = 0;
  virtual void leave(const ShardId& shard) = 0;
  // NOLINTNEXTLINE(performance-unnecessary-value-param): readers that call keep it
  virtual void when_ready(std::function<void(const ShardId& shard)> /*ready*/) {}
};

/// Where a shard is to be read from, as the service's calls have it.
aws::IteratorStart iterator_start(const Position& position);
/// The children that the service names at the end of a shard.
std::vector<ListedShard> listed(std::vector<aws::ChildShard> children);

}  // namespace ctk::source
