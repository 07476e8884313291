// Lives of many keepers under everything that can go wrong at once; the world checks at every step what must hold.
#include <gtest/gtest.h>

#include <algorithm>

#include "coordination/lease_world_testing.h"

namespace ctk::coordination {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr uint64_t kSeeds = 40;

class LeaseLife {
 public:
  /// `deletes`: somebody deletes rows, one or all, and workers come just then.
  LeaseLife(uint64_t seed, bool deletes) : world_(seed), random_(world_.random), seed_(seed), deletes_(deletes) {}

  void live() {
    world_.want_shards(1 + random_.below(8));
    for (size_t i = 0, count = 1 + random_.below(4); i < count; ++i) come();
    for (int second = 0; second < 400; ++second) {
      world_.faults = draw_faults();
      world_.faults.down = second % 100 > 80 && seed_ % 4 == 0;
      happen(*world_.workers[random_.below(world_.workers.size())]);
      if (deletes_ && random_.below(20) == 0) erase();
      world_.progress();
      world_.run(seconds(1));
      if (testing::Test::HasFailure()) return;
    }
    settle();
  }

 private:
  void come() { world_.add_worker(seconds(random_.below(1000))); }

  LeaseFaults draw_faults() {
    if (random_.below(3) != 0) return {};
    const double share = random_.fraction() * 0.3;
    LeaseFaults faults{.refused = share, .lost_request = share / 2, .lost_answer = share, .late = share};
    faults.slow = random_.fraction() * 0.8;
    return faults;
  }

  void happen(LeaseWorld::Worker& worker) {
    switch (random_.below(40)) {
      case 0: return world_.kill(worker);
      case 1: return world_.sleep(worker, seconds(random_.below(25)));
      case 2:
        if (!worker.dead && !worker.stopping) world_.stop(worker);
        return;
      case 3:
      case 4:
        if (world_.workers.size() < 12) come();
        return;
      case 5: worker.hangs = !worker.hangs; return;
      case 6:
        if (!worker.dead && !worker.stopping && !worker.holdings.empty()) end_a_shard(worker);
        return;
      case 7:
      case 8: return world_.list(worker);
      default: return;
    }
  }

  void end_a_shard(LeaseWorld::Worker& worker) {
    const aws::ShardId shard = worker.holdings.begin()->first;
    const auto& holding = worker.holdings.begin()->second;
    if (holding.ends || !worker.keeper.may_write(shard, holding.fence, world_.now(worker))) return;
    const aws::ShardId child("child-" + std::to_string(children_++));
    world_.wanted.push_back({.shard = child, .parents = {shard}});
    world_.end_shard(worker, shard, {world_.wanted.back()});
  }

  void erase() {
    std::vector<aws::ShardId> rows;
    for (const auto& [shard, row] : world_.table.rows) rows.push_back(shard);
    if (rows.empty()) return;
    if (random_.below(3) == 0) {
      std::ranges::for_each(rows, [this](const aws::ShardId& shard) { world_.erase(shard); });
    } else {
      world_.erase(rows[random_.below(rows.size())]);
    }
    if (random_.below(3) == 0 && world_.workers.size() < 16) come();
  }

  /// A quiet end: what is left is held by whoever lives.
  void settle() {
    world_.faults = {};
    for (const auto& each : world_.workers) each->hangs = false;
    come();
    for (const auto& each : world_.workers) world_.list(*each);
    world_.run(minutes(3));
    size_t held = 0;
    for (const auto& [shard, row] : world_.table.rows) {
      // A child waits for a parent whose holder died before its end was stored; one that was being read before its parent's
      // row was made anew goes on.
      const auto unfinished = [&](const aws::ShardId& parent) {
        const auto above = world_.table.find(parent);
        return above && !above->finished();
      };
      const bool is_held = world_.holder(shard) != nullptr;
      EXPECT_TRUE(is_held || row.finished() || std::ranges::any_of(row.parents, unfinished)) << "nobody has " << shard;
      held += is_held ? 1 : 0;
    }
    EXPECT_EQ(world_.held(), held) << "somebody has what has no row, or what another has";
    EXPECT_LE(world_.most_held(), world_.least_held() + 1);
    for (const WantedLease& lease : world_.wanted) {
      EXPECT_TRUE(world_.table.rows.contains(lease.shard) || world_.table.has_ended(lease.shard))
          << lease.shard << " has no row, and was not read to its end";
    }
  }

  LeaseWorld world_;
  Random& random_;
  uint64_t seed_;
  bool deletes_;
  size_t children_ = 0;
};

// Statements 1, 2, 5, 6, 11 and 12.
TEST(LeaseWorlds, S6_NeverHaveTwoWritersNorLoseProgress) {
  for (uint64_t seed = 1; seed <= kSeeds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    LeaseLife(seed, false).live();
  }
}

TEST(LeaseWorlds, NorWhereRowsAreDeleted) {
  for (uint64_t seed = 1; seed <= kSeeds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    LeaseLife(seed, true).live();
  }
}

}  // namespace
}  // namespace ctk::coordination
