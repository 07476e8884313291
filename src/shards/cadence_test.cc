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
  Duration last{};
  for (int i = 0; i < 20; ++i) {
    last = cadence.failed(seconds(i), random);
    EXPECT_LE(last, seconds(30));
  }
  EXPECT_GE(last, seconds(15));
  cadence.answered(true, false, seconds(21));
  EXPECT_LE(cadence.failed(seconds(22), random), milliseconds(250));
}

}  // namespace
}  // namespace ctk::shards
