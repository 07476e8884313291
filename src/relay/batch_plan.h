// When a batch is due, and which shards are in it. Pure: queues are shown as figures.
#pragma once

#include <cstddef>
#include <vector>

#include "base/time.h"

namespace ctk::relay {

struct BatchLimits {
  size_t rows = 1000;
  size_t bytes = 1u << 20;
  Duration age{};               ///< the oldest record lingers at most this long
  size_t writes_per_shard = 1;  ///< planned and not yet acknowledged
};

/// One shard's queue as the decision sees it.
struct QueueView {
  size_t index = 0;  ///< the caller's name for the shard
  size_t records = 0;
  size_t bytes = 0;
  Duration oldest{};  ///< monotonic time at which its first record was read
  size_t writes = 0;  ///< of this shard, under way
  bool may_send = false;
  bool end_ready = false;  ///< nothing follows what is queued: the end can be written with it
};

struct Pick {
  size_t index = 0;
  size_t records = 0;  ///< from the front; 0 with end_ready: only the end
  bool operator==(const Pick&) const = default;
};

/// What the next batch takes; empty if it is better to wait. `flush`: do not linger. Shards without a write under
/// way come first, then those whose first record waits longest.
std::vector<Pick> plan_batch(std::vector<QueueView> queues, const BatchLimits& limits, Duration now, bool flush);

/// When the first of what `picks` take was read; `now` where they take ends only.
Duration oldest_of(const std::vector<Pick>& picks, const std::vector<QueueView>& queues, Duration now);

}  // namespace ctk::relay
