// For tests: rows of the position store.
#pragma once

#include <string>
#include <utility>

#include "coordination/position_store.h"

namespace ctk::load {

inline coordination::StoredPosition stored_row(const std::string& shard, shards::Position position,
                                               coordination::Epoch epoch, Timestamp read_to = kNoTime) {
  coordination::StoredPosition row;
  row.shard = aws::ShardId(shard);
  row.position = std::move(position);
  row.epoch = epoch;
  row.read_to = read_to;
  return row;
}

}  // namespace ctk::load
