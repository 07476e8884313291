#include "shards/cadence.h"

#include <gtest/gtest.h>

namespace ctk::shards {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Cadence, AsksABusyShardFiveTimesASecond) {
  Cadence cadence(make_cadence(seconds(1), {}));
  EXPECT_EQ(cadence.answered(true, false, seconds(1)), milliseconds(200));
  EXPECT_EQ(cadence.answered(true, true, seconds(2)), milliseconds(200));
}

TEST(Cadence, SlowsDownOverAQuietMinute) {
  Cadence cadence(make_cadence(seconds(1), {}));
  cadence.answered(true, false, seconds(0));
  EXPECT_EQ(cadence.answered(false, false, seconds(0)), milliseconds(200));
  EXPECT_EQ(cadence.answered(false, false, seconds(30)), milliseconds(600));
  EXPECT_EQ(cadence.answered(false, false, seconds(60)), seconds(1));
  EXPECT_EQ(cadence.answered(false, false, seconds(3600)), seconds(1));
  EXPECT_EQ(cadence.answered(true, false, seconds(3601)), milliseconds(200));
}

TEST(Cadence, MaxLagBoundsTheIdlePause) {
  Cadence cadence(make_cadence(seconds(10), seconds(2)));
  cadence.answered(true, false, seconds(0));
  EXPECT_EQ(cadence.answered(false, false, seconds(600)), seconds(2));
}

TEST(Cadence, NoPauseAtAllWhereNoneIsWanted) {
  Cadence cadence(make_cadence(seconds(0), {}));
  EXPECT_EQ(cadence.answered(true, true, seconds(0)), seconds(0));
  EXPECT_EQ(cadence.answered(false, false, seconds(600)), seconds(0));
}

TEST(Cadence, BacksOffWithJitterAndForgetsItAfterAnAnswer) {
  Cadence cadence(make_cadence(seconds(1), {}));
  Random random(1);
  Duration now{}, last{};
  int calls = 0;
  for (; now < std::chrono::minutes(10); now += last) {
    ++calls;
    last = cadence.failed(now, random);
    EXPECT_LE(last, seconds(30));
  }
  EXPECT_GE(last, seconds(15));
  EXPECT_LT(calls, 70);
  cadence.answered(true, false, now);
  EXPECT_LE(cadence.failed(now + seconds(1), random), milliseconds(250));
}

/// Of calls of 20 ms of which a share fails at random, the part of the time that goes by in those that do not.
double useful_part(Cadence cadence, double share, uint64_t seed) {
  constexpr Duration kCall = milliseconds(20);
  Random random(seed);
  Duration now{};
  int answers = 0;
  while (now < std::chrono::minutes(30)) {
    now += kCall;
    if (random.fraction() < share) {
      now += cadence.failed(now, random);
      continue;
    }
    ++answers;
    cadence.took(kCall);
    now += cadence.answered(true, true, now);
  }
  return answers * 20.0 / 1000 / to_seconds(now);
}

TEST(Cadence, WhereAShareOfCallsFailsTheRateFallsInProportion) {
  for (const uint64_t seed : {1, 2, 3}) {
    for (const double share : {0.1, 0.33, 0.5, 0.75, 0.9}) {
      const Cadence scan(make_scan_cadence());
      EXPECT_GT(useful_part(scan, share, seed), 0.35 * (1 - share)) << share;
      const Cadence shard(make_cadence(seconds(1), {}));
      EXPECT_GT(useful_part(shard, share, seed) / useful_part(shard, 0, seed), 0.4 * (1 - share)) << share;
    }
  }
}

}  // namespace
}  // namespace ctk::shards
