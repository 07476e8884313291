// A position store that ends with the process, and reports what it was given: whoever gives the records keeps their
// positions.
#pragma once

#include <functional>
#include <memory>

#include "base/event_loop.h"
#include "coordination/position_store.h"

namespace ctk::engines {

/// `moved` is called on the loop for each move that is made, before its caller is answered: what stands before `to` is
/// written durably.
using OnMoved = std::function<void(const aws::ShardId& shard, const shards::Position& to)>;

std::unique_ptr<coordination::PositionStore> make_observed_store(EventLoop& loop, Clock& clock, OnMoved moved);

}  // namespace ctk::engines
