#include "observe/relay_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ctk::observe {
namespace {

using relay::ShardView;
using testing::HasSubstr;
using testing::Not;

ShardView shard(const std::string& id, ShardView::State state, Duration lag) {
  ShardView view;
  view.id = aws::ShardId(id);
  view.state = state;
  view.lag = lag;
  return view;
}

TEST(RelayMetrics, AreTheRelaysCountersUnderItsName) {
  Metrics metrics;
  RelayMetrics relay(metrics, "kinesis:cdc@public");
  relay::RelayView view;
  view.stats.counts.read = 7;
  view.stats.counts.applied = 5;
  relay.update(view, true, false);
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_changes_read_total{relay=\"kinesis:cdc@public\"} 7\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_changes_applied_total{relay=\"kinesis:cdc@public\"} 5\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_seconds_to_data_loss{relay=\"kinesis:cdc@public\"} +Inf\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_healthy{relay=\"kinesis:cdc@public\"} 1\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_ready{relay=\"kinesis:cdc@public\"} 0\n"));

  view.stats.counts.read = 9;
  view.stats.until_data_loss = std::chrono::hours(1);
  relay.update(view, false, true);
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_changes_read_total{relay=\"kinesis:cdc@public\"} 9\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_seconds_to_data_loss{relay=\"kinesis:cdc@public\"} 3600\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_healthy{relay=\"kinesis:cdc@public\"} 0\n"));
}

TEST(RelayMetrics, TheLagIsThatOfEachShardThatIsRead) {
  Metrics metrics;
  RelayMetrics relay(metrics, "r");
  relay::RelayView view;
  view.shards = {shard("a", ShardView::State::reading, std::chrono::milliseconds(1500)),
                 shard("b", ShardView::State::waiting, {})};
  relay.update(view, true, true);
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_lag_seconds{relay=\"r\",shard=\"a\"} 1.5\n"));
  EXPECT_THAT(metrics.text(), Not(HasSubstr("shard=\"b\"")));
  view.shards = {shard("a", ShardView::State::finished, {}),
                 shard("b", ShardView::State::reading, std::chrono::seconds(2))};
  relay.update(view, true, true);
  EXPECT_THAT(metrics.text(), Not(HasSubstr("shard=\"a\"")));
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_lag_seconds{relay=\"r\",shard=\"b\"} 2\n"));
}

TEST(RelayMetrics, RelaysAreKeptApart) {
  Metrics metrics;
  RelayMetrics one(metrics, "one"), two(metrics, "two");
  relay::RelayView view;
  view.stats.counts.dead_letters = 3;
  two.update(view, true, true);
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_dead_letters_total{relay=\"one\"} 0\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_dead_letters_total{relay=\"two\"} 3\n"));
}

TEST(RelayMetrics, OfLeasesAreThereWhereManyWorkersShare) {
  Metrics metrics;
  RelayMetrics relay(metrics, "r");
  relay::RelayView view;
  relay.update(view, true, true);
  EXPECT_THAT(metrics.text(), Not(HasSubstr("lease")));

  view.leases.emplace();
  view.leases->held = 3;
  view.leases->workers = 2;
  view.leases->since_renewal = std::chrono::milliseconds(2500);
  view.leases->counts.taken = 5;
  view.leases->counts.lost = 2;
  view.leases->calls.writes = 40;
  view.leases->calls.throttled = 7;
  relay.update(view, true, true);
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_leases_held{relay=\"r\"} 3\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_lease_workers{relay=\"r\"} 2\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_lease_renewal_age_seconds{relay=\"r\"} 2.5\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_leases_lost_total{relay=\"r\"} 2\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_lease_calls_total{operation=\"write\",relay=\"r\"} 40\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_lease_calls_failed_total{relay=\"r\",why=\"throttled\"} 7\n"));

  relay.begin_run();
  view.leases = coordination::LeaseFigures{};
  view.leases->counts.taken = 1;
  relay.update(view, true, true);
  EXPECT_THAT(metrics.text(), HasSubstr("ctk_leases_taken_total{relay=\"r\"} 6\n"));
  relay.remove();
  EXPECT_THAT(metrics.text(), Not(HasSubstr("lease")));
}

}  // namespace
}  // namespace ctk::observe
