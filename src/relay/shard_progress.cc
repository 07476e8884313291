#include "relay/shard_progress.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace ctk::relay {

void ShardProgress::add(uint64_t write, const Slice& slice) {
  ++writes_;
  frontier_.add(write, slice.to, slice.arrivals);
}

void ShardProgress::acknowledge(uint64_t write) {
  assert(writes_ > 0);
  frontier_.acknowledge(write);
  --writes_;
}

void ShardProgress::stored(const shards::Position& to, Timestamp read_to) {
  stored_ = to;
  stored_read_to_ = read_to;
}

coordination::PositionMove ShardProgress::move_of(const Slice& slice, Timestamp whole_to) const {
  const Timestamp read_to = whole_to != kNoTime ? whole_to : slice.arrivals.last;
  return {slice.shard, acknowledged(), slice.to, std::max(stored_read_to_, read_to), {}};
}

std::optional<coordination::PositionMove> ShardProgress::due_move(const aws::ShardId& id, Timestamp whole_to,
                                                                  bool read_to_too) const {
  coordination::PositionMove move{id, stored_, acknowledged(), stored_read_to_, {}};
  move.read_to = std::max({move.read_to, frontier_.acknowledged_arrival(), whole_to});
  const bool moved = move.to != move.from;
  const bool read_further = read_to_too && move.read_to > stored_read_to_;
  if (!moved && !read_further) return std::nullopt;
  return move;
}

void ShardProgress::restart(const coordination::StoredPosition& row) {
  frontier_.restart(row.position);
  stored_ = row.position;
  stored_read_to_ = row.read_to;
}

}  // namespace ctk::relay
