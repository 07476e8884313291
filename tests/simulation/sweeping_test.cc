// What a tombstone guards against, case by case: while an older change may still come, it stays; once none can, it goes.
#include <gtest/gtest.h>

#include "simulation/streams_rig.h"

namespace ctk::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

enum class Found { living, tombstone, nothing };

Found found(const StreamsRig& rig, const std::string& pk) {
  const auto table = rig.state.tables.find("public.demo");
  if (table == rig.state.tables.end()) return Found::nothing;
  const auto row = table->second.find(R"({"pk":{"S":")" + pk + R"("}})");
  if (row == table->second.end()) return Found::nothing;
  return row->second.deleted ? Found::tombstone : Found::living;
}

bool becomes(StreamsRig& rig, const std::string& pk, Found what) {
  return rig.live_until([&] { return found(rig, pk) == what; }, minutes(2));
}

TEST(Sweeping, WhatAnotherRelayHasNotReadYetMayComeHoweverLongItIsDead) {
  StreamsRig rig;
  rig.options.positions_name = "first";
  rig.start();
  rig.put("a", 1);
  ASSERT_TRUE(becomes(rig, "a", Found::living));
  rig.options.positions_name = "second";
  rig.start();
  rig.put("b", 1);
  ASSERT_TRUE(becomes(rig, "b", Found::living));
  rig.remove("a");
  ASSERT_TRUE(becomes(rig, "a", Found::tombstone));
  rig.live(minutes(30));
  EXPECT_EQ(found(rig, "a"), Found::tombstone) << "the first one stands before it";
  rig.options.positions_name = "first";
  rig.start();
  EXPECT_TRUE(becomes(rig, "a", Found::nothing));
  EXPECT_EQ(rig.wrong(), "");
}

TEST(Sweeping, WhatAnOpenDeadLetterHoldsMayBeReplayed) {
  StreamsRig rig;
  rig.knobs.poison = "POISON";
  rig.start();
  rig.put("POISON", 1);
  ASSERT_TRUE(rig.live_until([&] { return !rig.state.dead_letters.empty(); }, minutes(2)));
  rig.remove("POISON");
  ASSERT_TRUE(becomes(rig, "POISON", Found::tombstone));
  rig.live(minutes(30));
  EXPECT_EQ(found(rig, "POISON"), Found::tombstone);
  rig.state.dead_letters.clear();
  EXPECT_TRUE(becomes(rig, "POISON", Found::nothing));
}

/// A write whose client gave up on it is done up to five minutes later. Whether the item came back that was deleted
/// meanwhile.
bool is_revived(uint64_t seed, std::optional<Duration> floor) {
  StreamsRig rig(1, seed);
  rig.knobs.transactional = false;
  rig.options.sweep.floor = floor;
  rig.start();
  rig.put("other", 1);
  EXPECT_TRUE(becomes(rig, "other", Found::living));
  rig.knobs.straggler = 1;
  rig.put("a", 1);
  rig.live(seconds(10));
  rig.knobs.straggler = 0;
  EXPECT_TRUE(becomes(rig, "a", Found::living));
  rig.remove("a");
  EXPECT_TRUE(becomes(rig, "a", Found::tombstone));
  const bool came_back = rig.live_until([&] { return found(rig, "a") == Found::living; }, minutes(40));
  EXPECT_EQ(found(rig, "a"), came_back ? Found::living : Found::nothing) << "in the end it is swept";
  return came_back;
}

TEST(Sweeping, WhereNothingIsFencedAWriteMayArriveUntilTheFloorHasPassed) {
  int without_floor = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    EXPECT_FALSE(is_revived(seed, std::nullopt)) << "seed " << seed;
    without_floor += is_revived(seed, Duration{}) ? 1 : 0;
  }
  EXPECT_GT(without_floor, 0) << "the floor is what holds it off";
}

/// Where positions go with the rows, what is read again after a crash is what was not written.
TEST(Sweeping, WhereWritesAreFencedItGoesAsSoonAsTheStoreHasPassedIt) {
  StreamsRig rig;
  rig.start();
  rig.put("a", 1);
  ASSERT_TRUE(becomes(rig, "a", Found::living));
  rig.remove("a");
  ASSERT_TRUE(becomes(rig, "a", Found::tombstone));
  rig.put("b", 1);
  EXPECT_TRUE(becomes(rig, "a", Found::nothing));
  rig.start();
  rig.live(minutes(5));
  EXPECT_EQ(found(rig, "a"), Found::nothing);
  EXPECT_EQ(rig.wrong(), "");
}

}  // namespace
}  // namespace ctk::simulation
