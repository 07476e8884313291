// The acknowledgement frontier of one shard: its position moves over a contiguous prefix of acknowledged writes, and only
// forward. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "base/time.h"
#include "shards/position.h"

namespace ctk::relay {

/// When the records of a write reached the source; kNoTime where it does not say.
struct Arrivals {
  Timestamp first = kNoTime;
  Timestamp last = kNoTime;
};

class Frontier {
 public:
  explicit Frontier(shards::Position start) : acknowledged_(std::move(start)) {}

  /// A write that carries the shard's records up to `to` was planned. Writes are added in the order of the shard's records.
  void add(uint64_t write, shards::Position to, Arrivals arrivals);
  /// Less of the shard's records than was planned goes with a write: only those up to `to`. Nothing may follow it.
  void shorten(uint64_t write, shards::Position to);
  /// The target has the write. Returns true if the position moved.
  bool acknowledge(uint64_t write);
  /// Forgets all writes that are not acknowledged, and goes on from `position`, as the store has it.
  void restart(shards::Position position);

  const shards::Position& acknowledged() const { return acknowledged_; }
  Timestamp acknowledged_arrival() const { return arrival_; }
  size_t pending() const { return pending_.size(); }
  /// Of the oldest record that is not acknowledged; kNoTime where none is pending.
  Timestamp oldest_pending() const { return pending_.empty() ? kNoTime : pending_.front().arrivals.first; }

 private:
  struct Write {
    uint64_t id;
    shards::Position to;
    Arrivals arrivals;
    bool done = false;
  };
  std::deque<Write> pending_;
  shards::Position acknowledged_;
  Timestamp arrival_ = kNoTime;
};

}  // namespace ctk::relay
