// Shares a relay's shards out among the workers of a world: at random, and with all that goes wrong where leases do it. A
// shard is given to another worker before the one that has it hears of that, or without its hearing of it at all; one is
// given back at once; what a killed worker had goes round again a little later.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "base/event_loop.h"
#include "base/lifeline.h"
#include "base/random.h"
#include "coordination/assignment.h"
#include "simulation/target.h"

namespace ctk::simulation {

class ShardBoard {
 public:
  /// Which shards there are, `state` has in its positions.
  ShardBoard(EventLoop& world, Random& random, const TargetState& state) : world_(world), random_(random), state_(state) {}

  /// A worker's part in it. It hears of its shards on its own loop. The board outlives it.
  std::unique_ptr<coordination::Assignment> join(EventLoop& worker);
  /// How often a shard that somebody had was given to another.
  uint64_t moves() const { return moves_; }

 private:
  class Member;

  void look();
  void share_out(const coordination::RelayName& relay);
  void give(const aws::ShardId& shard, Member& to);
  void take_from(const aws::ShardId& shard, Member& from);
  void leave(Member& member);
  Member* anybody();

  EventLoop& world_;
  Random& random_;
  const TargetState& state_;
  bool looking_ = false;
  uint64_t moves_ = 0;
  std::vector<Member*> members_;             ///< as they have come: a life is the same wherever they lie in memory
  std::map<aws::ShardId, Member*> holders_;  ///< nothing: it was a killed worker's until a moment ago
  Lifeline lifeline_;
};

}  // namespace ctk::simulation
