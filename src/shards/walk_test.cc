#include "shards/walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace ctk::shards {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

ShardId id(const std::string& text) { return ShardId(text); }
ListedShard shard(const std::string& name, std::vector<std::string> parents = {}, bool closed = false) {
  ListedShard listed{id(name), {}, closed};
  for (const std::string& parent : parents) listed.parents.push_back(id(parent));
  return listed;
}
const Position kHorizon = Position::trim_horizon();

TEST(ShardWalk, ReadsRootsAtOnce) {
  ShardWalk walk(StartRule{});
  EXPECT_THAT(walk.listed({shard("a"), shard("b")}),
              ElementsAre(WalkAction(AddRow{id("a"), kHorizon}), WalkAction(AddRow{id("b"), kHorizon}),
                          WalkAction(StartReading{id("a"), kHorizon}), WalkAction(MaySend{id("a")}),
                          WalkAction(StartReading{id("b"), kHorizon}), WalkAction(MaySend{id("b")})));
}

TEST(ShardWalk, ReadsAChildAfterItsParentsEndAndSendsItAfterTheAcknowledgement) {
  ShardWalk walk(StartRule{});
  walk.listed({shard("a", {}, true), shard("b", {"a"})});
  EXPECT_EQ(walk.waiting(), 1u);
  EXPECT_THAT(walk.read_to_end(id("a"), {}), ElementsAre(WalkAction(StartReading{id("b"), kHorizon})));
  EXPECT_THAT(walk.finished(id("a")), ElementsAre(WalkAction(MaySend{id("b")})));
}

TEST(ShardWalk, WhatIsFinishedIsGoneOnceTwoListingsLackIt) {
  ShardWalk walk(StartRule{});
  walk.restore({{id("a"), Position::shard_end()}, {id("b"), kHorizon}});
  walk.listed({shard("b", {"a"})});
  EXPECT_FALSE(walk.is_gone(id("a"))) << "that listing may be an old one";
  walk.listed({shard("a", {}, true), shard("b", {"a"})});
  walk.listed({shard("b", {"a"})});
  EXPECT_FALSE(walk.is_gone(id("a")));
  walk.listed({shard("b", {"a"})});
  EXPECT_TRUE(walk.is_gone(id("a")));
  EXPECT_FALSE(walk.is_in_doubt());
  walk.listed({});
  EXPECT_TRUE(walk.is_in_doubt());
  walk.listed({});
  EXPECT_FALSE(walk.is_gone(id("b"))) << "it is lost";
}

TEST(ShardWalk, AClosedShardWithoutAChildTellsThatAListingIsNotWhole) {
  ShardWalk walk(StartRule{});
  walk.listed({shard("a", {}, true), shard("b", {"a"})});
  EXPECT_TRUE(walk.knows_what_follows());
  walk.listed({shard("a", {}, true), shard("b", {"a"}, true)});
  EXPECT_FALSE(walk.knows_what_follows());
  walk.read_to_end(id("b"), {shard("c", {"b"})});
  EXPECT_TRUE(walk.knows_what_follows()) << "wherever that was heard";
}

TEST(ShardWalk, ShowsWhatItKnows) {
  ShardWalk walk(StartRule{});
  walk.listed({shard("a", {}, true), shard("b", {"a"})});
  walk.read_to_end(id("a"), {});
  walk.finished(id("a"));
  EXPECT_THAT(walk.known(), ElementsAre(KnownShard{id("a"), {}, Position::shard_end(), true},
                                        KnownShard{id("b"), {id("a")}, kHorizon, false}));
}

TEST(ShardWalk, AMergeWaitsForBothParents) {
  ShardWalk walk(StartRule{});
  walk.listed({shard("a", {}, true), shard("b", {}, true), shard("c", {"a", "b"})});
  EXPECT_THAT(walk.read_to_end(id("a"), {}), IsEmpty());
  EXPECT_THAT(walk.finished(id("a")), IsEmpty());
  EXPECT_THAT(walk.read_to_end(id("b"), {}), ElementsAre(WalkAction(StartReading{id("c"), kHorizon})));
  EXPECT_THAT(walk.finished(id("b")), ElementsAre(WalkAction(MaySend{id("c")})));
}

TEST(ShardWalk, AMergeThatOneParentTellsOfWaitsForTheOther) {
  ShardWalk walk(StartRule{});
  walk.listed({shard("a"), shard("b")});
  const auto actions = walk.read_to_end(id("a"), {shard("c", {"a", "b"})});
  EXPECT_THAT(actions, ElementsAre(WalkAction(AddRow{id("c"), kHorizon})));
  EXPECT_THAT(walk.children_of(id("b")), ElementsAre(id("c")));
}

