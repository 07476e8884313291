// What the engine calls by names of the rooms above it.
#pragma once

#include "aws/ids.h"
#include "coordination/position_store.h"
#include "shards/position.h"
#include "shards/walk.h"

namespace ctk::relay {

using aws::ShardId;
using coordination::Incarnation;
using shards::ListedShard;
using shards::Position;

}  // namespace ctk::relay
