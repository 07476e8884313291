#include "relay/batch_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace ctk::relay {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const BatchLimits kLimits{1000, 1u << 20, milliseconds(100), 1};

QueueView queue(size_t index, size_t records, Duration oldest = {}) {
  return {index, records, records * 1000, oldest, 0, true, false};
}

TEST(BatchPlan, LingersUntilTheOldestIsOldEnough) {
  EXPECT_THAT(plan_batch({queue(0, 10)}, kLimits, milliseconds(99), false), IsEmpty());
  EXPECT_THAT(plan_batch({queue(0, 10)}, kLimits, milliseconds(100), false), ElementsAre(Pick{0, 10}));
}

TEST(BatchPlan, AFullBatchGoesAtOnce) {
  EXPECT_THAT(plan_batch({queue(0, 600), queue(1, 600)}, kLimits, {}, false), ElementsAre(Pick{0, 600}, Pick{1, 400}));
}

TEST(BatchPlan, ABatchIsAsOldAsTheFirstOfItsRecords) {
  const std::vector<QueueView> queues = {queue(0, 5, milliseconds(70)), queue(1, 0), queue(2, 5, milliseconds(30)),
                                         queue(3, 5, milliseconds(10))};
  EXPECT_EQ(oldest_of({{0, 5}, {1, 0}, {2, 1}}, queues, milliseconds(100)), milliseconds(30));
  EXPECT_EQ(oldest_of({{1, 0}}, queues, milliseconds(100)), milliseconds(100)) << "an end alone";
}

TEST(BatchPlan, FlushingWaitsForNobody) {
  EXPECT_THAT(plan_batch({queue(3, 1)}, kLimits, {}, true), ElementsAre(Pick{3, 1}));
}

TEST(BatchPlan, LeavesOutShardsThatMayNotSendOrHaveAWriteUnderWay) {
  QueueView waiting = queue(0, 2000);
  waiting.may_send = false;
  QueueView writing = queue(1, 2000);
  writing.writes = 1;
  EXPECT_THAT(plan_batch({waiting, writing}, kLimits, {}, true), IsEmpty());
}

TEST(BatchPlan, PrefersIdleShardsThenTheOldest) {
  BatchLimits limits = kLimits;
  limits.writes_per_shard = 2;
  QueueView busy = queue(0, 600, milliseconds(1));
  busy.writes = 1;
  EXPECT_THAT(
      plan_batch({busy, queue(1, 600, milliseconds(3)), queue(2, 600, milliseconds(2))}, limits, milliseconds(4), false),
      ElementsAre(Pick{2, 600}, Pick{1, 400}));
}

TEST(BatchPlan, AnEndGoesEvenWithoutRecords) {
  QueueView ended = queue(0, 0);
  ended.end_ready = true;
  EXPECT_THAT(plan_batch({ended}, kLimits, {}, false), ElementsAre(Pick{0, 0}));
}

TEST(BatchPlan, ARecordLargerThanABatchGoesAlone) {
  QueueView large = queue(0, 1);
  large.bytes = 5u << 20;
  EXPECT_THAT(plan_batch({large}, kLimits, {}, false), ElementsAre(Pick{0, 1}));
}

RC_GTEST_PROP(BatchPlan, StaysWithinItsRowsAndTakesNothingTwice, ()) {
  std::vector<QueueView> queues;
  const size_t count = *rc::gen::inRange<size_t>(0, 50);
  for (size_t i = 0; i < count; ++i) {
    QueueView view = queue(i, *rc::gen::inRange<size_t>(0, 3000), milliseconds(*rc::gen::inRange(0, 200)));
    view.writes = *rc::gen::inRange<size_t>(0, 3);
    view.may_send = *rc::gen::arbitrary<bool>();
    queues.push_back(view);
  }
  size_t rows = 0;
  std::vector<bool> taken(count);
  for (const Pick& pick :
       plan_batch(queues, kLimits, milliseconds(*rc::gen::inRange(0, 300)), *rc::gen::arbitrary<bool>())) {
    RC_ASSERT(!taken[pick.index]);
    taken[pick.index] = true;
    RC_ASSERT(pick.records > 0u);
    RC_ASSERT(pick.records <= queues[pick.index].records);
    RC_ASSERT(queues[pick.index].may_send && queues[pick.index].writes < kLimits.writes_per_shard);
    rows += pick.records;
  }
  RC_ASSERT(rows <= kLimits.rows);
}

}  // namespace
}  // namespace ctk::relay
