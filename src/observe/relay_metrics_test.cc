#include "observe/relay_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ctk::observe {
namespace {

using testing::HasSubstr;

TEST(RelayMetrics, AreTheRelaysCountersUnderItsName) {
  Metrics metrics;
  RelayMetrics relay(metrics, "kinesis:cdc@public");
  relay::RelayStats stats;
  stats.read = 7;
  stats.applied = 5;
  stats.lag = std::chrono::milliseconds(1500);
  relay.update(stats);
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_changes_read_total{relay=\"kinesis:cdc@public\"} 7\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_changes_applied_total{relay=\"kinesis:cdc@public\"} 5\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_lag_seconds{relay=\"kinesis:cdc@public\"} 1.5\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_seconds_to_data_loss{relay=\"kinesis:cdc@public\"} +Inf\n"));

  stats.read = 9;
  stats.until_data_loss = std::chrono::hours(1);
  relay.update(stats);
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_changes_read_total{relay=\"kinesis:cdc@public\"} 9\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_seconds_to_data_loss{relay=\"kinesis:cdc@public\"} 3600\n"));
}

TEST(RelayMetrics, RelaysAreKeptApart) {
  Metrics metrics;
  RelayMetrics one(metrics, "one"), two(metrics, "two");
  relay::RelayStats stats;
  stats.dead_letters = 3;
  two.update(stats);
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_dead_letters_total{relay=\"one\"} 0\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_dead_letters_total{relay=\"two\"} 3\n"));
}

}  // namespace
}  // namespace ctk::observe
