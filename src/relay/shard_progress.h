// How far one shard is acknowledged, and how far that is stored. Pure.
//
//   progress.add(write, slice);                 // a batch carries a part of it
//   store.move({progress.move_of(slice, …)});   // with the rows, or
//   store.move({*progress.due_move(…)});        // apart from them
//   progress.acknowledge(write); progress.stored(move.to, move.read_to);
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "coordination/position_store.h"
#include "relay/frontier.h"
#include "relay/prepare.h"

namespace ctk::relay {

class ShardProgress {
 public:
  explicit ShardProgress(const shards::Position& start) : frontier_(start), stored_(start) {}

  const shards::Position& acknowledged() const { return frontier_.acknowledged(); }
  const shards::Position& stored_position() const { return stored_; }
  Timestamp stored_read_to() const { return stored_read_to_; }
  /// Batches that carry it and are not acknowledged.
  size_t writes() const { return writes_; }
  /// When the oldest record that a batch carries reached the source; kNoTime where there is none.
  Timestamp oldest_pending() const { return frontier_.oldest_pending(); }
  bool has_pending() const { return frontier_.pending() > 0; }

  void restore_read_to(Timestamp read_to) { stored_read_to_ = read_to; }
  void add(uint64_t write, const Slice& slice);
  /// Less of the shard goes with the write than was taken for it.
  void shorten(uint64_t write, shards::Position to) { frontier_.shorten(write, std::move(to)); }
  void acknowledge(uint64_t write);
  void stored(const shards::Position& to, Timestamp read_to);

  /// The move that goes with the rows of `slice`. `whole_to`: where nothing is left of what was read but this, how far that
  /// is without a hole; else kNoTime.
  coordination::PositionMove move_of(const Slice& slice, Timestamp whole_to) const;
  /// The move that no batch carries, where there is one. `whole_to`: as far as the shard was read without a hole, where all
  /// of that is acknowledged; else kNoTime. `read_to_too`: a move of that alone is worth a write.
  std::optional<coordination::PositionMove> due_move(const aws::ShardId& id, Timestamp whole_to, bool read_to_too) const;

  /// The batches that carry it are dropped.
  void drop_writes() { writes_ = 0; }
  /// It goes on from what the store has.
  void restart(const coordination::StoredPosition& row);

 private:
  Frontier frontier_;
  shards::Position stored_;
  Timestamp stored_read_to_ = kNoTime;
  size_t writes_ = 0;
};

}  // namespace ctk::relay
