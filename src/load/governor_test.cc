#include "load/governor.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>

#include "load/segments.h"

namespace ctk::load {
namespace {

using std::chrono::milliseconds;

TEST(ReadCapacity, IsANumberOrAShare) {
  EXPECT_EQ(*parse_read_capacity("200"), (ReadCapacity{200, false}));
  EXPECT_EQ(*parse_read_capacity("12.5%"), (ReadCapacity{12.5, true}));
  for (const char* text : {"", "%", "0", "-5", "101%", "50 %", "many", "1e999", "nan"}) {
    ASSERT_FALSE(parse_read_capacity(text)) << text;
    EXPECT_EQ(parse_read_capacity(text).error().kind, ErrorKind::usage);
  }
  EXPECT_DOUBLE_EQ(*resolve({50, true}, 300), 150);
  EXPECT_DOUBLE_EQ(*resolve({50, false}, std::nullopt), 50);
  EXPECT_FALSE(resolve({50, true}, std::nullopt));
}

TEST(Segments, FollowTheTablesSize) {
  EXPECT_EQ(choose_segments(0, {}), 4);
  EXPECT_EQ(choose_segments(1u << 30, {}), 8);
  EXPECT_EQ(choose_segments(uint64_t{1} << 50, {}), 64);
  EXPECT_EQ(choose_segments(0, 3), 3);
  EXPECT_EQ(choose_segments(0, 5'000'000), kMostSegments);
}

TEST(ReadGovernor, WithoutABudgetNothingWaits) {
  ReadGovernor governor;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(governor.admit(Duration{}), Duration{});
    governor.answered(256, Duration{});
  }
  EXPECT_FALSE(governor.rate());
}

/// Readers that ask as soon as they may; gives the units that they used until `end`.
double consume(ReadGovernor& governor, Duration from, Duration end, double page) {
  double used = 0;
  for (Duration now = from; now < end;) {
    const Duration wait = governor.admit(now);
    if (wait > Duration{}) {
      now += wait;
      continue;
    }
    governor.answered(page, now + milliseconds(1));
    used += page;
    now += milliseconds(1);
  }
  return used;
}

TEST(ReadGovernor, StaysWithinItsBudgetButForAPage) {
  EXPECT_TRUE(rc::check([] {
    const double budget = *rc::gen::inRange(1, 5000);
    const double page = *rc::gen::inRange(1, 257);
    const int run = *rc::gen::inRange(5, 120);
    ReadGovernor governor(budget);
    const double used = consume(governor, {}, std::chrono::seconds(run), page);
    RC_ASSERT(used <= budget * (run + 1) + 2 * page);
    // And makes use of it: a thousand pages a second is what these readers can do at the most.
    RC_ASSERT(used >= std::min(budget, 900 * page) * run * 0.8 - 2 * page);
  }));
}

TEST(ReadGovernor, ReadersAskTogetherAndStillStayWithin) {
  ReadGovernor governor(100);
  double used = 0;
  for (int tick = 0; tick < 100; ++tick) {  // ten seconds
    const Duration now = milliseconds(100) * tick;
    int admitted = 0;
    for (int reader = 0; reader < 16; ++reader) admitted += governor.admit(now) == Duration{} ? 1 : 0;
    for (int i = 0; i < admitted; ++i) governor.answered(20, now + milliseconds(50));
    used += 20 * admitted;
  }
  EXPECT_LE(used, 100 * 11 + 16 * 20);
  EXPECT_GE(used, 100 * 8);
}

TEST(ReadGovernor, GoesSlowerThanWhatWasThrottledAndRisesAgain) {
  ReadGovernor governor;
  const double before = consume(governor, {}, std::chrono::seconds(10), 1) / 10;
  EXPECT_EQ(governor.admit(std::chrono::seconds(10)), Duration{});
  governor.throttled(std::chrono::seconds(10));
  ASSERT_TRUE(governor.rate());
  const double lowered = *governor.rate();
  EXPECT_LT(lowered, before);
  EXPECT_GT(lowered, before / 3);
  // A second refusal of the same moment changes nothing; one a little later does.
  governor.throttled(std::chrono::seconds(10) + milliseconds(10));
  EXPECT_NEAR(*governor.rate(), lowered, lowered * 0.01);
  consume(governor, std::chrono::seconds(11), std::chrono::seconds(40), 1);
  EXPECT_GT(*governor.rate(), lowered * 2);
}

TEST(ReadGovernor, NeverStopsAltogether) {
  ReadGovernor governor(5);
  Duration now{};
  for (int i = 0; i < 100; ++i) {
    now += std::chrono::seconds(2);
    if (governor.admit(now) == Duration{}) governor.throttled(now);
  }
  EXPECT_GE(*governor.rate(), 1);
  EXPECT_LE(governor.admit(now + std::chrono::seconds(5)), std::chrono::seconds(1));
}

TEST(ReadGovernor, APageThatWasNotReadCostsNothing) {
  ReadGovernor governor(10);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(governor.admit(Duration{}), Duration{}) << i;
    governor.failed();
  }
}

}  // namespace
}  // namespace ctk::load
