#include "observe/health.h"

#include <gmock/gmock.h>

namespace ctk::observe {
namespace {

using aws::ShardId;
using relay::RelayView;
using relay::ShardView;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const Timestamp kNoon = from_micros(1'795'000'000'000'000);

shards::Position at(int number) { return shards::Position::after(aws::SequenceNumber(std::to_string(number))); }

ShardView shard(const std::string& id, int position, Timestamp proven_to = kNoTime) {
  ShardView view;
  view.id = ShardId(id);
  view.state = ShardView::State::reading;
  view.position = at(position);
  view.proven_to = proven_to;
  return view;
}

RelayView running(std::vector<ShardView> shards) {
  RelayView view;
  view.state = RelayView::State::running;
  view.shards = std::move(shards);
  return view;
}

std::vector<std::string> reasons_after(HealthWatch& watch, const RelayView& view, int second) {
  return watch.look(view, seconds(second)).reasons;
}

TEST(Health, AShardThatMovesIsWell) {
  HealthWatch watch(seconds(60));
  for (int second = 0; second < 300; second += 50)
    EXPECT_THAT(reasons_after(watch, running({shard("a", second)}), second), IsEmpty());
}

TEST(Health, LeasesThatCannotBeKeptAreAReason) {
  HealthWatch watch(seconds(60));
  RelayView view = running({});
  view.leases.emplace();
  EXPECT_THAT(reasons_after(watch, view, 0), IsEmpty());
  view.leases->outage = coordination::LeaseOutage{seconds(4), "lease table 'x' is not there any more"};
  EXPECT_THAT(reasons_after(watch, view, 1),
              ElementsAre("the leases cannot be kept for 4 s: lease table 'x' is not there any more"));
  EXPECT_FALSE(watch.look(view, seconds(2)).is_stuck) << "an outage of the table's, which may be restored";
}

TEST(Health, AShardThatNobodyTakesIsRedBehindTheWindow) {
  HealthWatch watch(seconds(60));
  RelayView view = running({shard("free", 1), shard("another's", 1)});
  view.shards[0].state = ShardView::State::waiting;
  view.shards[1].state = ShardView::State::elsewhere;
  EXPECT_THAT(reasons_after(watch, view, 0), IsEmpty());
  EXPECT_THAT(reasons_after(watch, view, 61), ElementsAre("shard free has been read by no worker for 61 s"));
}

TEST(Health, AShardThatIsProvenEmptyIsWell) {
  HealthWatch watch(seconds(60));
  for (int second = 0; second < 300; second += 50)
    EXPECT_THAT(reasons_after(watch, running({shard("a", 1, kNoon + seconds(second))}), second), IsEmpty());
}

TEST(Health, AShardThatDoesNeitherIsRedBehindTheWindowAndGreenByItself) {
  HealthWatch watch(seconds(60));
  const RelayView still = running({shard("a", 1, kNoon), shard("b", 7)});
  EXPECT_THAT(reasons_after(watch, still, 0), IsEmpty());
  EXPECT_THAT(reasons_after(watch, still, 60), IsEmpty());
  EXPECT_THAT(reasons_after(watch, still, 61), ElementsAre("shard a has neither moved nor been proven empty for 61 s",
                                                           "shard b has neither moved nor been proven empty for 61 s"));
  EXPECT_THAT(reasons_after(watch, running({shard("a", 2), shard("b", 7)}), 62), SizeIs(1));
  EXPECT_THAT(reasons_after(watch, running({shard("a", 2), shard("b", 7, kNoon)}), 63), IsEmpty());
}

TEST(Health, WhatWasReadAndIsNotWrittenIsNoProofOfEmptiness) {
  HealthWatch watch(seconds(60));
  reasons_after(watch, running({shard("a", 1, kNoon)}), 0);
  EXPECT_THAT(reasons_after(watch, running({shard("a", 1)}), 70), SizeIs(1));
}

TEST(Health, AShardWaitsForParentsAsLongAsTheyAreThere) {
  HealthWatch watch(seconds(60));
  ShardView child = shard("b", 1);
  child.state = ShardView::State::waiting;
  child.waits_for_parents = true;
  child.parents = {ShardId("a")};
  for (int second = 0; second <= 120; second += 40)
    EXPECT_THAT(reasons_after(watch, running({shard("a", second), child}), second), IsEmpty());
  EXPECT_THAT(reasons_after(watch, running({child}), 180), IsEmpty());
  EXPECT_THAT(reasons_after(watch, running({child}), 200), ElementsAre("shard b has waited for its parents for 80 s"));
}

TEST(Health, WhatIsFinishedOrAsFarAsABoundedRunReadsIsNotExpectedToMove) {
  HealthWatch watch(seconds(60));
  ShardView finished = shard("a", 1), at_tip = shard("b", 1);
  finished.state = ShardView::State::finished;
  at_tip.state = ShardView::State::at_tip;
  at_tip.at_newest = true;
  reasons_after(watch, running({finished, at_tip}), 0);
  EXPECT_THAT(reasons_after(watch, running({finished, at_tip}), 100), IsEmpty());
}

TEST(Health, AnEndThatIsNotStoredIsAReason) {
  HealthWatch watch(seconds(60));
  ShardView ended = shard("a", 1);
  ended.state = ShardView::State::ended;
  reasons_after(watch, running({ended}), 0);
  EXPECT_THAT(reasons_after(watch, running({ended}), 61), ElementsAre("the end of shard a has not been stored for 61 s"));
}

TEST(Health, ASideThatDoesNotWorkIsAReasonAtOnce) {
  HealthWatch watch(seconds(60));
  RelayView view = running({});
  view.outages.push_back({relay::Side::target, seconds(2), "target unreachable for 2 s", "connection refused"});
  EXPECT_THAT(reasons_after(watch, view, 0), ElementsAre("target unreachable for 2 s: connection refused"));
}

TEST(Health, StuckIsWhatNoOutageExplains) {
  HealthWatch watch(seconds(60));
  RelayView view = running({shard("a", 1)});
  EXPECT_FALSE(watch.look(view, seconds(0)).is_stuck);
  EXPECT_TRUE(watch.look(view, seconds(61)).is_stuck);
  view.outages.push_back({relay::Side::target, seconds(2), "target unreachable for 2 s", "connection refused"});
  EXPECT_FALSE(watch.look(view, seconds(62)).is_stuck);
}

TEST(Health, AnAnswerThatDoesNotComeIsAReason) {
  HealthWatch watch(seconds(60));
  RelayView view = running({});
  view.pending.push_back({"listing the shards", seconds(60)});
  EXPECT_THAT(reasons_after(watch, view, 0), IsEmpty());
  view.pending.back().lasts = seconds(61);
  EXPECT_THAT(reasons_after(watch, view, 1), ElementsAre("listing the shards has had no answer for 61 s"));
}

TEST(Health, AStartThatDoesNotEndIsAReason) {
  HealthWatch watch(seconds(60));
  EXPECT_THAT(reasons_after(watch, RelayView{}, 0), IsEmpty());
  EXPECT_THAT(reasons_after(watch, RelayView{}, 61), ElementsAre("the relay has been starting for 61 s"));
  EXPECT_THAT(reasons_after(watch, running({}), 62), IsEmpty());
}

TEST(Health, ALoadWhoseEndDoesNotComeIsAReason) {
  HealthWatch watch(seconds(60));
  ShardView segment = shard("segment", 1);
  segment.segment = true;
  RelayView view = running({segment});
  view.state = RelayView::State::loading;
  reasons_after(watch, view, 49);
  view.shards.back().state = ShardView::State::finished;
  EXPECT_THAT(reasons_after(watch, view, 50), IsEmpty());
  EXPECT_THAT(reasons_after(watch, view, 110), ElementsAre("the load has not ended for 61 s"));
}

TEST(Health, ThousandsOfReasonsAreAFew) {
  HealthWatch watch(seconds(60));
  std::vector<ShardView> shards;
  for (int i = 0; i < 1000; ++i) shards.push_back(shard(std::to_string(i), 1));
  reasons_after(watch, running(shards), 0);
  const std::vector<std::string> reasons = reasons_after(watch, running(shards), 61);
  ASSERT_THAT(reasons, SizeIs(11));
  EXPECT_THAT(reasons.back(), HasSubstr("990 shards more"));
}

}  // namespace
}  // namespace ctk::observe
