// The aggregates of a Kinesis shard's pages (shards/aggregate.h), as records of their own. Pure.
#pragma once

#include <optional>

#include "aws/hash_key.h"
#include "source/source.h"

namespace ctk::source {

/// What becomes of a record out of an aggregate whose key belongs to another shard, as after a shard was split: who packed
/// it may send it again, or not.
enum class Strays { deliver, drop, dead_letter };

/// Takes the page's aggregates apart and leaves out what lies before `from`, which may be within one. `keys`: of the shard;
/// nothing: not known, and no record is a stray.
void take_aggregates_apart(Page& page, const Position& from, const std::optional<aws::HashKeyRange>& keys);

}  // namespace ctk::source