TEST(ShardWalk, AMergeWaitsForAParentThatNoListingHasShownYet) {
  ShardWalk walk(StartRule{});
  walk.listed({shard("a")});
  EXPECT_THAT(walk.read_to_end(id("a"), {shard("c", {"a", "b"})}), ElementsAre(WalkAction(AddRow{id("c"), kHorizon})));
  EXPECT_TRUE(walk.misses_parents());
  EXPECT_THAT(walk.finished(id("a")), IsEmpty());
  EXPECT_THAT(walk.listed({shard("a", {}, true), shard("b", {}, true), shard("c", {"a", "b"})}),
              ElementsAre(WalkAction(AddRow{id("b"), kHorizon}), WalkAction(StartReading{id("b"), kHorizon}),
                          WalkAction(MaySend{id("b")})));
  EXPECT_FALSE(walk.misses_parents());
  EXPECT_THAT(walk.read_to_end(id("b"), {}), ElementsAre(WalkAction(StartReading{id("c"), kHorizon})));
}

TEST(ShardWalk, AParentThatAWholeListingLacksIsTrimmed) {
  ShardWalk walk(StartRule{});
  walk.listed({shard("a")});
  walk.read_to_end(id("a"), {shard("c", {"a", "b"})});
  EXPECT_THAT(walk.listed({shard("a", {}, true), shard("c", {"a", "b"})}),
              ElementsAre(WalkAction(StartReading{id("c"), kHorizon})));
}

TEST(ShardWalk, KnowsAClosedShardByItsListingOrByItsChildren) {
  ShardWalk walk(StartRule{});
  walk.listed({shard("a", {}, true), shard("b"), shard("c", {"b"}), shard("d")});
  EXPECT_TRUE(walk.closed(id("a")));
  EXPECT_TRUE(walk.closed(id("b")));
  EXPECT_FALSE(walk.closed(id("d")));
}

TEST(ShardWalk, TrimmedParentsHoldNobodyUp) {
  ShardWalk walk(StartRule{});
  EXPECT_THAT(walk.listed({shard("b", {"long-gone"})}), ::testing::SizeIs(3));
}

TEST(ShardWalk, SegmentsThatAreStoredSayNothingOfTheStream) {
  const Timestamp cut{std::chrono::seconds(7)};
  StartRule rule;
  rule.kind = StartRule::Kind::at_timestamp;
  rule.time = cut;
  ShardWalk walk(rule);
  walk.restore({{id("load:00001:000/001"), kHorizon}});
  walk.listed({shard("a"), shard("load:00001:000/001")});
  EXPECT_EQ(walk.beginning_of(id("a")), Position::at_timestamp(cut));
  EXPECT_EQ(walk.beginning_of(id("load:00001:000/001")), kHorizon);
}

