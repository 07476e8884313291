#include "cli/top_screen.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "cli/shown_text.h"

namespace ctk::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string page(size_t shards, const std::string& name = "orders") {
  std::string text =
      R"({"relays":[{"name":")" + name +
      R"(","state":"running","ready":true,"healthy":true,"lag_seconds":1.5,)"
      R"("seconds_to_data_loss":86398.5,"rates":{"changes":1234.5,"bytes":1},"totals":{"read":7},)"
      R"("memory_bytes":1024,"load":{"running":true,"items":50,"expected_items":100},)"
      R"("history":[[1,0,0,0,true],[2,8,4,0,true]],"dead_letters":[{"key":"k","reason":"too long"}],"shards":[)";
  for (size_t i = 0; i < shards; ++i) {
    text += fmt::format(R"({}{{"id":"shard-{:04}","state":"{}","position":"12","lag_seconds":{}}})", i > 0 ? "," : "", i,
                        i % 10 == 9  ? "finished"
                        : i % 2 == 0 ? "reading"
                                     : "waiting",
                        i);
  }
  return text +
         R"(]}],"version":"1.2.3","uptime_seconds":61,"reasons":[],"log":[{"level":"info","text":"the last line"}]})";
}

std::string joined(const TopScreen& screen) {
  std::string text;
  for (const ScreenLine& line : screen.lines) text += line.text + "\n";
  return text;
}

TEST(TopScreen, FillsATerminalOfAnySizeAndNoMore) {
  for (const auto& [rows, columns] : {std::pair<size_t, size_t>{24, 80}, {50, 200}, {10, 40}, {3, 10}, {1, 1}}) {
    const TopScreen screen = top_screen(page(1000), {}, {"q quit", false}, rows, columns).value();
    EXPECT_EQ(screen.lines.size(), rows);
    for (const ScreenLine& line : screen.lines) EXPECT_LE(shown_width(line.text), columns) << line.text;
    EXPECT_EQ(screen.lines.back().text, std::string("q quit").substr(0, columns));
  }
}

TEST(TopScreen, ShowsTheRelayItsShardsAndTheLog) {
  const std::string text = joined(top_screen(page(4), {}, {}, 24, 80).value());
  EXPECT_THAT(text, StartsWith("ctk 1.2.3  up 1m01s  all is well"));
  EXPECT_THAT(text, HasSubstr("orders: running, healthy, caught up\n  lag 1.5s ▁█   1,234/s ▁█   data loss in 23h59m"));
  EXPECT_THAT(text, HasSubstr("  load 50 items of about 100 [#############-------------] 50 %\n"));
  EXPECT_THAT(text, HasSubstr("4 SHARDS v"));
  EXPECT_THAT(text, HasSubstr("last dead letter: k: too long\nthe last line\n"));
}

/// With one log line of that text.
std::string logged(const std::string& text) {
  return joined(top_screen(R"({"relays":[],"log":[{"level":"warn","text":")" + text + R"("}]})", {}, {}, 24, 80).value());
}

TEST(TopScreen, ALogLineBeginsWithWhatItSays) {
  EXPECT_THAT(logged(R"(time=2026-11-30T22:45:55.043720Z level=warn msg=\"writing failed\" relay=orders)"),
              HasSubstr("\n22:45:55Z warn \"writing failed\" relay=orders\n"));
  for (const char* other :
       {"time=now level=warn msg=x", "level=warn msg=x time=2026-11-30T22:45:55.043720Z", "time= msg= level=", "x"}) {
    EXPECT_THAT(logged(other), HasSubstr(std::string("\n") + other + "\n"));
  }
}

TEST(TopScreen, OfALoadBeforeThisRunNothingIsCounted) {
  const std::string before = R"({"relays":[{"name":"a","load":{"running":false,"items":0,"segments":0}}]})";
  EXPECT_THAT(joined(top_screen(before, {}, {}, 24, 80).value()), HasSubstr("\n  load complete, before this run\n"));
}

/// `count` relays with a shard each; the last one has failed.
std::string several(size_t count) {
  std::string text = R"({"relays":[)";
  for (size_t i = 0; i < count; ++i) {
    const bool last = i + 1 == count;
    text += fmt::format(R"({}{{"name":"r{}","state":"{}","ready":true,"healthy":{},"lag_seconds":1.5,)"
                        R"("rates":{{"changes":7}},"totals":{{"dead_letters":2}},"history":[],)"
                        R"("shards":[{{"id":"s","state":"reading","position":"1","lag_seconds":0}}]}})",
                        i > 0 ? "," : "", i, last ? "failed" : "running", !last);
  }
  return text + R"(],"version":"1.2.3","uptime_seconds":61,"reasons":["r: no"],"log":[]})";
}

