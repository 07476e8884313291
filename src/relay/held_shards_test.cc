#include "relay/held_shards.h"

#include <gtest/gtest.h>

namespace ctk::relay {
namespace {

using aws::ShardId;
using Standing = HeldShards::Standing;

const ShardId kParent("a"), kOther("b"), kChild("c");

coordination::StoredPosition row(const ShardId& shard, coordination::Fence fence = 5) {
  coordination::StoredPosition row;
  row.shard = shard;
  row.fence = fence;
  return row;
}

HeldShards alone() {
  HeldShards held;
  held.acquired({7, {row(kParent), row(kOther)}});
  return held;
}

HeldShards shared() {
  HeldShards held;
  held.share();
  return held;
}

TEST(HeldShards, WhatIsAskedForIsHeldUntilItIsLost) {
  HeldShards held = shared();
  held.assigned({kParent});
  ASSERT_TRUE(held.took(kParent, 8));
  held.asked_for(kParent, std::chrono::seconds(3));
  held.asked_for(kParent, std::chrono::seconds(9));
  EXPECT_TRUE(held.has(kParent));
  EXPECT_EQ(held.all_asked_for().at(kParent), Duration(std::chrono::seconds(3))) << "whoever asks waits since then";
  EXPECT_EQ(held.lost(kParent), Standing::held);
  EXPECT_FALSE(held.is_asked_for(kParent));
}

TEST(HeldShards, AloneEachHasAFenceOfItsOwn) {
  HeldShards held = alone();
  EXPECT_EQ(held.fence_of(kParent), 5);
  EXPECT_EQ(held.fence_of(kChild), 7) << "its row is made under the acquisition";
  held.made_with_end_of(kParent, kChild);
  EXPECT_EQ(held.fence_of(kChild), 5) << "that is made with its parent's end";
  EXPECT_TRUE(held.has(ShardId("found a moment ago")));
}

TEST(HeldShards, RowsUnderANewerFenceAreAnotherWorkers) {
  const HeldShards held = alone();
  EXPECT_TRUE(held.taken_by_others({row(kParent), row(kOther), row(ShardId("finished long ago"))}).empty());
  ASSERT_EQ(held.taken_by_others({row(kParent), row(kOther, 8)}).size(), 1u);
  EXPECT_EQ(held.taken_by_others({row(kParent), row(kOther, 8)})[0].shard, kOther);
  EXPECT_EQ(held.taken_by_others({row(ShardId("found by them"), 8)}).size(), 1u);
}

TEST(HeldShards, SharedOnesAreHeldFromTheirTakingOn) {
  HeldShards held = shared();
  EXPECT_EQ(held.standing_of(kParent), Standing::anothers);
  EXPECT_EQ(held.assigned({kParent, kOther}), (std::vector<ShardId>{kParent, kOther}));
  EXPECT_TRUE(held.assigned({kParent}).empty()) << "that is under way";
  EXPECT_EQ(held.standing_of(kParent), Standing::assigned);
  EXPECT_FALSE(held.has(kParent));
  EXPECT_TRUE(held.took(kParent, 9));
  EXPECT_TRUE(held.has(kParent));
  EXPECT_EQ(held.fence_of(kParent), 9);
}

TEST(HeldShards, WhatWasLostWhileItWasTakenIsNotHeld) {
  HeldShards held = shared();
  held.assigned({kParent});
  EXPECT_EQ(held.lost(kParent), Standing::assigned);
  EXPECT_FALSE(held.took(kParent, 9));
  EXPECT_FALSE(held.has(kParent));
  EXPECT_EQ(held.lost(kParent), Standing::anothers);
}

TEST(HeldShards, OthersMayHoldWhateverIsNotHeld) {
  HeldShards held = shared();
  held.assigned({kParent});
  held.took(kParent, 9);
  EXPECT_TRUE(held.taken_by_others({row(kParent, 9), row(kOther, 10), row(kChild, 11)}).empty());
  ASSERT_EQ(held.taken_by_others({row(kParent, 10), row(kOther, 10)}).size(), 1u);
  held.made_with_end_of(kParent, kChild);
  EXPECT_FALSE(held.has(kChild)) << "a child is anybody's";
}

}  // namespace
}  // namespace ctk::relay
