// Tests of random.h, retry.h, byte_budget.h and error.h.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <vector>

#include "base/byte_budget.h"
#include "base/error.h"
#include "base/random.h"
#include "base/retry.h"

namespace ctk {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Random, IsSplitMix64) {
  Random random(1234567);  // the values of the published reference implementation for this seed
  EXPECT_EQ(random.next(), 6457827717110365317u);
  EXPECT_EQ(random.next(), 3203168211198807973u);
  EXPECT_EQ(random.next(), 9817491932198370423u);
}

TEST(Random, StaysBelowAndReachesEveryValue) {
  Random random(7);
  std::set<uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.below(7));
  EXPECT_EQ(seen.size(), 7u);
  EXPECT_EQ(*seen.rbegin(), 6u);
  EXPECT_EQ(random.below(0), 0u);
}

TEST(Random, FractionIsHalfOpen) {
  Random random(3);
  double sum = 0;
  for (int i = 0; i < 10000; ++i) {
    double fraction = random.fraction();
    ASSERT_GE(fraction, 0.0);
    ASSERT_LT(fraction, 1.0);
    sum += fraction;
  }
  EXPECT_NEAR(sum / 10000, 0.5, 0.02);
}

TEST(Random, MakesHexOfAnyLength) {
  Random random(3);
  EXPECT_THAT(random.hex(40), testing::MatchesRegex("[0-9a-f]+"));
  EXPECT_EQ(random.hex(40).size(), 40u);
  EXPECT_EQ(random.hex(0), "");
  EXPECT_NE(entropy_seed(), entropy_seed());
}

RC_GTEST_PROP(RetryProperties, PausesGrowWithinTheirStep, (uint64_t seed)) {
  RetryPolicy policy{milliseconds(100), seconds(30), std::nullopt};
  Retry retry(policy);
  Random random(seed);
  Duration step = policy.first;
  for (int i = 0; i < 40; ++i) {
    std::optional<Duration> pause = retry.failed(seconds(i), random);
    RC_ASSERT(pause.has_value());
    RC_ASSERT(*pause >= step / 2);
    RC_ASSERT(*pause <= step);
    step = std::min<Duration>(step * 2, policy.longest);
  }
}

TEST(Retry, EndsWithItsBudget) {
  Retry retry(RetryPolicy{milliseconds(100), seconds(30), seconds(1)});
  Random random(1);
  EXPECT_TRUE(retry.failed(seconds(10), random));
  EXPECT_EQ(retry.failing_since(), seconds(10));
  std::optional<Duration> last = retry.failed(milliseconds(10'990), random);
  ASSERT_TRUE(last);
  EXPECT_EQ(*last, milliseconds(10));
  EXPECT_FALSE(retry.failed(seconds(11), random));
  EXPECT_EQ(retry.failures(), 3);
}

TEST(Retry, StartsAnewAfterASuccess) {
  Retry retry(RetryPolicy{milliseconds(100), seconds(30), seconds(1)});
  Random random(1);
  retry.failed(seconds(10), random);
  retry.succeeded();
  EXPECT_EQ(retry.failures(), 0);
  EXPECT_EQ(retry.failing_since(), std::nullopt);
  EXPECT_LE(retry.failed(seconds(20), random).value(), milliseconds(100));
}

TEST(ByteBudget, HoldsItsLimitForReservations) {
  ByteBudget budget(100);
  EXPECT_TRUE(budget.try_reserve(60));
  EXPECT_FALSE(budget.try_reserve(41));
  EXPECT_TRUE(budget.try_reserve(40));
  EXPECT_EQ(budget.free(), 0u);
  budget.release(60);
  EXPECT_EQ(budget.free(), 60u);
}

TEST(ByteBudget, CorrectsEvenOverTheLimit) {
  ByteBudget budget(100);
  ASSERT_TRUE(budget.try_reserve(10));
  budget.correct(10, 150);
  EXPECT_EQ(budget.used(), 150u);
  EXPECT_EQ(budget.free(), 0u);
  EXPECT_FALSE(budget.try_reserve(1));
  budget.release(150);
  EXPECT_EQ(budget.used(), 0u);
}

TEST(ByteBudget, WhatIsHeldIsCountedUntilNobodyHasIt) {
  std::shared_ptr<const void> last;
  {
    ByteBudget budget(100);
    std::shared_ptr<const void> first = budget.hold(150);
    EXPECT_EQ(budget.used(), 150u) << "even over the limit";
    std::shared_ptr<const void> copy = first;
    first.reset();
    EXPECT_EQ(budget.used(), 150u);
    copy.reset();
    EXPECT_EQ(budget.used(), 0u);
    last = budget.hold(1);
  }
  last.reset();  // the budget has gone
}

TEST(BytePool, OneThatIsAloneInBeingBusyHasMoreThanHalf) {
  BytePool pool(1000);
  ByteBudget busy(1000, &pool), idle(1000, &pool);
  EXPECT_TRUE(busy.try_reserve(750));
  EXPECT_EQ(busy.free(), 0u);
  EXPECT_FALSE(busy.try_reserve(1));
  EXPECT_EQ(pool.used(), 750u);
}

TEST(BytePool, NobodyTakesAnothersPart) {
  BytePool pool(1000);
  ByteBudget busy(1000, &pool), other(1000, &pool);
  ASSERT_TRUE(busy.try_reserve(750));
  EXPECT_EQ(other.limit(), 250u);
  EXPECT_TRUE(other.try_reserve(250));
  EXPECT_FALSE(other.try_reserve(1));
  busy.release(600);
  EXPECT_EQ(other.free(), 500u);
  EXPECT_EQ(other.limit(), 750u);
}

TEST(BytePool, WhoeverGoesGivesBackWhatItHad) {
  BytePool pool(1000);
  ByteBudget stays(1000, &pool);
  {
    ByteBudget goes(1000, &pool);
    ASSERT_TRUE(goes.try_reserve(750));
    EXPECT_EQ(stays.free(), 250u);
  }
  EXPECT_EQ(stays.free(), 1000u);
  EXPECT_EQ(pool.used(), 0u);
}

TEST(BytePool, OnesOwnLimitHoldsToo) {
  BytePool pool(1000);
  ByteBudget small(100, &pool);
  EXPECT_EQ(small.limit(), 100u);
  EXPECT_FALSE(small.try_reserve(101));
}

TEST(BytePool, ASmallerLimitTakesNothingBack) {
  BytePool pool(1000);
  ByteBudget one(1000, &pool);
  ASSERT_TRUE(one.try_reserve(900));
  pool.set_limit(500);
  EXPECT_EQ(one.free(), 0u);
  EXPECT_EQ(one.used(), 900u);
}

TEST(Error, PrintsOnOneLine) {
  Error error{ErrorKind::refused, "cannot write", "line 1\nline 2", "try again"};
  EXPECT_EQ(to_string(error), "cannot write: line 1 line 2 (try again)");
  EXPECT_EQ(to_string(Error{ErrorKind::refused, "no", "", ""}), "no");
}

}  // namespace
}  // namespace ctk