TEST(ShardWalk, LatestMarksClosedShardsFinishedAndTheirChildrenRead) {
  StartRule rule;
  rule.kind = StartRule::Kind::at_timestamp;
  rule.time = from_micros(1'700'000'000'000'000);
  rule.closed_are_finished = true;
  ShardWalk walk(rule);
  const Position now = Position::at_timestamp(rule.time);
  EXPECT_THAT(walk.listed({shard("a", {}, true), shard("b", {"a"})}),
              ElementsAre(WalkAction(AddRow{id("a"), Position::shard_end()}), WalkAction(AddRow{id("b"), now}),
                          WalkAction(StartReading{id("b"), now}), WalkAction(MaySend{id("b")})));
}

TEST(ShardWalk, ShardsThatAppearLaterBeginAtTheHorizonWhateverTheStart) {
  StartRule rule;
  rule.kind = StartRule::Kind::at_timestamp;
  rule.time = from_micros(1'700'000'000'000'000);
  ShardWalk walk(rule);
  walk.listed({shard("a")});
  EXPECT_THAT(walk.listed({shard("a"), shard("b")}),
              ElementsAre(WalkAction(AddRow{id("b"), kHorizon}), WalkAction(StartReading{id("b"), kHorizon}),
                          WalkAction(MaySend{id("b")})));
}

TEST(ShardWalk, RestoredPositionsWinAndNewcomersBeginAtTheHorizon) {
  ShardWalk walk(StartRule{});
  const Position after = Position::after(aws::SequenceNumber("17"));
  walk.restore({{id("a"), Position::shard_end()}, {id("b"), after}});
  EXPECT_THAT(
      walk.listed({shard("a", {}, true), shard("b", {"a"}), shard("c")}),
      ElementsAre(WalkAction(AddRow{id("c"), kHorizon}), WalkAction(StartReading{id("b"), after}),
                  WalkAction(MaySend{id("b")}), WalkAction(StartReading{id("c"), kHorizon}), WalkAction(MaySend{id("c")})));
}

TEST(ShardWalk, AStoredUnfinishedShardThatIsGoneIsLostOnceAndBlocksItsChildrenUntilGivenUp) {
  ShardWalk walk(StartRule{});
  const Position after = Position::after(aws::SequenceNumber("17"));
  walk.restore({{id("a"), after}});
  EXPECT_THAT(walk.listed({shard("b", {"a"})}), ElementsAre(WalkAction(AddRow{id("b"), kHorizon})));
  EXPECT_TRUE(walk.suspects_loss());
  EXPECT_THAT(walk.listed({shard("b", {"a"})}), ElementsAre(WalkAction(LostShard{id("a"), after})));
  EXPECT_FALSE(walk.suspects_loss());
  EXPECT_THAT(walk.listed({shard("b", {"a"})}), IsEmpty());
  EXPECT_THAT(walk.give_up(id("a")),
              ElementsAre(WalkAction(StartReading{id("b"), kHorizon}), WalkAction(MaySend{id("b")})));
}

TEST(ShardWalk, WhatMayFollowALostShardWaitsUntilItsLossIsSaid) {
  ShardWalk walk(StartRule{});
  walk.restore({{id("a"), Position::after(aws::SequenceNumber("1"))}});
  // The children of "a" came and went meanwhile: nobody knows "b".
  const std::vector<ListedShard> listing = {shard("c", {"b"})};
  EXPECT_THAT(walk.listed(listing), ElementsAre(WalkAction(AddRow{id("c"), kHorizon})));
  EXPECT_THAT(walk.listed(listing), ElementsAre(WalkAction(LostShard{id("a"), Position::after(aws::SequenceNumber("1"))})));
  EXPECT_THAT(walk.give_up(id("a")),
              ElementsAre(WalkAction(StartReading{id("c"), kHorizon}), WalkAction(MaySend{id("c")})));
}

TEST(ShardWalk, FromTheHorizonIsDueSinceTheBeginning) {
  StartRule rule;
  rule.time = from_micros(17);
  ShardWalk walk(rule);
  walk.listed({shard("a")});
  EXPECT_EQ(walk.beginning_of(id("a")), Position::trim_horizon(from_micros(17)));
  walk.read_to_end(id("a"), {shard("b", {"a"})});
  EXPECT_EQ(walk.beginning_of(id("b")), kHorizon);
}

TEST(ShardWalk, AShardBeginsWhereItsRowSaysByNow) {
  ShardWalk walk(StartRule{});
  walk.listed({shard("a", {}, true), shard("b", {"a"})});
  const Position moved = Position::after(aws::SequenceNumber("7"));
  walk.found_row(id("b"), moved);
  EXPECT_FALSE(walk.may_read(id("b")));
  EXPECT_THAT(walk.finished(id("a")), ElementsAre(WalkAction(StartReading{id("b"), moved}), WalkAction(MaySend{id("b")})));
  EXPECT_TRUE(walk.may_read(id("b")));
  EXPECT_TRUE(walk.may_send(id("b")));
  walk.found_row(id("c"), moved);
  EXPECT_TRUE(walk.knows(id("c")));
  EXPECT_THAT(walk.listed({shard("a", {}, true), shard("b", {"a"}), shard("c")}),
              ElementsAre(WalkAction(StartReading{id("c"), moved}), WalkAction(MaySend{id("c")})));
  walk.finished(id("c"));
  EXPECT_TRUE(walk.is_finished(id("c")));
  EXPECT_FALSE(walk.may_read(id("c")));
}

TEST(ShardWalk, AListingOlderThanAShardDoesNotLoseIt) {
  ShardWalk walk(StartRule{});
  walk.listed({shard("a", {}, true)});
  walk.read_to_end(id("a"), {shard("b", {"a"})});
  EXPECT_THAT(walk.listed({shard("a", {}, true)}), IsEmpty()) << "this listing was asked for before the split";
  EXPECT_THAT(walk.listed({shard("a", {}, true), shard("b", {"a"})}), IsEmpty());
  EXPECT_THAT(walk.listed({shard("a", {}, true)}), IsEmpty()) << "the count begins anew";
}

TEST(ShardWalk, AFinishedShardMayLeaveTheListing) {
  ShardWalk walk(StartRule{});
  walk.listed({shard("a", {}, true), shard("b", {"a"})});
  walk.read_to_end(id("a"), {});
  EXPECT_THAT(walk.listed({shard("b", {"a"})}), IsEmpty()) << "its end was read; only acknowledgements are missing";
  walk.finished(id("a"));
  EXPECT_FALSE(walk.all_finished());
  walk.read_to_end(id("b"), {});
  walk.finished(id("b"));
  EXPECT_TRUE(walk.all_finished());
}

TEST(ShardWalk, ForgetsFinishedShardsOnceTwoLooksFoundThemTrimmed) {
  ShardWalk walk(StartRule{});
  walk.listed({shard("a", {}, true), shard("b", {"a"})});
  walk.read_to_end(id("a"), {});
  EXPECT_THAT(walk.forget_trimmed(), IsEmpty()) << "it is listed";
  walk.listed({shard("b", {"a"})});
  EXPECT_THAT(walk.forget_trimmed(), IsEmpty());
  EXPECT_THAT(walk.forget_trimmed(), IsEmpty()) << "its end is not stored, and its child waits for that";
  walk.finished(id("a"));
  EXPECT_THAT(walk.forget_trimmed(), IsEmpty());
  walk.listed({shard("a", {}, true), shard("b", {"a"})});
  EXPECT_THAT(walk.forget_trimmed(), IsEmpty()) << "that listing raced";
  walk.listed({shard("b", {"a"})});
  EXPECT_THAT(walk.forget_trimmed(), IsEmpty());
  EXPECT_THAT(walk.forget_trimmed(), ElementsAre(id("a")));
  EXPECT_THAT(walk.listed({shard("b", {"a"})}), IsEmpty());
  EXPECT_FALSE(walk.misses_parents());
  EXPECT_TRUE(walk.parents_of(id("a")).empty());
}

TEST(ShardWalk, KeepsAFinishedShardWhoseChildWaits) {
  ShardWalk walk(StartRule{});
  walk.listed({shard("a", {}, true), shard("b", {}, true), shard("c", {"a", "b"})});
  walk.read_to_end(id("a"), {});
  walk.finished(id("a"));
  walk.listed({shard("b", {}, true), shard("c", {"a", "b"})});
  for (int i = 0; i < 3; ++i) EXPECT_THAT(walk.forget_trimmed(), IsEmpty());
  walk.read_to_end(id("b"), {});
  walk.finished(id("b"));
  EXPECT_THAT(walk.forget_trimmed(), ElementsAre(id("a")));
}

// A random lineage, finished in random order: nothing is read before its parents' ends, nothing sent before their finish,
// everything is read in the end.
RC_GTEST_PROP(ShardWalk, NeverReadsAChildBeforeItsParents, ()) {
  const int count = *rc::gen::inRange(1, 20);
  std::vector<ListedShard> all;
  for (int i = 0; i < count; ++i) {
    std::vector<std::string> parents;
    for (int p = 0; p < 2 && i > 0; ++p) {
      if (*rc::gen::arbitrary<bool>()) parents.push_back("s" + std::to_string(*rc::gen::inRange(0, i)));
    }
    all.push_back(shard("s" + std::to_string(i), parents));
  }
  ShardWalk walk(StartRule{});
  std::set<ShardId> reading, sending, read, done;
  auto apply = [&](const std::vector<WalkAction>& actions) {
    for (const WalkAction& action : actions) {
      if (const auto* start = std::get_if<StartReading>(&action)) reading.insert(start->shard);
      if (const auto* send = std::get_if<MaySend>(&action)) sending.insert(send->shard);
    }
    for (const ListedShard& listed : all) {
      for (const ShardId& parent : listed.parents) {
        if (reading.contains(listed.id)) RC_ASSERT(read.contains(parent));
        if (sending.contains(listed.id)) RC_ASSERT(done.contains(parent));
      }
    }
  };
  apply(walk.listed(all));
  for (int step = 0; step < 10 * count && !walk.all_finished(); ++step) {
    std::vector<ShardId> unread, unfinished;
    for (const ShardId& s : reading) {
      if (!read.contains(s))
        unread.push_back(s);
      else if (!done.contains(s) && sending.contains(s))
        unfinished.push_back(s);
    }
    if (!unread.empty() && (unfinished.empty() || *rc::gen::arbitrary<bool>())) {
      const ShardId pick = *rc::gen::elementOf(unread);
      read.insert(pick);
      apply(walk.read_to_end(pick, {}));
    } else if (!unfinished.empty()) {
      const ShardId pick = *rc::gen::elementOf(unfinished);
      done.insert(pick);
      apply(walk.finished(pick));
    }
  }
  RC_ASSERT(walk.all_finished());
}

}  // namespace
}  // namespace ctk::shards
