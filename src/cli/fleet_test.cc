#include "cli/fleet.h"

#include <gtest/gtest.h>

namespace ctk::cli {
namespace {

using namespace std::chrono_literals;

TEST(SumOf, AddsWhatCanBeAddedAndTakesTheWorstOfTheRest) {
  relay::RelayStats one, other;
  one.counts.read = 3;
  one.counts.dead_letters = 1;
  one.shards_reading = 2;
  one.lag = 5s;
  one.until_data_loss = 100s;
  other.counts.read = 4;
  other.lag = 7s;
  other.until_data_loss = 90s;
  other.outage = "relay b has failed";
  const relay::RelayStats sum = sum_of({one, other, {}});
  EXPECT_EQ(sum.counts.read, 7u);
  EXPECT_EQ(sum.counts.dead_letters, 1u);
  EXPECT_EQ(sum.shards_reading, 2u);
  EXPECT_EQ(sum.lag, Duration(7s));
  EXPECT_EQ(sum.until_data_loss, Duration(90s));
  EXPECT_EQ(sum.outage, "relay b has failed");
  one.outage = "a: target unreachable for 8 s";
  EXPECT_EQ(sum_of({one, other, {}, other}).outage, "a: target unreachable for 8 s, and 2 more");
}

}  // namespace
}  // namespace ctk::cli
