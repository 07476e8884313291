#include "check/cost.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shards/cadence.h"

namespace ctk::check {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

TEST(Prices, CanBeGiven) {
  Prices prices;
  EXPECT_EQ(prices.of("export-gb"), 0.10);
  EXPECT_TRUE(prices.set("export-gb=0.2"));
  EXPECT_EQ(prices.of("export-gb"), 0.2);
  for (const char* wrong : {"export-gb", "export-gb=", "export-gb=x", "export-gb=-1", "export-gb=inf", "gold=1", ""}) {
    const Status set = prices.set(wrong);
    ASSERT_FALSE(set) << wrong;
    EXPECT_EQ(set.error().kind, ErrorKind::usage);
    EXPECT_THAT(set.error().message, HasSubstr("kinesis-shard-hour"));
  }
}

TEST(Cost, OfAScan) {
  const Prices prices;
  // 4 segments of 256 MB, in pages of 1 MB after some that are smaller.
  const TableSize table{1 << 20, 1u << 30, std::nullopt};
  const Way way = scan_way(table, {}, prices);
  EXPECT_EQ(way.way, "scan");
  EXPECT_NEAR(static_cast<double>(way.requests), 8 * 128 + 20, 30);
  EXPECT_NEAR(way.capacity_units, (1u << 30) / 4096.0, 2000);
  EXPECT_NEAR(way.dollars, way.capacity_units * 0.125e-6, 1e-9);
  EXPECT_NEAR(way.hours, 1.0737e9 / 25e6 / 3600, 1e-4);
}

TEST(Cost, CapacityIsWhatAScanWaitsFor) {
  const TableSize table{1000, 4'096'000, 100.0};
  EXPECT_NEAR(scan_way(table, {}, {}).hours, 1000.0 / 100 / 3600, 2e-4);
  EXPECT_NEAR(scan_way(table, {.segments = 1, .read_capacity = 10.0}, {}).hours, 1000.0 / 10 / 3600, 2e-3);
  const Way way = scan_way(table, {}, {});
  EXPECT_NEAR(way.dollars, way.capacity_units / 3600 * 0.00013, 1e-12);
}

TEST(Cost, AnEmptyTableTakesARequestASegment) {
  EXPECT_EQ(scan_way({}, {.segments = 7}, {}).requests, 7U);
  EXPECT_EQ(scan_way({}, {.segments = 7}, {}).capacity_units, 7);
  EXPECT_EQ(scan_way({}, {}, {}).hours, 0);
}

TEST(Cost, OfAnExport) {
  const Way way = export_way({1000, 10ull << 30, std::nullopt}, {});
  EXPECT_EQ(way.capacity_units, 0);
  EXPECT_NEAR(way.dollars, 1.0, 0.01);
  EXPECT_GT(way.hours, 0.25);
}

TEST(Cost, APauseIsTheEnginesOwn) {
  EXPECT_EQ(quiet_pause(seconds(5), std::nullopt, 0), seconds(5));
  EXPECT_EQ(quiet_pause(seconds(5), seconds(2), 5), seconds(2));
  EXPECT_EQ(quiet_pause(std::chrono::milliseconds(50), seconds(2), 5), std::chrono::milliseconds(50));
  EXPECT_EQ(quiet_pause(seconds(1), std::chrono::milliseconds(60), 5), std::chrono::milliseconds(200));
}

/// A quiet shard of a relay, for a day.
TEST(Cost, FollowingIsAsTheEngineAsks) {
  shards::Cadence cadence(shards::make_cadence(seconds(5), std::nullopt));
  double calls = 0;
  for (Duration now{}; now < std::chrono::hours(24); ++calls) {
    cadence.asked(now);
    now += cadence.answered({}, now);
  }
  const double planned = follow(StreamKind::table_stream, 1, seconds(5), {}).requests_per_month / 730 * 24;
  EXPECT_NEAR(planned, calls, calls * 0.01);
}

TEST(Cost, OfFollowing) {
  const Following stream = follow(StreamKind::table_stream, 3, seconds(5), {});
  EXPECT_EQ(stream.requests_per_month, 3 * 730 * 720);
  EXPECT_NEAR(stream.dollars_per_month, stream.requests_per_month * 2e-7, 1e-9);
  const Following kinesis = follow(StreamKind::kinesis, 3, seconds(1), {});
  EXPECT_EQ(kinesis.requests_per_month, 3 * 730 * 3600);
  EXPECT_NEAR(kinesis.dollars_per_month, 3 * 730 * 0.015, 1e-9);
  const Following pushed = follow(StreamKind::kinesis_fan_out, 3, seconds(262), {});
  EXPECT_NEAR(pushed.requests_per_month, 3 * 730 * 3600 / 262.0, 1e-6);
  EXPECT_NEAR(pushed.dollars_per_month, 2 * kinesis.dollars_per_month, 1e-9);
}

}  // namespace
}  // namespace ctk::check
