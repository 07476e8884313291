// Where stream and segments begin under a table's epoch, from what is durable alone: so a start that was interrupted
// anywhere comes to the same plan again. Pure.
#pragma once

#include <set>
#include <vector>

#include "coordination/position_store.h"
#include "coordination/table_record.h"

namespace ctk::load {

struct StartPlan {
  std::vector<coordination::NewShard> segments;  ///< rows that the running load lacks
  std::vector<coordination::Rewind> rewound;     ///< shards of the stream that are read again, back to the cut
  std::vector<aws::ShardId> dropped;             ///< segments of loads that are over
};

/// `rows` are the relay's. `segments`: how many a new load gets; one that has rows keeps its number.
///
/// The rows of one epoch may not meet changes that were stamped with an older one, so where the stream can be read from a
/// moment on and repeats records (`can_seek`: Kinesis), each shard whose row is of an older epoch goes back to the earlier
/// of its position and the cut; also one that was finished after the cut. What lies before the cut is in the load, so a
/// shard of which something is lost (`gapped`) goes on at the cut.
StartPlan plan_start(const std::vector<coordination::StoredPosition>& rows, const coordination::TableRecord& record,
                     int segments, bool can_seek, const std::set<aws::ShardId>& gapped = {});

}  // namespace ctk::load
