#include "load/governor.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <map>

#include "base/random.h"
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

TEST(ReadGovernor, TakesItsShareWhereOthersReadBesideIt) {
  ReadGovernor governor(100);
  governor.take_share(0.25);
  EXPECT_NEAR(consume(governor, {}, std::chrono::seconds(60), 5), 25 * 60, 50);
  governor.take_share(1);
  EXPECT_NEAR(consume(governor, std::chrono::seconds(60), std::chrono::seconds(120), 5), 100 * 60, 200);
  ReadGovernor unbounded;
  unbounded.take_share(0.25);
  EXPECT_FALSE(unbounded.rate());
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

/// A service with a limit of read capacity, and one that throttles a share of calls whatever their rate.
struct ModelService {
  double limit = 1e12;        ///< units a second
  double share = 0;           ///< of calls that are throttled for nothing
  bool every_second = false;  ///< of two calls, the second is throttled
  double burst = 1;           ///< seconds' worth of the limit that may be saved up
  double page = 25;           ///< units
  Duration call = milliseconds(20);
  int readers = 8;
};

struct Consumed {
  double units_a_second = 0;
  double throttled_share = 0;
};

/// `readers` ask again behind each answer, and a call's length behind a throttle; looks at [from, to) seconds.
Consumed live(ReadGovernor& governor, const ModelService& service, int from, int to, uint64_t seed = 1) {
  Random random(seed);
  std::multimap<Duration, int> readers;
  for (int reader = 0; reader < service.readers; ++reader) readers.emplace(milliseconds(reader), reader);
  double credit = service.limit * service.burst, units = 0;
  uint64_t calls = 0, throttled = 0;
  Duration credited{};
  while (!readers.empty() && readers.begin()->first < std::chrono::seconds(to)) {
    const Duration now = readers.begin()->first;
    const int reader = readers.begin()->second;
    readers.erase(readers.begin());
    const bool counts = now >= std::chrono::seconds(from);
    if (reader < 0) {  // an answer
      const bool good = reader % 2 == 0;
      if (good) {
        governor.answered(service.page, now);
      } else {
        governor.throttled(now);
      }
      const Duration pause = good ? Duration{} : service.call * (50 + static_cast<int>(random.below(50))) / 100;
      readers.emplace(now + pause, -reader / 2);
      continue;
    }
    if (const Duration wait = governor.admit(now); wait > Duration{}) {
      readers.emplace(now + wait, reader);
      continue;
    }
    const double gained = to_seconds(now - credited) * service.limit;
    credit = std::min(service.limit * service.burst, credit + gained);
    credited = now;
    ++calls;
    const bool for_nothing = random.fraction() < service.share || (service.every_second && calls % 2 == 0);
    const bool good = credit > 0 && !for_nothing;
    if (good) credit -= service.page;
    if (good && counts) units += service.page;
    if (counts && !good) ++throttled;
    // Readers are numbered from 0; what is negative is an answer on its way, odd ones are refusals.
    readers.emplace(now + service.call, -(2 * (reader + 1) + (good ? 0 : 1)));
  }
  return {units / (to - from), calls == 0 ? 0 : static_cast<double>(throttled) / static_cast<double>(calls)};
}

double unlimited_rate(const ModelService& service) {
  ModelService open;
  open.page = service.page;
  open.call = service.call;
  open.readers = service.readers;
  ReadGovernor governor;
  return live(governor, open, 0, 5).units_a_second;
}

TEST(ReadGovernor, OfThrottlesThatDoNotFollowFromItsRateTheRateFallsInProportion) {
  for (const uint64_t seed : {1, 2}) {
    for (const double share : {0.01, 0.1, 0.33, 0.5, 0.75, 0.9}) {
      for (const int readers : {1, 8}) {
        ModelService service;
        service.share = share;
        service.readers = readers;
        ReadGovernor governor;
        const double ratio = live(governor, service, 0, 120, seed).units_a_second / unlimited_rate(service);
        // A refused call and the pause behind it take time, too: 1.75 calls' worth.
        const double fair = (1 - share) / (1 - share + 1.75 * share);
        EXPECT_GT(ratio, 0.5 * fair) << "share " << share << ", readers " << readers << ", seed " << seed;
      }
    }
  }
}

TEST(ReadGovernor, EverySecondCallThrottledLeavesMoreThanAThird) {
  ModelService service;
  service.every_second = true;
  ReadGovernor governor;
  EXPECT_GT(live(governor, service, 0, 60).units_a_second / unlimited_rate(service), 0.33);
}

TEST(ReadGovernor, ConvergesToALimitThatIsReallyThere) {
  for (const double limit : {50.0, 1000.0}) {
    for (const int readers : {1, 8}) {
      for (const double share : {0.0, 0.1, 0.5}) {
        ModelService service;
        service.limit = limit;
        service.readers = readers;
        service.share = share;
        ReadGovernor governor;
        const Consumed seen = live(governor, service, 60, 180);
        ModelService free = service;
        free.limit = 1e12;
        ReadGovernor other;
        const double most = std::min(limit, live(other, free, 20, 40).units_a_second);
        const auto what = testing::Message() << "limit " << limit << ", readers " << readers << ", share " << share;
        EXPECT_GT(seen.units_a_second, 0.6 * most) << what;
        EXPECT_LT(seen.throttled_share, share + 0.12) << what;
      }
    }
  }
}

TEST(ReadGovernor, StaysWithinItsBudgetWhateverIsThrottled) {
  ModelService service;
  service.share = 0.5;
  ReadGovernor governor(300);
  const double rate = live(governor, service, 0, 120).units_a_second;
  EXPECT_LE(rate, 300 * 121.0 / 120 + 1);
  EXPECT_GT(rate, 210);
}

TEST(ReadGovernor, FindsTheLimitThatComesAndTheOneThatGoes) {
  ReadGovernor governor;
  ModelService service;
  service.limit = 500;
  EXPECT_GT(live(governor, service, 60, 120).units_a_second, 375);
  ASSERT_TRUE(governor.rate());
  EXPECT_LT(*governor.rate(), 700);
}

TEST(ReadGovernor, NeverStopsAltogether) {
  ReadGovernor governor(5);
  Duration now{};
  for (int i = 0; i < 1000; ++i) {
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
