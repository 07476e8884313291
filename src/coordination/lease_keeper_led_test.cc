// Leases that a leader of another library shares out, as a test plays him; in virtual time.
#include <gtest/gtest.h>

#include "coordination/lease_world_testing.h"

namespace ctk::coordination {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const aws::ShardId kFirst("shard-0");

/// Does to the rows what that leader does, once every two times the time to fail over.
class Leader {
 public:
  explicit Leader(LeaseWorld& world) : world_(&world) {}

  /// Leases of nobody and of those who have not renewed theirs since the last round go to one of `active`; some of the
  /// others are moved.
  void round(const std::vector<WorkerName>& active, double moves) {
    std::map<aws::ShardId, int64_t> seen;
    for (auto& [shard, row] : world_->table.rows) {
      const auto before = seen_.find(shard);
      const bool is_still = before != seen_.end() && before->second == row.counter;
      const WorkerName& next = active[world_->random.below(active.size())];
      if (row.finished()) continue;
      if (row.holder().empty() || is_still || is_late(row)) {
        assign(row, next);
      } else if (!row.handed_over() && next != row.owner && world_->random.fraction() < moves) {
        row.checkpoint_owner = std::exchange(row.owner, next);
        asked_.erase(shard);  // an earlier request may have been followed since the last round
      }
      if (row.handed_over()) asked_.try_emplace(shard, world_->loop.monotonic());
      seen[shard] = row.counter;
    }
    seen_ = std::move(seen);
    std::erase_if(asked_, [&](const auto& each) { return !world_->table.rows.at(each.first).handed_over(); });
  }
  static void assign(Lease& row, const WorkerName& worker) {
    row.owner = worker;
    row.checkpoint_owner = {};
    ++row.counter;
    ++row.owner_switches;
  }

 private:
  bool is_late(const Lease& row) const {
    const auto since = asked_.find(row.shard);
    return row.handed_over() && since != asked_.end() && world_->loop.monotonic() >= since->second + seconds(40);
  }

  LeaseWorld* world_;
  std::map<aws::ShardId, int64_t> seen_;
  std::map<aws::ShardId, Duration> asked_;
};

class LeaseKeeperLed : public testing::Test {
 protected:
  void begin(size_t count, size_t shards) {
    world.want_shards(shards);
    world.make_rows();
    for (size_t i = 0; i < count; ++i) {
      LeaseWorld::Worker& worker = world.add_worker();
      EXPECT_TRUE(worker.keeper.led(true, world.now(worker)).empty());
    }
  }
  LeaseWorld::Worker& worker(size_t i) { return *world.workers.at(i); }
  Lease& row(const aws::ShardId& shard) { return world.table.rows.at(shard); }
  std::vector<WorkerName> active() {
    std::vector<WorkerName> names;
    for (const auto& each : world.workers) {
      if (!each->dead && !each->stopping) names.push_back(each->name);
    }
    return names;
  }

