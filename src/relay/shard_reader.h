// How the records of a Kinesis stream's shards come: a seam below its source, which knows the stream itself and its shards.
// Polling: polling_reader.h.
#pragma once

#include "base/done.h"
#include "relay/source.h"

namespace ctk::relay {

/// The calls are those of a StreamSource, and so is what they promise.
class ShardReader {
 public:
  virtual ~ShardReader() = default;
  virtual void read(const ReadRequest& request, Done<Page> done) = 0;
  virtual void forget(const ShardId& shard) = 0;
  virtual void leave(const ShardId& shard) = 0;
};

}  // namespace ctk::relay
