// Leases shared by many workers, in virtual time. The numbers are those of the statements that a lease client has to keep;
// each is told in the test that holds it.
#include "coordination/lease_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordination/lease_world_testing.h"

namespace ctk::coordination {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const aws::ShardId kFirst("shard-0");

class LeaseKeeperTest : public testing::Test {
 protected:
  /// `count` workers on `shards` shards, all of which are held.
  void begin(size_t count, size_t shards) {
    world.want_shards(shards);
    for (size_t i = 0; i < count; ++i) world.add_worker();
    ASSERT_TRUE(world.run_until([&] { return world.held() == shards; }, minutes(1)));
  }
  LeaseWorld::Worker& worker(size_t i) { return *world.workers.at(i); }
  int64_t stored(const aws::ShardId& shard) {
    const Checkpoint& checkpoint = world.table.rows.at(shard).checkpoint;
    return checkpoint.kind == Checkpoint::Kind::sequence ? std::stoll(checkpoint.sequence.str()) : 0;
  }
  double seconds_until(const std::function<bool()>& done, Duration limit) {
    const Duration begin = world.loop.monotonic();
    EXPECT_TRUE(world.run_until(done, limit));
    return to_seconds(world.loop.monotonic() - begin);
  }

  LeaseWorld world{1};
};

TEST_F(LeaseKeeperTest, AWorkerAloneTakesAllAtOnce) {
  world.want_shards(64);
  world.add_worker();
  EXPECT_LT(seconds_until([&] { return world.held() == 64; }, minutes(1)), 2);
  world.run(minutes(1));
  EXPECT_EQ(world.held(), 64u);
  EXPECT_EQ(worker(0).keeper.counts().lost, 0u);
}

TEST_F(LeaseKeeperTest, FourWorkersShareEvenly) {
  begin(4, 64);
  world.run(minutes(1));
  EXPECT_EQ(world.most_held(), 16u);
  EXPECT_EQ(world.least_held(), 16u);
}

TEST_F(LeaseKeeperTest, OneThatComesLaterGetsItsShareByAsking) {
  begin(1, 64);
  world.add_worker();
  EXPECT_LT(seconds_until([&] { return world.held(worker(1)) == 32; }, minutes(1)), 30);
  EXPECT_EQ(world.held(worker(0)), 32u);
  EXPECT_EQ(worker(1).keeper.counts().taken_by_force, 0u);
}

TEST_F(LeaseKeeperTest, AHundredOnAThousandShardsSettleWithinAMinute) {
  world.checks = false;
  world.want_shards(1000);
  for (int i = 0; i < 100; ++i) world.add_worker();
  const auto settled = [&] { return world.held() == 1000 && world.most_held() <= 11 && world.least_held() >= 9; };
  const double took = seconds_until(settled, minutes(2));
  EXPECT_LT(took, 60);
  RecordProperty("virtual_seconds", std::to_string(took));
  RecordProperty("writes", std::to_string(world.table.writes));
  world.check_single_writers();
}

TEST_F(LeaseKeeperTest, InBalanceNothingMoves) {
  begin(3, 10);
  world.run(minutes(3));  // 4, 3, 3
  EXPECT_EQ(world.most_held(), 4u);
  EXPECT_EQ(world.least_held(), 3u);
  const auto moves = [&] {
    uint64_t sum = 0;
    for (const auto& each : world.workers) sum += each->keeper.counts().taken;
    return sum;
  };
  const uint64_t before = moves();
  world.run(minutes(10));
  EXPECT_EQ(moves(), before);
}

TEST_F(LeaseKeeperTest, WhatIsLeftOfTheShareIsEvenedOutOnceAMinute) {
  // 5 and 3 of 8 among 3: 2 workers have their share of 2 rounded down, and are 2 or more apart.
  begin(1, 11);
  world.add_worker();
  world.add_worker();
  world.run(minutes(6));
  EXPECT_LE(world.most_held() - world.least_held(), 1u);
}

TEST_F(LeaseKeeperTest, ADeadOnesShardsAreReadAgainInTime) {
  begin(3, 30);
  world.run(seconds(20));
  world.kill(worker(0));
  EXPECT_LT(seconds_until([&] { return world.held() == 30; }, minutes(1)), 15);
  world.run(minutes(1));
  EXPECT_EQ(world.least_held(), 15u);
}

// Statement 1.
TEST_F(LeaseKeeperTest, S1_OfTwoWhoTakeTheSameLeaseOneGetsIt) {
  world.want_shards(1);
  world.make_rows();
  world.add_worker();
  world.add_worker();
  world.run(seconds(5));
  EXPECT_EQ(world.held(), 1u);
  auto& loser = world.held(worker(0)) == 0 ? worker(0) : worker(1);
  EXPECT_EQ(loser.keeper.counts().taken, 0u);
  const auto owner = world.table.rows.at(kFirst).owner;
  world.run(seconds(60));
  EXPECT_EQ(world.table.rows.at(kFirst).owner, owner);
}

// Statement 2.
TEST_F(LeaseKeeperTest, S2_OneThatSleptTooLongWritesNothingAfterwards) {
  begin(2, 2);
  world.run(seconds(1));
  LeaseWorld::Worker& sleeper = worker(0);
  const aws::ShardId shard = sleeper.holdings.begin()->first;
  const Fence fence = sleeper.holdings.begin()->second.fence;
  world.sleep(sleeper, seconds(30));
  world.run(seconds(25));
  // Before it has noticed anything.
  EXPECT_FALSE(sleeper.keeper.may_write(shard, fence, world.now(sleeper)));
  EXPECT_TRUE(worker(1).holdings.contains(shard));
  world.progress();
  world.run(seconds(30));
  EXPECT_FALSE(sleeper.keeper.store(shard, fence, Position::after(aws::SequenceNumber("99")), {}));
  EXPECT_LT(stored(shard), 99);
}

TEST_F(LeaseKeeperTest, S2_TheFenceRunsFromTheMomentOfSending) {
  LeaseSettings settings;
  settings.worker = WorkerName("me");
  const Lease row{.shard = kFirst, .owner = settings.worker, .checkpoint_owner = {}, .counter = 1};
  HeldLease lease(settings, row, seconds(100), seconds(104), false);
  EXPECT_TRUE(lease.may_write(seconds(109)));
  EXPECT_FALSE(lease.may_write(seconds(110)));
  const auto renewal = lease.next_write(seconds(104));
  ASSERT_TRUE(renewal);
  lease.answered(*renewal, {LeaseWriteAnswer::Kind::applied, {}}, seconds(104), seconds(109));
  EXPECT_TRUE(lease.may_write(seconds(113)));
  EXPECT_FALSE(lease.may_write(seconds(114)));
}

/// A busy shard's moves do not say how far it was read; what was said before stays true.
TEST_F(LeaseKeeperTest, WhatWasReadUpToAMomentStaysRead) {
  LeaseSettings settings;
  settings.worker = WorkerName("me");
  const Lease row{.shard = kFirst, .owner = settings.worker, .checkpoint_owner = {}, .counter = 1};
  HeldLease lease(settings, row, seconds(100), seconds(100), false);
  OwnProgress quiet;
  quiet.read_to = from_micros(1'795'318'371'000'000);
  lease.store({.checkpoint = parse_checkpoint("7", 0).value(), .own = quiet}, {});
  lease.store({.checkpoint = parse_checkpoint("9", 0).value()}, {});
  const auto write = lease.next_write(seconds(101));
  ASSERT_TRUE(write && write->progress);
  EXPECT_EQ(write->progress->checkpoint, parse_checkpoint("9", 0).value());
  EXPECT_EQ(write->progress->own.read_to, quiet.read_to);
}

// Statement 3.
TEST_F(LeaseKeeperTest, S3_AWriteWhoseAnswerIsLostIsRecognised) {
  begin(1, 4);
  world.faults.lost_answer = 1;
  world.progress();
  world.run(seconds(5));
  world.faults = {};
  world.run(seconds(60));
  EXPECT_EQ(worker(0).keeper.counts().lost, 0u);
  for (const auto& [shard, row] : world.table.rows) EXPECT_EQ(world.acknowledged[shard], 1);
}

TEST_F(LeaseKeeperTest, S3_SoIsATake) {
  world.want_shards(1);
  world.make_rows();
  world.add_worker();
  world.run(milliseconds(1));
  world.faults.lost_answer = 1;
  ASSERT_TRUE(world.run_until([&] { return world.table.rows.at(kFirst).counter == 1; }, seconds(5)));
  world.faults = {};
  EXPECT_LT(seconds_until([&] { return world.held() == 1; }, minutes(1)), 5);
  EXPECT_EQ(world.table.rows.at(kFirst).counter, 1);
}

TEST_F(LeaseKeeperTest, S3_SoIsAHandOver) {
  world.want_shards(2);
  world.make_rows();
  world.add_worker();
  ASSERT_TRUE(world.run_until([&] { return world.held() == 2; }, seconds(5)));
  world.progress();
  world.run(seconds(3));
  world.add_worker();
  ASSERT_TRUE(world.run_until([&] { return worker(0).asked == 1; }, minutes(1)));
  const auto handing = std::ranges::find_if(world.table.rows, [](const auto& row) { return row.second.handed_over(); });
  ASSERT_NE(handing, world.table.rows.end());
  const aws::ShardId shard = handing->first;
  world.run(milliseconds(250));
  world.faults.lost_answer = 1;
  ASSERT_TRUE(world.run_until([&] { return !world.table.rows.at(shard).handed_over(); }, seconds(30)));
  world.faults = {};
  ASSERT_TRUE(world.run_until([&] { return worker(1).holdings.contains(shard); }, seconds(20)));
  world.run(seconds(10));
  EXPECT_EQ(stored(shard), 2);
  EXPECT_EQ(worker(0).keeper.counts().handed_over + worker(0).keeper.counts().lost, 1u);
}

// Statement 4.
TEST_F(LeaseKeeperTest, S4_ALeaseThatWasLostAndTakenAgainHasAnotherFence) {
  begin(1, 1);
  const Fence before = worker(0).holdings.at(kFirst).fence;
  world.sleep(worker(0), seconds(20));
  world.run(seconds(30));
  ASSERT_EQ(world.held(), 1u);
  const Fence after = worker(0).holdings.at(kFirst).fence;
  EXPECT_GT(after, before);
  EXPECT_FALSE(worker(0).keeper.may_write(kFirst, before, world.now(worker(0))));
  EXPECT_FALSE(worker(0).keeper.store(kFirst, before, Position::after(aws::SequenceNumber("7")), {}));
  EXPECT_TRUE(worker(0).keeper.store(kFirst, after, Position::after(aws::SequenceNumber("7")), {}));
}

// Statement 5.
TEST_F(LeaseKeeperTest, S5_WhoTakesOverBeginsWhereItWasStoredLast) {
  begin(2, 4);
  for (int i = 0; i < 5; ++i) {
    world.progress();
    world.run(seconds(1));
  }
  const std::map<aws::ShardId, int64_t> acknowledged = world.acknowledged;
  world.kill(worker(0));
  ASSERT_TRUE(world.run_until([&] { return world.held(worker(1)) == 4; }, minutes(1)));
  for (const auto& [shard, holding] : worker(1).holdings) {
    EXPECT_GE(acknowledged.at(shard), 4) << shard;
    EXPECT_GE(holding.position, acknowledged.at(shard)) << shard;
  }
}

// Statement 7.
TEST_F(LeaseKeeperTest, S7_OneThatStopsGivesItsLeasesBackAtOnce) {
  begin(2, 20);
  world.run(seconds(20));
  world.stop(worker(0));
  EXPECT_LT(seconds_until([&] { return world.held(worker(1)) == 20; }, minutes(1)), 3);
  EXPECT_TRUE(worker(0).keeper.is_idle());
  EXPECT_EQ(worker(0).keeper.counts().released, 10u);
  uint64_t stored_ones = 0;
  for (const auto& [shard, row] : world.table.rows) stored_ones += static_cast<uint64_t>(stored(shard));
  EXPECT_EQ(stored_ones, 10u);
}

TEST_F(LeaseKeeperTest, S7_OneThatStopsTakesItsRequestsBack) {
  begin(1, 8);
  worker(0).hangs = true;
  world.add_worker();
  ASSERT_TRUE(world.run_until([&] { return worker(1).keeper.counts().asked_for > 0; }, seconds(20)));
  world.run(milliseconds(100));
  world.stop(worker(1));
  world.run(seconds(2));
  EXPECT_TRUE(worker(1).keeper.is_idle());
  for (const auto& [shard, row] : world.table.rows) EXPECT_EQ(row.owner, worker(0).name);
}

// Statement 8.
class HandOver : public LeaseKeeperTest {
 protected:
  /// Two shards of one worker; another one has just asked for one of them.
  void ask() {
    begin(1, 2);
    world.add_worker();
    ASSERT_TRUE(world.run_until([&] { return handing() != nullptr; }, minutes(1)));
    shard = handing()->shard;
  }
  const Lease* handing() {
    for (const auto& [id, row] : world.table.rows) {
      if (row.handed_over()) return &row;
    }
    return nullptr;
  }
  aws::ShardId shard;
};

TEST_F(HandOver, S8_CompletesWithTheLastProgress) {
  ask();
  EXPECT_LT(seconds_until([&] { return worker(1).holdings.contains(shard); }, minutes(1)), 6);
  EXPECT_EQ(stored(shard), 1);
  EXPECT_EQ(worker(0).keeper.counts().handed_over, 1u);
}

TEST_F(HandOver, S8_CompletesIfTheOldOwnerDies) {
  ask();
  world.kill(worker(0));
  EXPECT_LT(seconds_until([&] { return worker(1).holdings.contains(shard); }, minutes(1)), 15);
  EXPECT_EQ(worker(1).keeper.counts().taken_by_force, 0u);
}

TEST_F(HandOver, S8_CompletesIfTheNewOwnerDies) {
  ask();
  world.kill(worker(1));
  EXPECT_LT(seconds_until([&] { return !worker(0).holdings.contains(shard); }, minutes(1)), 6);
  EXPECT_LT(seconds_until([&] { return worker(0).holdings.contains(shard); }, minutes(1)), 15);
}

TEST_F(HandOver, S8_CompletesIfTheProcessorHangs) {
  begin(1, 2);
  worker(0).hangs = true;
  world.add_worker();
  ASSERT_TRUE(world.run_until([&] { return handing() != nullptr; }, minutes(1)));
  shard = handing()->shard;
  EXPECT_LT(seconds_until([&] { return worker(1).holdings.contains(shard); }, minutes(2)), 30 + 10 + 5);
}

TEST(LongHandOver, LeavesTheHolderTimeToWriteWhatItHasReadWhateverTheTimeToFailOver) {
  for (const Duration failover : {seconds(1), seconds(10), seconds(60), seconds(120), seconds(600)}) {
    LeaseWorld world{1};
    world.settings.failover = failover;
    world.drain = seconds(15);
    world.want_shards(2);
    world.add_worker();
    ASSERT_TRUE(world.run_until([&] { return world.held() == 2; }, minutes(1)));
    world.add_worker();
    const LeaseWorld::Worker& first = *world.workers.front();
    ASSERT_TRUE(world.run_until([&] { return world.held(*world.workers.back()) == 1; }, 4 * failover + minutes(1)));
    EXPECT_EQ(first.keeper.counts().handed_over, 1u) << to_seconds(failover);
    EXPECT_EQ(first.keeper.counts().lost, 0u) << to_seconds(failover);
  }
}

TEST_F(HandOver, S8_TakesFromOneThatNeverListens) {
  // A worker of version 2 of the library: it renews by the counter, and knows of no requests.
  world.want_shards(2);
  world.make_rows();
  const WorkerName other("library");
  for (auto& [id, row] : world.table.rows) row.owner = other;
  std::function<void()> renew = [&] {
    for (auto& [id, row] : world.table.rows) {
      if (row.owner == other || row.checkpoint_owner == other) ++row.counter;
    }
    world.loop.after(seconds(3), renew);
  };
  renew();
  world.add_worker();
  EXPECT_LT(seconds_until([&] { return world.held() == 1; }, minutes(3)), 2 + 30 + 10 + 10 + 5);
  EXPECT_EQ(worker(0).keeper.counts().taken_by_force, 1u);
  world.run(minutes(3));
  EXPECT_EQ(world.held(), 1u);
}

// Statement 10.
TEST_F(LeaseKeeperTest, S10_AnOutageOfTheTableStopsTheWritingAndLosesNothing) {
  begin(3, 12);
  world.progress();
  world.run(seconds(5));
  world.faults.down = true;
  world.run(seconds(10));
  for (const auto& each : world.workers) {
    for (const auto& [shard, holding] : each->holdings) {
      EXPECT_FALSE(each->keeper.may_write(shard, holding.fence, world.now(*each)));
    }
  }
  world.run(seconds(60));
  world.faults.down = false;
  EXPECT_LT(seconds_until([&] { return world.held() == 12; }, minutes(1)), 15);
  for (const auto& [shard, row] : world.table.rows) EXPECT_GE(stored(shard), 1);
}

TEST_F(LeaseKeeperTest, S10_AThrottledTableIsOutlived) {
  begin(2, 10);
  world.faults.refused = 0.7;
  for (int i = 0; i < 60; ++i) {
    world.progress();
    world.run(seconds(1));
  }
  world.faults = {};
  world.run(seconds(20));
  EXPECT_EQ(world.held(), 10u);
  for (const auto& [shard, row] : world.table.rows) EXPECT_GT(stored(shard), 10);
}

TEST_F(LeaseKeeperTest, ChildrenHaveRowsBeforeTheirParentsEnd) {
  begin(2, 2);
  LeaseWorld::Worker& holder = *world.holder(kFirst);
  const WantedLease child{.shard = aws::ShardId("child"), .parents = {kFirst, aws::ShardId("shard-1")}};
  world.end_shard(holder, kFirst, {child});
  ASSERT_TRUE(world.run_until([&] { return world.table.rows.at(kFirst).finished(); }, seconds(5)));
  EXPECT_EQ(world.table.rows.at(kFirst).children, std::vector{child.shard});
  world.run(seconds(10));
  EXPECT_EQ(world.holder(child.shard), nullptr) << "its other parent is not at its end";
  world.end_shard(*world.holder(aws::ShardId("shard-1")), aws::ShardId("shard-1"), {child});
  EXPECT_LT(seconds_until([&] { return world.holder(child.shard) != nullptr; }, seconds(20)), 3);
}

TEST(LeaseKeeper, LooksForParentsThatAScanHasNotShown) {
  // A Scan is of several moments: it may have passed the parent's place before the parent's row was made.
  const aws::ShardId parent("parent");
  Lease child{.shard = aws::ShardId("child"), .owner = {}, .checkpoint_owner = {}, .parents = {parent}};
  Lease above{.shard = parent, .owner = {}, .checkpoint_owner = {}};
  const auto takes = [](const LeaseActions& actions, const aws::ShardId& shard) {
    return std::ranges::any_of(actions, [&](const LeaseAction& action) {
      const auto* write = std::get_if<LeaseWrite>(&action);
      const auto* take = write == nullptr ? nullptr : std::get_if<TakeLease>(write);
      return take != nullptr && take->shard == shard;
    });
  };
  for (const bool is_there : {true, false}) {
    LeaseKeeper keeper({.worker = WorkerName("me")}, 1);
    keeper.want({{.shard = child.shard, .parents = {parent}}}, seconds(1));
    const LeaseActions seen = keeper.scanned({child}, seconds(1), seconds(1));
    EXPECT_THAT(seen, testing::Contains(LeaseAction(ReadLease{parent})));
    EXPECT_FALSE(takes(seen, child.shard));
    const auto row = is_there ? std::optional(above) : std::nullopt;
    EXPECT_EQ(takes(keeper.row_read(parent, row, seconds(2)), child.shard), !is_there);
    const LeaseActions again =
        keeper.scanned(is_there ? std::vector{child, above} : std::vector{child}, seconds(9), seconds(9));
    EXPECT_FALSE(is_there && takes(again, child.shard));
  }
}

TEST_F(LeaseKeeperTest, FinishedRowsGoOnceTheirChildrenAreRead) {
  begin(1, 1);
  world.end_shard(worker(0), kFirst, {{.shard = aws::ShardId("child"), .parents = {kFirst}}});
  world.wanted.push_back({.shard = aws::ShardId("child"), .parents = {kFirst}});
  ASSERT_TRUE(world.run_until([&] { return world.holder(aws::ShardId("child")) != nullptr; }, seconds(20)));
  world.run(seconds(10));
  EXPECT_TRUE(world.table.rows.contains(kFirst));
  world.progress();
  world.run(minutes(4));
  EXPECT_TRUE(world.table.rows.contains(kFirst));
  world.run(minutes(2));
  EXPECT_FALSE(world.table.rows.contains(kFirst));
  world.add_worker();  // and nobody who finds the shard listed makes its row anew
  world.run(seconds(30));
  EXPECT_FALSE(world.table.rows.contains(kFirst));
}

TEST_F(LeaseKeeperTest, LeavesLeasesOfOtherStreamsAlone) {
  world.want_shards(1);
  world.make_rows();
  world.table.rows.at(kFirst).stream = "1:other:2";
  world.wanted.clear();
  world.add_worker();
  world.run(minutes(1));
  EXPECT_EQ(world.held(), 0u);
}

}  // namespace
}  // namespace ctk::coordination
