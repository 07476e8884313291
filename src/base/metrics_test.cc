#include "base/metrics.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

namespace ctk {
namespace {

TEST(Metrics, PrintsCountersByLabels) {
  Metrics metrics;
  metrics.counter("ctk_b_total", "What is counted.", {{"peer", "x:1"}, {"kind", "denied"}}).add(2);
  metrics.counter("ctk_b_total", "", {{"peer", "a\"\\\n"}}).add();
  metrics.counter("ctk_a_total", "Back\\slash\nand line.");
  EXPECT_EQ(metrics.text(), R"(# HELP ctk_a_total Back\\slash\nand line.
# TYPE ctk_a_total counter
ctk_a_total 0
# HELP ctk_b_total What is counted.
# TYPE ctk_b_total counter
ctk_b_total{kind="denied",peer="x:1"} 2
ctk_b_total{peer="a\"\\\n"} 1
)");
}

TEST(Metrics, PrintsGauges) {
  Metrics metrics;
  metrics.gauge("ctk_lag_seconds", "Behind.").set(1.25);
  metrics.gauge("ctk_rows", "Rows.").set(12345678901.0);
  EXPECT_EQ(metrics.text(), R"(# HELP ctk_lag_seconds Behind.
# TYPE ctk_lag_seconds gauge
ctk_lag_seconds 1.25
# HELP ctk_rows Rows.
# TYPE ctk_rows gauge
ctk_rows 12345678901
)");
}

TEST(Metrics, PrintsHistogramsCumulated) {
  Metrics metrics;
  Histogram& histogram = metrics.histogram("ctk_seconds", "How long.", {0.1, 1}, {{"peer", "x"}});
  for (const double value : {0.05, 0.1, 0.5, 7.0}) histogram.observe(value);
  EXPECT_EQ(metrics.text(), R"(# HELP ctk_seconds How long.
# TYPE ctk_seconds histogram
ctk_seconds_bucket{peer="x",le="0.1"} 2
ctk_seconds_bucket{peer="x",le="1"} 3
ctk_seconds_bucket{peer="x",le="+Inf"} 4
ctk_seconds_sum{peer="x"} 7.65
ctk_seconds_count{peer="x"} 4
)");
}

TEST(Metrics, TheSameNameAndLabelsAreTheSame) {
  Metrics metrics;
  Counter& one = metrics.counter("a_total", "", {{"x", "1"}, {"y", "2"}});
  EXPECT_EQ(&one, &metrics.counter("a_total", "", {{"y", "2"}, {"x", "1"}})) << "in whatever order";
  EXPECT_NE(&one, &metrics.counter("a_total", "", {{"x", "1"}}));
  EXPECT_THROW(metrics.gauge("a_total", ""), std::logic_error);
}

TEST(Metrics, CountsFromAllThreads) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) {
        metrics.counter("a_total", "").add();
        metrics.histogram("b", "", {1}).observe(0.5);
        static_cast<void>(metrics.text());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(metrics.counter("a_total", "").value(), 4000u);
  EXPECT_EQ(metrics.histogram("b", "", {1}).cumulated().back(), 4000u);
  EXPECT_EQ(metrics.histogram("b", "", {1}).sum(), 2000.0);
}

TEST(Metrics, ASeriesThatIsRemovedIsNotPrinted) {
  Metrics metrics;
  metrics.gauge("ctk_lag_seconds", "Lag.", {{"shard", "a"}}).set(1);
  metrics.gauge("ctk_lag_seconds", "Lag.", {{"shard", "b"}}).set(2);
  metrics.remove("ctk_lag_seconds", {{"shard", "a"}});
  EXPECT_EQ(metrics.text(), "# HELP ctk_lag_seconds Lag.\n# TYPE ctk_lag_seconds gauge\nctk_lag_seconds{shard=\"b\"} 2\n");
  metrics.remove("ctk_lag_seconds", {{"shard", "b"}});
  metrics.remove("ctk_lag_seconds", {{"shard", "b"}});
  EXPECT_EQ(metrics.text(), "");
  EXPECT_EQ(metrics.gauge("ctk_lag_seconds", "Lag.", {{"shard", "a"}}).value(), 0);
}

}  // namespace
}  // namespace ctk
