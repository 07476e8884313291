#include "relay/lineage.h"

#include <gtest/gtest.h>

namespace ctk::relay {
namespace {

using aws::ShardId;
using shards::Position;
using std::chrono::hours;
using std::chrono::seconds;

const Timestamp kNoon = from_micros(1'795'000'000'000'000);
const ShardId kParent("a"), kOther("b"), kChild("c");

coordination::StoredPosition row(const ShardId& shard, Timestamp read_to = kNoTime) {
  coordination::StoredPosition row;
  row.shard = shard;
  row.read_to = read_to;
  row.fence = 5;
  return row;
}

/// Two parents that have rows, and their child.
Lineage lineage() {
  Lineage lineage;
  lineage.acquired({}, {7, {row(kParent, kNoon), row(kOther, kNoon + seconds(5))}});
  lineage.walk().listed({{kParent, {}, true}, {kOther, {}, true}, {kChild, {kParent, kOther}, false}});
  return lineage;
}

TEST(Lineage, TheEndOfAParentMakesItsChildrensRows) {
  Lineage one = lineage();
  one.want_row(kChild);
  EXPECT_FALSE(one.has_row(kChild));
  ASSERT_EQ(one.children_rows(kParent).size(), 1u);
  EXPECT_EQ(one.children_rows(kParent)[0].shard, kChild);
  one.end_stored(kParent, {}, kNoon);
  EXPECT_FALSE(one.has_row(kChild)) << "it was found after that end was on its way";
  one.end_stored(kOther, one.children_rows(kOther), kNoon);
  EXPECT_TRUE(one.has_row(kChild));
}

TEST(Lineage, ARowThatAnotherWorkerMovedTellsHowFarItsShardWasRead) {
  Lineage one = lineage();
  one.want_row(kOther);
  one.saw_row(row(kOther, kNoon + seconds(60)));
  EXPECT_EQ(one.stored_read_to(kOther), kNoon + seconds(60));
  EXPECT_TRUE(one.has_row(kOther));
}

TEST(Lineage, AChildIsDueSinceAllItsParentsWereReadAndHoldsNothingOlder) {
  const Lineage one = lineage();
  const auto stored = [&](const ShardId& shard) { return one.stored_read_to(shard); };
  EXPECT_EQ(one.due_since(kChild, Position::trim_horizon(), stored), kNoon + seconds(5));
  EXPECT_EQ(one.due_since(kChild, Position::at_timestamp(kNoon + seconds(9)), stored), kNoon + seconds(9));
  EXPECT_EQ(one.parents_read_to(kChild, stored), kNoon);
  EXPECT_EQ(one.due_since(kParent, Position::trim_horizon(), stored), kNoTime);
  EXPECT_EQ(one.parents_read_to(kChild, [](const ShardId&) { return kNoTime; }), kNoTime);
}

TEST(Lineage, WhatALossMissesItsChildrenDoNotMissAgain) {
  Lineage one = lineage();
  EXPECT_TRUE(one.goes_on());
  one.forget_read_to(kParent);
  EXPECT_EQ(one.stored_read_to(kParent), kNoTime);
}

TEST(Lineage, AllShardsOfATimeAreKnownFromAWholeListingThatWasBegunThen) {
  Lineage one;
  one.acquired({}, {7, {row(kParent)}});
  EXPECT_FALSE(one.knows_all_of(kNoon));
  one.walk().listed({{kParent, {}, true}});
  one.took_listing(kNoon + seconds(9), false);
  EXPECT_FALSE(one.knows_all_of(kNoon)) << "what follows it was there too";
  one.walk().listed({{kParent, {}, true}, {kChild, {kParent}, false}});
  one.took_listing(kNoon - seconds(1), false);
  EXPECT_FALSE(one.knows_all_of(kNoon));
  one.took_listing(kNoon, false);
  EXPECT_TRUE(one.knows_all_of(kNoon));
  one.walk().listed({{kParent, {}, true}, {kChild, {kParent}, true}});
  one.took_listing(kNoon + seconds(1), true);
  EXPECT_TRUE(one.knows_all_of(kNoon + seconds(1))) << "the stream has ended";
}

/// A shard that has ended, whose child is read.
struct PruningTest : testing::Test {
  PruningTest() {
    coordination::StoredPosition ended = row(kParent, kNoon);
    ended.position = Position::shard_end();
    ended.updated = kNoon;
    one.acquired({}, {7, {ended, row(kChild)}});
    list({kChild});
    list({kChild});
  }

  void list(const std::vector<ShardId>& ids) {
    std::vector<shards::ListedShard> listed;
    for (const ShardId& id : ids)
      listed.push_back({id, id == kChild ? std::vector{kParent} : std::vector<ShardId>{}, id == kParent});
    one.walk().listed(listed);
  }
  std::vector<ShardId> prunable(Duration after) {
    std::vector<ShardId> shards;
    const std::map<ShardId, Timestamp> taken =
        one.take_prunable(kNoon + after, hours(24), [this](const ShardId&) { return child_read_to; });
    for (const auto& [shard, ended_at] : taken) shards.push_back(shard);
    one.not_pruned(taken);
    return shards;
  }

  Lineage one;
  Timestamp child_read_to = kNoon;
};

TEST_F(PruningTest, WhatHasEndedLongAgoIsNotNeeded) {
  EXPECT_TRUE(prunable(hours(25)).empty());
  EXPECT_EQ(prunable(hours(25) + seconds(1)), std::vector{kParent});
  one.take_prunable(kNoon + hours(26), hours(24), [](const ShardId&) { return kNoon; });
  EXPECT_TRUE(prunable(hours(26)).empty()) << "once";
}

TEST_F(PruningTest, UnlessItsChildWasNotReadYet) {
  child_read_to = kNoTime;
  EXPECT_TRUE(prunable(hours(26)).empty());
}

TEST_F(PruningTest, UnlessTheStreamStillHasIt) {
  list({kParent, kChild});
  EXPECT_TRUE(prunable(hours(26)).empty()) << "a restart would read it again";
  list({kChild});
  EXPECT_TRUE(prunable(hours(26)).empty()) << "one listing proves nothing";
}

TEST_F(PruningTest, UnlessAShardMayBeLost) {
  list({});
  EXPECT_TRUE(prunable(hours(26)).empty());
  list({kChild});
  list({kChild, ShardId("d")});
  EXPECT_EQ(prunable(hours(26)), std::vector{kParent});
}

TEST_F(PruningTest, UnlessNoRowWouldSayThatTheStreamWasRead) {
  one.end_stored(kChild, {}, kNoon + hours(20));
  EXPECT_TRUE(prunable(hours(26)).empty());
}

TEST(Lineage, ChildrenAreAskedForUntilTheyAreNamed) {
  Lineage one;
  one.acquired({}, {7, {row(kParent)}});
  one.walk().listed({{kParent, {}, true}});
  for (int times = 1; times <= 6; ++times) {
    const Lineage::LookUp answer = one.looked_up(kParent, false);
    EXPECT_FALSE(answer.known || answer.outage) << times;
    EXPECT_EQ(answer.pause, std::chrono::milliseconds(100 << times));
  }
  EXPECT_TRUE(one.looked_up(kParent, false).outage) << "every shard of such a stream has children";
  one.walk().read_to_end(kParent, {{kChild, {kParent}, false}});
  EXPECT_TRUE(one.looked_up(kParent, false).known);
}

TEST(Lineage, AnEndMayHaveNoChildren) {
  Lineage one;
  one.acquired({}, {7, {row(kParent)}});
  one.walk().listed({{kParent, {}, true}});
  for (int times = 1; times < 6; ++times) EXPECT_FALSE(one.looked_up(kParent, true).known) << times;
  EXPECT_TRUE(one.looked_up(kParent, true).known);
}

TEST(Lineage, ListingsThatFailAreRepeatedMoreAndMoreRarely) {
  Lineage one = lineage();
  Random random(1);
  EXPECT_FALSE(one.lists_again_soon());
  EXPECT_LE(one.listing_failed(seconds(0), random), seconds(1));
  EXPECT_TRUE(one.lists_again_soon());
  for (int times = 1; times < 10; ++times) one.listing_failed(seconds(0), random);
  EXPECT_GE(one.listing_failed(seconds(0), random), Lineage::kLongestPause / 2);
  one.listed();
  EXPECT_FALSE(one.lists_again_soon());
  EXPECT_LE(one.listing_failed(seconds(0), random), seconds(1));
}

TEST(Lineage, OneListingAtATimeAndAnswersThatAreAwaited) {
  Lineage one = lineage();
  EXPECT_FALSE(one.is_asking());
  EXPECT_TRUE(one.begin_listing(seconds(7)));
  EXPECT_FALSE(one.begin_listing(seconds(8)));
  EXPECT_EQ(one.listing_since(), seconds(7));
  one.ask_for_lost();
  one.end_listing();
  EXPECT_TRUE(one.is_asking());
  one.lost_answered();
  EXPECT_FALSE(one.is_asking());
}

TEST(Lineage, ANewOneHasAcquiredNothing) {
  const Lineage one;
  EXPECT_FALSE(one.is_acquired());
  EXPECT_FALSE(one.goes_on());
}

}  // namespace
}  // namespace ctk::relay
