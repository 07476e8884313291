// A shard of this run, from its pages to its position: read, queued, acknowledged.
#pragma once

#include <memory>

#include "base/event_loop.h"
#include "relay/shard_progress.h"
#include "relay/shard_queue.h"
#include "relay/shard_reading.h"
#include "relay/source_standing.h"
#include "shards/segment.h"

namespace ctk::relay {

struct Shard {
  Shard(const ShardId& shard, const Position& position, source::PageSize size, const shards::CadencePolicy& cadence,
        Duration now)
      : id(shard),
        segment(shards::is_segment(shard)),
        start(position),
        reading(shard, position, size, segment ? shards::make_scan_cadence() : cadence, now),
        queue(shard, position, segment),
        progress(position) {}

  SourcePart part() const { return segment ? SourcePart::table : SourcePart::stream; }
  /// All that was read of it is acknowledged.
  bool caught_up() const { return queue.empty() && progress.writes() == 0; }

  ShardId id;
  bool segment;    ///< of a load
  Position start;  ///< where it begins unless the store knows better
  ShardReading reading;
  ShardQueue queue;
  ShardProgress progress;
  EventLoop::TimerId rest = 0;  ///< which ends the rest between two reads
  bool waits_for_budget = false;
  bool has_backlog = false;  ///< stands in Life::with_backlog
  bool may_send = false;     ///< all rows of its parents are acknowledged
};

}  // namespace ctk::relay
