// A segment of a parallel Scan, named as a shard: what a load reads has rows in the position store beside the stream's.
//
//   load:EPOCH:SEGMENT/TOTAL      load:00002:003/016
//
// The epoch is part of the name: the segments of another load are other shards.
#pragma once

#include <cstdint>
#include <optional>

#include "aws/ids.h"

namespace ctk::shards {

struct Segment {
  uint32_t epoch = 1;
  int number = 0;  ///< 0 … total − 1
  int total = 1;
  bool operator==(const Segment&) const = default;
};

aws::ShardId segment_shard(const Segment& segment);
/// Nothing where the shard is one of a stream.
std::optional<Segment> parse_segment(const aws::ShardId& shard);
bool is_segment(const aws::ShardId& shard);

}  // namespace ctk::shards
