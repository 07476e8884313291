#include "observe/relay_watch.h"

#include <gmock/gmock.h>

namespace ctk::observe {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::SizeIs;

class RelayWatchTest : public testing::Test {
 protected:
  RelayStatus look(int second) { return watch_.look(view_, seconds(second), kNoon + seconds(second)); }

  const Timestamp kNoon = from_micros(1'795'000'000'000'000);
  Metrics metrics_;
  RelayWatch watch_{{}, seconds(60), metrics_};
  relay::RelayView view_;
};

TEST_F(RelayWatchTest, RatesAreThoseOfTheLastTenSeconds) {
  EXPECT_EQ(look(0).rates.changes, 0);
  view_.stats.counts.read = 100;
  view_.stats.counts.bytes = 1000;
  EXPECT_EQ(look(5).rates.changes, 20);
  EXPECT_EQ(look(10).rates.bytes, 100);
  look(15);
  EXPECT_EQ(look(20).rates.changes, 0);
}

TEST_F(RelayWatchTest, ItStaysReadyUntilItBeginsAnew) {
  using State = relay::RelayView::State;
  view_.state = State::running;
  EXPECT_FALSE(look(0).has_caught_up);
  view_.caught_up = true;
  EXPECT_TRUE(look(1).has_caught_up);
  view_.caught_up = false;
  EXPECT_TRUE(look(2).has_caught_up);
  view_.state = State::starting;
  EXPECT_FALSE(look(3).has_caught_up);
}

TEST_F(RelayWatchTest, RemembersAnHour) {
  for (int second = 0; second < 10'000; ++second) look(second);
  view_.stats.lag = seconds(7);
  const RelayStatus status = look(10'000);
  ASSERT_THAT(status.history, SizeIs(360));
  EXPECT_EQ(status.history.back().time - status.history.front().time, seconds(3590));
  EXPECT_EQ(status.history.back().lag_seconds, 7);
  EXPECT_FALSE(status.history.back().healthy) << "it has been starting for hours";
}

TEST_F(RelayWatchTest, ANewRunIsCountedOnTopOfTheOneBefore) {
  view_.name = coordination::RelayName("orders");
  view_.stats.counts.read = 100;
  look(0);
  watch_.begin_run();
  view_.stats.counts.read = 0;
  EXPECT_EQ(look(5).rates.changes, 0);
  view_.stats.counts.read = 10;
  EXPECT_EQ(look(10).rates.changes, 2);
  EXPECT_THAT(metrics_.text(), HasSubstr("ctk_changes_read_total{relay=\"orders\"} 110\n"));
}

TEST_F(RelayWatchTest, OneThatHasFailedIsNotWellAndSaysWhy) {
  view_.name = coordination::RelayName("orders");
  view_.caught_up = true;
  view_.state = relay::RelayView::State::failed;
  const RelayStatus status = watch_.look(view_, seconds(1), kNoon, RelayFailure{kNoon, "no such table"});
  EXPECT_FALSE(status.has_caught_up);
  EXPECT_EQ(status.health.reasons, std::vector<std::string>{"the relay has failed, and is tried again: no such table"});
  EXPECT_THAT(metrics_.text(), HasSubstr("ctk_healthy{relay=\"orders\"} 0\n"));
}

TEST_F(RelayWatchTest, NoMetricSpeaksOfOneThatIsNoMore) {
  view_.name = coordination::RelayName("orders");
  view_.shards.emplace_back().state = relay::ShardView::State::reading;
  look(0);
  EXPECT_THAT(metrics_.text(), HasSubstr("orders"));
  watch_.forget();
  EXPECT_THAT(metrics_.text(), testing::Not(HasSubstr("orders")));
}

TEST_F(RelayWatchTest, MetricsBeginOnceItHasAName) {
  look(0);
  EXPECT_EQ(metrics_.text(), "");
  view_.name = coordination::RelayName("orders");
  look(1);
  EXPECT_THAT(metrics_.text(), HasSubstr("ctk_healthy{relay=\"orders\"} 1\n"));
}

}  // namespace
}  // namespace ctk::observe
