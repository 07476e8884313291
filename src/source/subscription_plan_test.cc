#include "source/subscription_plan.h"

#include <gtest/gtest.h>

namespace ctk::source {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Kind = aws::IteratorStart::Kind;
using Phase = SubscriptionPlan::Phase;

constexpr Duration kNow = std::chrono::hours(1);

aws::ShardEvent event_to(const char* continuation) {
  aws::ShardEvent event;
  event.continuation = aws::SequenceNumber(continuation);
  return event;
}
Status failed(ErrorKind kind) { return fail(kind, "failed"); }

SubscriptionPlan open_plan() {
  SubscriptionPlan plan;
  plan.begin({}, kNow);
  plan.asked();
  plan.opened(kNow, 0);
  return plan;
}

TEST(SubscriptionPlan, NothingIsSubscribedBeforeSomebodyReads) {
  SubscriptionPlan plan;
  EXPECT_FALSE(plan.wants_subscription(kNow));
  plan.begin({Kind::after_sequence, aws::SequenceNumber("7"), {}}, kNow);
  EXPECT_TRUE(plan.wants_subscription(kNow));
  EXPECT_EQ(plan.start().sequence.str(), "7");
  plan.asked();
  EXPECT_FALSE(plan.wants_subscription(kNow + minutes(10))) << "one is under way";
}

TEST(SubscriptionPlan, ItIsRenewedBeforeTheServiceEndsItAndNotAllAtOnce) {
  for (const double spread : {0.0, 0.3, 0.999}) {
    SubscriptionPlan plan;
    plan.begin({}, kNow);
    plan.opened(kNow, spread);
    for (Duration at = kNow; at < kNow + minutes(4) - seconds(5); at += seconds(5)) {
      plan.accepted(event_to("1"), at);
      EXPECT_FALSE(plan.wants_subscription(at)) << spread;
    }
    plan.accepted(event_to("1"), kNow + seconds(289));
    EXPECT_TRUE(plan.wants_subscription(kNow + seconds(290))) << spread;
  }
  SubscriptionPlan first = open_plan(), second = open_plan();
  first.opened(kNow, 0.1);
  second.opened(kNow, 0.9);
  first.accepted(event_to("1"), kNow + seconds(270));
  second.accepted(event_to("1"), kNow + seconds(270));
  EXPECT_GT(first.next() - second.next(), seconds(30));
}

// Statement 27: on from the last event that was accepted.
TEST(SubscriptionPlan, Statement27GoesOnBehindTheLastAcceptedEvent) {
  SubscriptionPlan plan = open_plan();
  EXPECT_EQ(plan.start().kind, Kind::trim_horizon);
  plan.accepted(event_to("12"), kNow + seconds(1));
  plan.accepted(event_to("15"), kNow + seconds(2));
  EXPECT_TRUE(plan.ended({}, kNow + seconds(20))) << "the service's own end is no failure";
  EXPECT_EQ(plan.start().kind, Kind::after_sequence);
  EXPECT_EQ(plan.start().sequence.str(), "15");
  EXPECT_TRUE(plan.wants_subscription(kNow + seconds(20)));
}

TEST(SubscriptionPlan, NoneFollowsWithinFiveSecondsOfTheOneBefore) {
  SubscriptionPlan plan = open_plan();
  EXPECT_TRUE(plan.ended(failed(ErrorKind::unreachable), kNow + seconds(1)));
  EXPECT_EQ(plan.next(), kNow + seconds(5));
  plan.restart();
  plan.begin({}, kNow + seconds(2));
  EXPECT_EQ(plan.next(), kNow + seconds(5)) << "the service remembers it whatever we do";
}

// Statement 27: ResourceInUse (unreachable to us) within 5 s is tried again.
TEST(SubscriptionPlan, Statement27WhatIsRoutineIsTriedAgainUntilItDoesNotEnd) {
  for (const ErrorKind kind : {ErrorKind::unreachable, ErrorKind::throttled, ErrorKind::corrupt}) {
    SubscriptionPlan plan;
    plan.begin({}, kNow);
    Duration now = kNow;
    int tries = 0;
    while (plan.ended(failed(kind), now)) {
      EXPECT_EQ(plan.phase(), Phase::due);
      EXPECT_GT(plan.next(), now);
      EXPECT_LE(plan.next() - now, seconds(4));
      now = plan.next();
      ++tries;
      ASSERT_LT(tries, 100);
    }
    EXPECT_GE(now, kNow + seconds(10));
    EXPECT_LT(tries, 15) << "and not as fast as it goes";
    EXPECT_EQ(plan.phase(), Phase::idle);
    EXPECT_EQ(plan.next(), Duration::max()) << "whoever reads says when again";
  }
}

TEST(SubscriptionPlan, WhatNobodyMendsIsToldAtOnce) {
  for (const ErrorKind kind : {ErrorKind::denied, ErrorKind::not_found, ErrorKind::refused, ErrorKind::usage}) {
    SubscriptionPlan plan;
    plan.begin({}, kNow);
    EXPECT_FALSE(plan.ended(failed(kind), kNow));
    EXPECT_EQ(plan.phase(), Phase::idle);
  }
}

TEST(SubscriptionPlan, AnEventEndsARowOfFailures) {
  SubscriptionPlan plan = open_plan();
  for (int i = 1; i < 40; ++i) {
    const Duration now = kNow + seconds(6 * i);
    EXPECT_TRUE(plan.ended(failed(ErrorKind::corrupt), now)) << i;
    plan.opened(now, 0);
    plan.accepted(event_to("1"), now);
  }
}

TEST(SubscriptionPlan, ASilentOneIsGivenUpAfterHalfAMinute) {
  SubscriptionPlan plan = open_plan();
  plan.accepted(event_to("1"), kNow + seconds(10));
  EXPECT_FALSE(plan.wants_subscription(kNow + seconds(39)));
  EXPECT_TRUE(plan.wants_subscription(kNow + seconds(40)));
}

TEST(SubscriptionPlan, OneThatWasLetGoIsDueOnceTheServiceTakesIt) {
  SubscriptionPlan plan = open_plan();
  plan.accepted(event_to("9"), kNow + seconds(1));
  plan.let_go();
  EXPECT_EQ(plan.next(), kNow + seconds(5));
  EXPECT_EQ(plan.start().sequence.str(), "9");
}

// Statement 27: an event without a continuation ends its shard.
TEST(SubscriptionPlan, Statement27NothingFollowsTheEndOfTheShard) {
  SubscriptionPlan plan = open_plan();
  plan.accepted({}, kNow);
  EXPECT_EQ(plan.phase(), Phase::finished);
  EXPECT_EQ(plan.next(), Duration::max());
}

}  // namespace
}  // namespace ctk::source