  LeaseWorld world{1};
};

TEST_F(LeaseKeeperLed, NothingIsTakenThatTheLeaderHasNotGiven) {
  begin(2, 8);
  for (int i = 0; i < 4; ++i) Leader::assign(row(aws::ShardId("shard-" + std::to_string(i))), WorkerName("java-1"));
  world.run(minutes(2));
  EXPECT_EQ(world.held(), 0u) << "neither what is nobody's, nor what nobody has renewed for long";
  Leader::assign(row(kFirst), worker(0).name);
  ASSERT_TRUE(world.run_until([&] { return world.held(worker(0)) == 1; }, seconds(3)));
  world.run(minutes(1));
  EXPECT_EQ(world.held(), 1u);
}

TEST_F(LeaseKeeperLed, NobodyIsAskedForHis) {
  begin(2, 8);
  for (auto& [shard, lease] : world.table.rows) Leader::assign(lease, worker(0).name);
  world.run(minutes(2));
  EXPECT_EQ(world.held(worker(0)), 8u);
  EXPECT_EQ(worker(0).asked + worker(1).keeper.counts().asked_for, 0u);
}

TEST_F(LeaseKeeperLed, WhatTheLeaderMovesIsHandedOver) {
  begin(2, 4);
  for (auto& [shard, lease] : world.table.rows) Leader::assign(lease, worker(0).name);
  ASSERT_TRUE(world.run_until([&] { return world.held(worker(0)) == 4; }, seconds(5)));
  world.progress();
  row(kFirst).checkpoint_owner = std::exchange(row(kFirst).owner, worker(1).name);
  ASSERT_TRUE(world.run_until([&] { return world.held(worker(1)) == 1; }, seconds(10)));
  EXPECT_EQ(world.held(worker(0)), 3u);
  EXPECT_EQ(worker(0).keeper.counts().handed_over, 1u);
  EXPECT_EQ(to_string(row(kFirst).checkpoint), "2");
}

TEST_F(LeaseKeeperLed, WhatNobodyHasMeasuredCarriesAsMuchAsTheOthers) {
  begin(1, 3);
  const aws::ShardId second("shard-1"), third("shard-2");
  Leader::assign(row(kFirst), worker(0).name);
  const auto carries = [&](const aws::ShardId& shard) { return worker(0).keeper.held().at(shard).row().throughput; };
  ASSERT_TRUE(world.run_until([&] { return world.held() == 1; }, seconds(3)));
  EXPECT_TRUE(world.run_until([&] { return carries(kFirst) == 1.0; }, seconds(5))) << "all the same, where nobody has";
  row(second).throughput = 5;
  row(third).throughput = 0;
  Leader::assign(row(second), worker(0).name);
  ASSERT_TRUE(world.run_until([&] { return world.held() == 2; }, seconds(3)));
  world.run(seconds(10));
  EXPECT_EQ(carries(second), 5) << "what theirs have measured stays";
}

TEST_F(LeaseKeeperLed, AHolderThatDidNotLetGoMayNotKnowYetThatItsLeaseWasGivenAway) {
  begin(1, 2);
  for (const char* shard : {"shard-0", "shard-1"}) {
    row(aws::ShardId(shard)).owner = worker(0).name;
    row(aws::ShardId(shard)).checkpoint_owner = WorkerName("java-1");
  }
  const auto renew = [&](Duration span) {
    for (Duration passed{}; passed < span; passed += seconds(2)) {
      for (auto& [shard, lease] : world.table.rows) lease.counter += lease.handed_over() ? 1 : 0;
      world.run(seconds(2));
    }
  };
  renew(seconds(40));
  Leader::assign(row(kFirst), worker(0).name);
  world.run(seconds(8));
  EXPECT_EQ(world.held(), 0u);
  EXPECT_EQ(worker(0).keeper.held().size(), 1u) << "it is renewed, and not read";
  EXPECT_TRUE(world.run_until([&] { return world.held() == 1; }, seconds(6)));
  // One whose beginning was seen, and that ends soon, was let go.
  row(aws::ShardId("shard-1")).checkpoint_owner = {};
  row(aws::ShardId("shard-1")).owner = WorkerName("java-1");
  world.run(seconds(5));
  row(aws::ShardId("shard-1")).checkpoint_owner = std::exchange(row(aws::ShardId("shard-1")).owner, worker(0).name);
  renew(seconds(6));
  Leader::assign(row(aws::ShardId("shard-1")), worker(0).name);
  EXPECT_TRUE(world.run_until([&] { return world.held() == 2; }, seconds(4)));
}

TEST_F(LeaseKeeperLed, WhatWasAskedForIsTakenBackOnceSomebodyLeads) {
  world.want_shards(8);
  world.make_rows();
  LeaseWorld::Worker& first = world.add_worker();
  ASSERT_TRUE(world.run_until([&] { return world.held(first) == 8; }, seconds(5)));
  first.hangs = true;
  LeaseWorld::Worker& second = world.add_worker();
  ASSERT_TRUE(world.run_until([&] { return first.asked > 0; }, seconds(20)));
  size_t withdrawn = 0;
  for (const LeaseAction& action : second.keeper.led(true, world.now(second))) {
    const auto* write = std::get_if<LeaseWrite>(&action);
    const auto* ask = write == nullptr ? nullptr : std::get_if<AskForLease>(write);
    withdrawn += ask != nullptr && ask->withdrawn ? 1 : 0;
  }
  EXPECT_GT(withdrawn, 0u);
  EXPECT_TRUE(second.keeper.led(true, world.now(second)).empty()) << "once";
}

TEST_F(LeaseKeeperLed, OnceNobodyLeadsTheyShareByThemselves) {
  begin(2, 8);
  world.run(minutes(1));
  ASSERT_EQ(world.held(), 0u);
  for (size_t i = 0; i < 2; ++i) EXPECT_TRUE(worker(i).keeper.led(false, world.now(worker(i))).empty());
  EXPECT_TRUE(world.run_until([&] { return world.held(worker(0)) == 4 && world.held(worker(1)) == 4; }, minutes(1)));
}

// Statement 12. The leader gives a child away whether its parent is finished or not, and takes it back if it is not
// renewed.
TEST_F(LeaseKeeperLed, AChildThatWasGivenIsKeptAndReadOnceItsParentIsFinished) {
  begin(1, 1);
  const WantedLease child{.shard = aws::ShardId("child"), .parents = {kFirst}};
  world.table.rows.emplace(child.shard, new_lease(child));
  Leader::assign(row(child.shard), worker(0).name);
  Leader::assign(row(kFirst), WorkerName("java-1"));
  world.run(seconds(30));
  EXPECT_EQ(world.held(), 0u);
  EXPECT_GE(row(child.shard).counter, 8) << "it is renewed";
  row(kFirst).checkpoint.kind = Checkpoint::Kind::shard_end;
  EXPECT_TRUE(world.run_until([&] { return world.holder(child.shard) != nullptr; }, seconds(5)));
}

TEST_F(LeaseKeeperLed, AChildThatIsNotReadYetGoesAtOnceToWhomTheLeaderGivesIt) {
  begin(2, 1);
  const WantedLease child{.shard = aws::ShardId("child"), .parents = {kFirst}};
  world.table.rows.emplace(child.shard, new_lease(child));
  Leader::assign(row(child.shard), worker(0).name);
  world.run(seconds(10));
  row(child.shard).checkpoint_owner = std::exchange(row(child.shard).owner, worker(1).name);
  world.run(seconds(10));
  EXPECT_FALSE(row(child.shard).handed_over());
  EXPECT_EQ(worker(0).asked, 0u) << "nobody was told that it is there";
  EXPECT_EQ(worker(0).keeper.held().size(), 0u);
  EXPECT_EQ(worker(1).keeper.held().size(), 1u);
  world.stop(worker(1));
  world.run(seconds(3));
  EXPECT_TRUE(row(child.shard).owner.empty());
}

TEST_F(LeaseKeeperLed, NothingIsLostWhateverTheLeaderDoesAndWhoeverDies) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    LeaseWorld wild(seed);
    wild.faults = {.refused = 0.05, .lost_request = 0.02, .lost_answer = 0.02, .late = 0.02};
    wild.want_shards(12);
    wild.make_rows();
    for (int i = 0; i < 4; ++i) {
      LeaseWorld::Worker& each = wild.add_worker(milliseconds(i));
      each.keeper.led(true, wild.now(each));
    }
    wild.workers[3]->hangs = seed % 2 == 0;
    Leader leader(wild);
    std::vector<WorkerName> all;
    for (const auto& each : wild.workers) all.push_back(each->name);
    for (int i = 0; i < 40; ++i) {
      leader.round(all, 0.2);
      for (int step = 0; step < 10; ++step) {
        wild.progress();
        wild.run(seconds(2));
      }
      if (i == 10) wild.sleep(*wild.workers[1], seconds(25));
      if (i == 20) wild.kill(*wild.workers[0]);
      if (i == 22) all.erase(all.begin());  // its reports have ended
    }
    wild.faults = {};
    wild.workers[3]->hangs = false;
    for (int i = 0; i < 6; ++i) {
      leader.round(all, 0);
      wild.run(seconds(20));
    }
    EXPECT_EQ(wild.held(), 12u) << "seed " << seed;
    for (const auto& [shard, position] : wild.acknowledged) {
      const Checkpoint& stored = wild.table.rows.at(shard).checkpoint;
      EXPECT_GE(std::stoll(stored.sequence.str()), position) << shard << " of seed " << seed;
    }
  }
}

}  // namespace
}  // namespace ctk::coordination
