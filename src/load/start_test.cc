#include "load/start.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "load/rows_testing.h"
#include "shards/segment.h"

namespace ctk::load {
namespace {

using aws::SequenceNumber;
using aws::ShardId;
using coordination::LoadState;
using coordination::StoredPosition;
using coordination::TableRecord;
using shards::Position;
using namespace std::chrono_literals;

constexpr Timestamp kCut{1000s};

TableRecord record_of(coordination::Epoch epoch, LoadState load) {
  TableRecord record;
  record.epoch = epoch;
  record.load = load;
  record.cut = kCut;
  return record;
}

TEST(PlanStart, ANewLoadGetsItsSegments) {
  const StartPlan plan = plan_start({}, record_of(3, LoadState::running), 4, true);
  ASSERT_EQ(plan.segments.size(), 4U);
  EXPECT_EQ(plan.segments[3].shard.str(), "load:00003:003/004");
  EXPECT_EQ(plan.segments[3].position, Position::trim_horizon());
  EXPECT_TRUE(plan.rewound.empty());
}

/// Workers that were given other numbers have begun both.
TEST(PlanStart, OfSeveralDivisionsOneIsMadeWhole) {
  const std::vector<StoredPosition> rows = {stored_row("load:00003:001/003", Position::shard_end(), 3),
                                            stored_row("load:00003:000/002", Position::shard_end(), 3)};
  const StartPlan plan = plan_start(rows, record_of(3, LoadState::running), 3, true);
  ASSERT_EQ(plan.segments.size(), 1U);
  EXPECT_EQ(plan.segments[0].shard.str(), "load:00003:001/002");
  EXPECT_TRUE(plan.dropped.empty());
}

TEST(PlanStart, AResumedLoadKeepsItsNumberAndGetsWhatItLacks) {
  const std::vector<StoredPosition> rows = {stored_row("load:00003:001/003", Position::after_key("{}"), 3),
                                            stored_row("load:00002:000/003", Position::trim_horizon(), 2)};
  const StartPlan plan = plan_start(rows, record_of(3, LoadState::running), 16, true);
  ASSERT_EQ(plan.segments.size(), 2U);
  EXPECT_EQ(plan.segments[0].shard.str(), "load:00003:000/003");
  EXPECT_EQ(plan.segments[1].shard.str(), "load:00003:002/003");
  EXPECT_EQ(plan.dropped, std::vector{ShardId("load:00002:000/003")});
}

TEST(PlanStart, WithoutALoadThereAreNoSegments) {
  for (LoadState state : {LoadState::none, LoadState::loaded, LoadState::complete}) {
    const StartPlan plan =
        plan_start({stored_row("load:00003:001/003", Position::shard_end(), 3)}, record_of(3, state), 4, true);
    EXPECT_TRUE(plan.segments.empty());
    EXPECT_EQ(plan.dropped.size(), 1U);
  }
}

TEST(PlanStart, ShardsOfAnOlderEpochGoBackToTheCut) {
  const Position after = Position::after(SequenceNumber("7"));
  const std::vector<StoredPosition> rows = {
      stored_row("read on", after, 1, kCut + 1s),
      stored_row("read less", after, 1, kCut - 1s),
      stored_row("unknown", after, 1),
      stored_row("at", Position::at_timestamp(kCut + 5s), 1),
      stored_row("at before", Position::at_timestamp(kCut - 5s), 1),
      stored_row("horizon", Position::trim_horizon(), 1, kCut + 1s),
      stored_row("ended late", Position::shard_end(), 1, kCut + 9s),
      stored_row("ended early", Position::shard_end(), 1, kCut - 9s),
      stored_row("stamped", after, 2, kCut + 1s),
  };
  const StartPlan plan = plan_start(rows, record_of(2, LoadState::complete), 4, true);
  const Position cut = Position::at_timestamp(kCut);
  const std::vector<coordination::Rewind> wanted = {{ShardId("read on"), cut, kCut},
                                                    {ShardId("unknown"), cut, kNoTime},
                                                    {ShardId("at"), cut, kNoTime},
                                                    {ShardId("ended late"), cut, kCut}};
  EXPECT_EQ(plan.rewound, wanted);
  EXPECT_TRUE(plan_start(rows, record_of(2, LoadState::complete), 4, false).rewound.empty());
}

TEST(PlanStart, AShardOfWhichSomethingIsLostGoesOnAtTheCut) {
  const std::vector<StoredPosition> rows = {stored_row("lost", Position::after(SequenceNumber("7")), 1, kCut - 86400s),
                                            stored_row("good", Position::after(SequenceNumber("7")), 1, kCut - 1s)};
  for (bool can_seek : {false, true}) {
    const StartPlan plan = plan_start(rows, record_of(2, LoadState::running), 1, can_seek, {ShardId("lost")});
    const std::vector<coordination::Rewind> wanted = {{ShardId("lost"), Position::at_timestamp(kCut), kCut}};
    EXPECT_EQ(plan.rewound, wanted);
  }
}

TEST(PlanStart, DoneOnceThereIsNothingLeftToDo) {
  EXPECT_TRUE(rc::check([] {
    const int segments = *rc::gen::inRange(1, 40);
    std::vector<StoredPosition> rows;
    for (int i = 0; i < segments; ++i) {
      // Of a torn insert only some rows are there.
      if (*rc::gen::arbitrary<bool>()) rows.push_back(stored_row(shards::segment_shard({2, i, segments}).str(), {}, 2));
    }
    const TableRecord record = record_of(2, LoadState::running);
    const StartPlan plan = plan_start(rows, record, segments, true);
    for (const coordination::NewShard& made : plan.segments) rows.push_back(stored_row(made.shard.str(), made.position, 2));
    std::set<ShardId> all;
    for (const StoredPosition& each : rows) all.insert(each.shard);
    RC_ASSERT(all.size() == static_cast<size_t>(segments));
    RC_ASSERT(plan_start(rows, record, 99, true).segments.empty());
  }));
}

}  // namespace
}  // namespace ctk::load
