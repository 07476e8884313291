// Which moves the position store is to be given, by what a life of reading has acknowledged, and when it is to be asked
// whether the shards are still the relay's. Pure: whoever has it gives them, and asks.
//
//   idle ──begin, with the due moves──▶ storing ──end──▶ idle
//
// One store at a time: what is wished while one is under way is one wish, for its end.
//
// Where positions are kept with the rows, a batch carries the moves of its shards, and only quiet shards are due; where
// they are kept apart from them, all are.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "relay/life.h"
#include "relay/write_queue.h"

namespace ctk::relay {

class PositionKeeper {
 public:
  /// The moves that go with the rows of `write`.
  static std::vector<coordination::PositionMove> moves_of(const InFlightBatch& write, const Life& life);
  /// The moves that no batch carries. `with_rows`: the store keeps positions with the rows. `read_to_too`: how far quiet
  /// shards were read is worth a move of its own.
  static std::vector<coordination::PositionMove> due_moves(const Life& life, bool with_rows, bool read_to_too);
  /// Whether the end of a shard is acknowledged and not stored: its children wait for that.
  static bool ends_are_due(const Life& life);
  /// The store has them. Returns those that were their shard's end, now first.
  static std::vector<coordination::PositionMove> stored(const std::vector<coordination::PositionMove>& moves, Life& life);
  /// The batch is acknowledged; `with_rows`: and its moves are stored. Returns those that were their shard's end.
  static std::vector<coordination::PositionMove> acknowledged(const InFlightBatch& write, bool with_rows, Life& life);

  bool is_storing() const { return storing_since_.has_value(); }
  std::optional<Duration> storing_since() const { return storing_since_; }
  void begin(Duration now) { storing_since_ = now; }

  using Then = std::move_only_function<void(bool stored)>;
  struct Wish {
    bool all = false;  ///< how far idle shards were read, too
    Then then;         ///< of whoever waits for it, if somebody does: the end of the run alone
  };
  /// Only while one is under way.
  void wish(bool all, Then then);
  /// Returns what was wished meanwhile.
  std::optional<Wish> end();

  /// The store has taken a move, or the rows were read: until now the shards are ours.
  void still_held(Duration now) { held_at_ = now; }
  /// Whoever writes nothing hears of another worker's acquisition by asking alone.
  bool hold_is_doubtful(Duration now) const { return !asking_ && now - held_at_ >= kLongestDoubt; }
  void ask_for_hold() { asking_ = true; }
  void hold_answered() { asking_ = false; }

 private:
  static constexpr Duration kLongestDoubt = std::chrono::seconds(3);

  std::optional<Duration> storing_since_;
  std::optional<Wish> wish_;
  Duration held_at_{};
  bool asking_ = false;  ///< for the acquisition
};

}  // namespace ctk::relay