TEST(TopScreen, SeveralRelaysHaveALineEach) {
  const std::string text = joined(top_screen(several(3), {}, {}, 24, 80).value());
  EXPECT_THAT(text, HasSubstr("\nr2: failed, NOT healthy  lag 1.5s  7/s  dead letters 2\n"
                              "r0: running, healthy, caught up"));
  EXPECT_THAT(text, HasSubstr("\nr1 s "));
}

TEST(TopScreen, AReasonIsReadableToItsEnd) {
  const auto shown = [](const std::string& reason) {
    return joined(top_screen(R"({"relays":[],"reasons":[")" + reason + R"("]})", {}, {}, 24, 40).value());
  };
  EXPECT_THAT(shown("orders: target unreachable for 12 s: the database file is locked"),
              HasSubstr("\n! orders: target unreachable for 12 s:\n  the database file is locked\n"));
  EXPECT_THAT(shown(std::string(50, 'x')), HasSubstr("\n! " + std::string(38, 'x') + "\n  " + std::string(12, 'x') + "\n"));
  EXPECT_THAT(shown(std::string(500, 'x')), HasSubstr("\n  " + std::string(38, 'x') + "\n0 SHARDS")) << "three lines";
  EXPECT_FALSE(top_screen(R"({"relays":[],"reasons":["a b"]})", {}, {}, 24, 1)->lines.empty());
}

TEST(TopScreen, OfAFewRelaysEachHasItsGraphsWhereThereIsRoom) {
  const auto graphs = [](size_t count, size_t rows) {
    const std::string text = joined(top_screen(several(count), {}, {}, rows, 80).value());
    size_t found = 0;
    for (size_t at = text.find("   memory "); at != std::string::npos; at = text.find("   memory ", at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(graphs(2, 24), 2u);
  EXPECT_EQ(graphs(3, 24), 0u) << "a line each";
  EXPECT_EQ(graphs(3, 40), 3u);
}

TEST(TopScreen, OfManyRelaysThoseThatAreNotWellComeFirst) {
  const std::string text = joined(top_screen(several(50), {}, {}, 24, 80).value());
  EXPECT_LT(text.find("r49: failed"), text.find("r0: running"));
  EXPECT_THAT(text, HasSubstr("\nand 42 relays more, all healthy\n"));
  EXPECT_THAT(text, HasSubstr("50 SHARDS"));
}

TEST(TopScreen, SortsFiltersAndScrolls) {
  TopWishes wishes;
  wishes.order = ShardOrder::lag;
  wishes.filter = "reading";
  wishes.scrolled = 1;
  const TopScreen screen = top_screen(page(20), wishes, {}, 40, 80).value();
  EXPECT_EQ(screen.shards, 10u);
  EXPECT_EQ(screen.shown_shards, 9u);
  const std::string text = joined(screen);
  EXPECT_THAT(text, Not(HasSubstr("shard-0018")));
  EXPECT_LT(text.find("shard-0016"), text.find("shard-0014"));
  wishes = {};
  EXPECT_EQ(top_screen(page(20), wishes, {}, 40, 80)->shards, 18u);
  wishes.shows_finished = true;
  EXPECT_EQ(top_screen(page(20), wishes, {}, 40, 80)->shards, 20u);
  wishes.scrolled = 1000;
  EXPECT_EQ(top_screen(page(20), wishes, {}, 40, 80)->shown_shards, 0u);
}

TEST(TopScreen, NamesDoNothingToATerminal) {
  EXPECT_THAT(joined(top_screen(page(1, R"(\u001b[2J\u202e)"), {}, {}, 24, 80).value()), Not(HasSubstr("\x1b")));
}

TEST(TopScreen, WhatIsNoStatusIsAnError) {
  EXPECT_FALSE(top_screen("<html>", {}, {}, 24, 80));
  EXPECT_FALSE(top_screen("[]", {}, {}, 24, 80));
  EXPECT_TRUE(
      top_screen(R"({"relays":[1,{"history":[7,[1]],"load":3,"shards":{}}],"reasons":[1],"log":[{}]})", {}, {}, 24, 80));
}

TEST(Sparkline, ShowsTheHighestOfEachColumn) {
  EXPECT_EQ(sparkline({}, 10, true), "");
  EXPECT_EQ(sparkline({0, 0}, 10, true), "▁▁");
  EXPECT_EQ(sparkline({0, 1, 2, 4}, 2, true), "▃█");
  EXPECT_EQ(sparkline({0, 1, 2, 4}, 4, false), "_:=#");
}

}  // namespace
}  // namespace ctk::cli
