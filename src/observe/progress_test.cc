#include "observe/progress.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/event_loop.h"

namespace ctk::observe {
namespace {

using namespace std::chrono_literals;

relay::RelayStats some_stats() {
  relay::RelayStats stats;
  stats.counts.read = 12345;
  stats.counts.applied = 12340;
  stats.counts.filtered = 2;
  stats.counts.deleted = 40;
  stats.tombstones = 4;
  stats.counts.dead_letters = 3;
  stats.counts.shards = 5;
  stats.counts.bytes = 46694;
  stats.counts.stale = 7;
  stats.living = 118;
  stats.seconds = 1.2345;
  stats.shards_reading = 4;
  stats.lag = 2s;
  stats.tables = {"demo"};
  stats.views = {"demo_live"};
  return stats;
}

TEST(Summary, SaysThatSourceTableMatchesNothing) {
  relay::RelayStats stats;
  stats.counts.read = 12;
  stats.counts.filtered = 2;
  stats.filtered_table = "Demo";
  EXPECT_EQ(nothing_matched_line(stats), "");
  EXPECT_TRUE(summary_line("done", stats, true).contains(", filtered 2 (of other tables, such as 'Demo'), "));
  stats.counts.filtered = 12;
  EXPECT_EQ(nothing_matched_line(stats),
            "source-table matches nothing: all 12 changes are of other tables, such as 'Demo'");
  stats.counts.read = stats.counts.filtered = 1;
  EXPECT_EQ(nothing_matched_line(stats),
            "source-table matches nothing: the only change is of other tables, such as 'Demo'");
  EXPECT_EQ(nothing_matched_line({}), "");
}

TEST(Figures, ReadWell) {
  EXPECT_EQ(group_digits(0), "0");
  EXPECT_EQ(group_digits(999), "999");
  EXPECT_EQ(group_digits(1000), "1,000");
  EXPECT_EQ(group_digits(1234567), "1,234,567");
  EXPECT_EQ(human_bytes(512), "512 B");
  EXPECT_EQ(human_bytes(46694), "45.6 KB");
  EXPECT_EQ(human_bytes(3ull << 30), "3.0 GB");
  EXPECT_EQ(human_duration(250ms), "0.2s");
  EXPECT_EQ(human_duration(-5s), "0.0s");
  EXPECT_EQ(human_duration(250s), "4m10s");
  EXPECT_EQ(human_duration(23h + 5min), "23h05m");
  EXPECT_EQ(human_duration(167h), "6d23h");
}

TEST(Rate, IsTheDifferenceOverTheTime) {
  ProgressSample sample{some_stats(), 12245, 500ms};
  EXPECT_EQ(sample.rate(), 200u);
  sample.since_before = 0s;
  EXPECT_EQ(sample.rate(), 0u);
  sample.since_before = 1s;
  sample.read_before = 99999;
  EXPECT_EQ(sample.rate(), 0u);
}

TEST(LiveLine, ShowsRateLagShardsAndLetters) {
  ProgressSample sample{some_stats(), 12245, 500ms};
  EXPECT_EQ(progress_text(sample).line, "12,345 changes  200/s  lag 2.0s  shards 4  dead letters 3");
  sample.now.shards_waiting = 2;
  sample.now.until_data_loss = 23h;
  sample.now.counts.gaps = 1;
  sample.now.outage = "target refuses connections";
  EXPECT_EQ(progress_text(sample).line,
            "12,345 changes  200/s  lag 2.0s  shards 4 (+2 waiting)  data loss in 23h00m  dead letters 3  gaps 1  "
            "waiting: target refuses connections");
}

TEST(Summary, SaysWhatHappened) {
  auto stats = some_stats();
  EXPECT_EQ(summary_line("done", stats, true),
            "done: read 12345, applied 12340, filtered 2, stale 7, deleted 40, dead letters 3, shards 5, 45.6 KB in 1.2 s; "
            "118 living (demo_live), 4 marked (demo)");
  EXPECT_THAT(summary_line("done", stats, false), testing::EndsWith("118 living, 4 marked (demo)"));
  stats.views.clear();
  EXPECT_THAT(summary_line("done", stats, true), testing::EndsWith("118 living, 4 marked (demo)"))
      << "what has the view's name is no view of ours";
  stats.tombstones = 0;
  stats.counts.filtered = 0;
  stats.counts.stale.reset();
  stats.counts.gaps = 1;
  const std::string_view without =
      "stopped: read 12345, applied 12340, deleted 40, dead letters 3, gaps 1, shards 5, 45.6 KB in 1.2 s";
  EXPECT_EQ(summary_line("stopped", stats, true), without);
  stats.tombstones = stats.living = std::nullopt;  // they could not be counted
  EXPECT_EQ(summary_line("stopped", stats, true), without);
  EXPECT_THAT(summary_json(stats), testing::HasSubstr(R"("marked":null)"));
}

TEST(Summary, SaysWhatAFilePlayedAgainHasDone) {
  auto stats = some_stats();
  stats.counts.stale = stats.counts.applied;
  EXPECT_THAT(summary_line("done", stats, false),
              testing::EndsWith("; nothing was new: the rows were as late already, or later"));
}

TEST(Summary, JsonHasExactlyTheContractsMembers) {
  auto stats = some_stats();
  EXPECT_EQ(summary_json(stats),
            R"({"read":12345,"applied":12340,"filtered":2,"stale":7,"deleted":40,"marked":4,"dead_letters":3,"gaps":0,)"
            R"("shards":5,"bytes":46694,"seconds":1.234})");
  stats.counts.stale.reset();
  EXPECT_THAT(summary_json(stats), testing::HasSubstr(R"("stale":null,)"));
}

TEST(RelayProgress, RatesAreOfTheTimeSinceTheLookBefore) {
  VirtualLoop loop(from_micros(0));
  relay::RelayStats stats;
  const auto look = relay_progress([&] { return stats; }, loop);
  for (const uint64_t read : {1000, 3000}) {
    stats.counts.read = read;
    bool over = false;
    loop.after(10s, [&] { over = true; });
    loop.run_until([&] { return over; }, 10s);
    const ProgressText text = look();
    EXPECT_EQ(text.line, fmt::format("{} changes  {}/s  lag 0.0s  shards 0  dead letters 0", group_digits(read),
                                     read == 1000 ? 100 : 200));
    EXPECT_EQ(text.message, "progress");
    std::string fields;
    for (const LogField& field : text.fields) fields += std::string(field.key) + "=" + field.value + " ";
    EXPECT_EQ(fields, fmt::format("read={} applied=0 rate={} lag_seconds=0 shards=0 shards_waiting=0 dead_letters=0 ", read,
                                  read == 1000 ? 100 : 200));
  }
}

TEST(LoadText, ItemsBytesRateAndTimeLeft) {
  ProgressSample sample;
  EXPECT_EQ(load_text(sample), "");
  sample.now.load = relay::LoadProgress{.running = true, .items = 1200, .bytes = 3 << 20, .expected_items = 45000};
  sample.since_before = std::chrono::seconds(2);
  EXPECT_EQ(load_text(sample), "load 1,200 of about 45,000 items, 3.0 MB, 600/s, 1m13s left");
  sample.now.load->resumed = true;
  EXPECT_EQ(load_text(sample), "load 1,200 of about 45,000 items, 3.0 MB, 600/s");
  sample.now.load->items_before = 43200;
  EXPECT_EQ(load_text(sample), "load 44,400 of about 45,000 items, 3.0 MB, 600/s, 1.0s left");
  sample.now.load->items_before = 0;
  sample.now.load->expected_items = 0;
  sample.loaded_before = 1200;
  EXPECT_EQ(load_text(sample), "load 1,200 items, 3.0 MB");
  EXPECT_TRUE(progress_text(sample).line.starts_with("load 1,200 items, 3.0 MB  "));
  sample.now.load->running = false;
  EXPECT_EQ(load_text(sample), "");
}

TEST(SummaryLine, SaysWhatIsMissingOfTheTable) {
  relay::RelayStats stats;
  stats.load = relay::LoadProgress{};
  EXPECT_FALSE(summary_line("done", stats, true).contains("load"));
  stats.load->running = true;
  EXPECT_TRUE(summary_line("stopped", stats, true).ends_with("; the load is not complete"));
  stats.load.reset();
  stats.changes_only_since = "2026-11-22T00:00:00Z";
  EXPECT_TRUE(summary_line("done", stats, true).contains("changes only since 2026-11-22T00:00:00Z"));
}

TEST(Summary, SaysWhatTheDeadLettersAreAndWhere) {
  relay::RelayStats stats;
  EXPECT_EQ(dead_letters_line(stats, "list them with: x"), "");
  stats.counts.dead_letters = 1;
  stats.commonest_reason = "no JSON";
  EXPECT_EQ(dead_letters_line(stats, "list them with: x"), "1 dead letter: no JSON; list them with: x");
  stats.counts.dead_letters = 7;
  EXPECT_EQ(dead_letters_line(stats, "list them with: x"), "7 dead letters, most often: no JSON; list them with: x");
}

}  // namespace
}  // namespace ctk::observe
