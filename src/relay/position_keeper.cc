#include "relay/position_keeper.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace ctk::relay {

using coordination::PositionMove;

std::vector<PositionMove> PositionKeeper::moves_of(const InFlightBatch& write, const Life& life) {
  std::vector<PositionMove> moves;
  for (const Slice& slice : write.slices) {
    const Shard& one = *life.shards.at(slice.shard);
    const bool everything = one.queue.empty() && one.progress.writes() == 1;
    PositionMove move = one.progress.move_of(slice, everything ? one.reading.read_to() : kNoTime);
    move.fence = life.held.fence_of(slice.shard);
    if (slice.has_end) move.children = life.lineage.children_rows(slice.shard);
    moves.push_back(std::move(move));
  }
  return moves;
}

std::vector<PositionMove> PositionKeeper::due_moves(const Life& life, bool with_rows, bool read_to_too) {
  std::vector<PositionMove> moves;
  for (const auto& [id, one] : life.shards) {
    if (one->reading.finished() || !life.lineage.has_row(id)) continue;
    const bool quiet = one->caught_up();
    if (with_rows && !quiet) continue;
    std::optional<PositionMove> move = one->progress.due_move(id, quiet ? one->reading.read_to() : kNoTime, read_to_too);
    if (!move) continue;
    move->fence = life.held.fence_of(id);
    if (move->to.ended()) move->children = life.lineage.children_rows(id);
    moves.push_back(std::move(*move));
  }
  return moves;
}

bool PositionKeeper::ends_are_due(const Life& life) {
  return std::ranges::any_of(life.shards, [](const auto& entry) {
    return entry.second->progress.acknowledged().ended() && !entry.second->reading.finished();
  });
}

std::vector<PositionMove> PositionKeeper::stored(const std::vector<PositionMove>& moves, Life& life) {
  std::vector<PositionMove> ends;
  for (const PositionMove& move : moves) {
    // Another worker's by now, or it was, and is this one's again.
    const auto found = life.shards.find(move.shard);
    if (found == life.shards.end() || life.held.fence_of(move.shard) != move.fence) continue;
    Shard& one = *found->second;
    one.progress.stored(move.to, move.read_to);
    if (move.to.ended() && !one.reading.finished()) ends.push_back(move);
  }
  return ends;
}

std::vector<PositionMove> PositionKeeper::acknowledged(const InFlightBatch& write, bool with_rows, Life& life) {
  for (const Slice& slice : write.slices) life.shards.at(slice.shard)->progress.acknowledge(write.id);
  if (!with_rows) return {};
  std::vector<PositionMove> moves = write.batch().moves;
  // What was acknowledged is what the move says, unless less of the shard went with the write than was taken.
  for (PositionMove& move : moves) move.to = life.shards.at(move.shard)->progress.acknowledged();
  return stored(moves, life);
}

void PositionKeeper::wish(bool all, Then then) {
  assert(is_storing());
  if (!wish_) wish_ = Wish{};
  assert(!then || !wish_->then);
  wish_->all = wish_->all || all;
  if (then) wish_->then = std::move(then);
}

std::optional<PositionKeeper::Wish> PositionKeeper::end() {
  storing_since_.reset();
  return std::exchange(wish_, std::nullopt);
}

}  // namespace ctk::relay
