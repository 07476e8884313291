// The cases of the conformance suite: histories. Each change of each key is a row, once, whatever way it came.
#include "sink/conformance_history_test.h"
#include "dynamodb/decode.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "table/history.h"

namespace ctk::sink::testing {
namespace {

using Changes = std::vector<std::shared_ptr<const dynamodb::Change>>;

constexpr int64_t kStart = 1'700'000'000'000'000;

/// Where a change of a story stands: its time, and the sequence number of its record.
struct When {
  int second = 0;
  int sequence = 0;
};

std::shared_ptr<const dynamodb::Change> change(const std::string& name, When when, const std::string& key,
                                               const std::string& image, const std::string& more = "") {
  dynamodb::RawRecord record;
  std::string whole = key;
  if (!image.empty()) whole = key.substr(0, key.size() - 1) + "," + image.substr(1);
  record.data =
      fmt::format(R"({{"eventName":"{}","tableName":"source",{}"dynamodb":{{"Keys":{},"ApproximateCreationDateTime":{},)"
                  R"("ApproximateCreationDateTimePrecision":"MICROSECOND"{}}}}})",
                  name, more, key, kStart + when.second * 1'000'000L, name == "REMOVE" ? "" : R"(,"NewImage":)" + whole);
  record.sequence = aws::SequenceNumber(std::to_string(when.sequence));
  dynamodb::Decoded decoded = dynamodb::Decoder().decode(std::move(record), {dynamodb::VersionKind::kinesis, false});
  if (decoded.changes.size() == 1) return std::make_shared<const dynamodb::Change>(std::move(decoded.changes.front()));
  ADD_FAILURE() << (decoded.undecodable.empty() ? "" : decoded.undecodable.front().reason);
  return nullptr;
}

std::shared_ptr<const dynamodb::Change> scanned(int second, const std::string& item) {
  dynamodb::RawRecord record;
  record.data = item;
  record.arrival = from_micros(kStart + second * 1'000'000L);
  dynamodb::Decoded decoded = dynamodb::Decoder().decode_item(std::move(record), {"source", {"pk"}});
  EXPECT_EQ(decoded.changes.size(), 1u);
  return std::make_shared<const dynamodb::Change>(std::move(decoded.changes.front()));
}

std::string number(int n) { return fmt::format(R"({{"n":{{"N":"{}"}}}})", n); }

std::optional<int> number_in(const std::string& data) {
  const size_t at = data.find_first_of("0123456789");
  return at == std::string::npos ? std::nullopt : std::optional(std::stoi(data.substr(at)));
}

std::vector<std::string> stories(const std::vector<KeptEvent>& events) {
  std::vector<std::string> texts;
  for (const KeptEvent& event : events) {
    texts.push_back(fmt::format("{} {} {}..{}{}", event.key, event.op, event.from,
                                event.to ? std::to_string(*event.to) : "", event.n ? fmt::format(" n={}", *event.n) : ""));
  }
  return texts;
}

}  // namespace

void ConformanceOfHistory::SetUp() {
  Conformance::SetUp();
  options.tables.history = "demo_history";
}

std::optional<int> ConformanceOfHistory::second_of(const std::optional<std::string>& cell) {
  if (!cell) return std::nullopt;
  std::string text = *cell;
  if (text.ends_with("+00")) text += ":00";
  const Result<Timestamp> time = parse_timestamp(text);
  EXPECT_TRUE(time) << *cell;
  if (!time) return std::nullopt;
  const int64_t micros = to_micros(*time) - kStart;
  EXPECT_EQ(micros % 1'000'000, 0) << *cell;
  return static_cast<int>(micros / 1'000'000);
}

std::vector<KeptEvent> ConformanceOfHistory::history() {
  backend->refresh(*sink, history_name());
  const std::string key = table::make_history_spec(opened->renderer->spec()).value().keys.front().column;
  const std::string column = backend->kind() == table::Target::cratedb ? "\"pk\"['" + key + "']" : key;
  Result<ResultSet> rows =
      query(fmt::format("SELECT {0}, cdc_version, op, valid_from, valid_to, ttl, data FROM {1} ORDER BY {0}, cdc_version",
                        column, backend->quoted(history_name())));
  EXPECT_TRUE(rows) << to_string(rows.error());
  std::vector<KeptEvent> events;
  if (!rows) return events;
  for (const auto& cells : rows->rows) {
    KeptEvent& event = events.emplace_back();
    event.key = cells[0].value_or("");
    event.version = cells[1].value_or("");
    event.op = cells[2].value_or("");
    event.from = second_of(cells[3]).value_or(-1);
    event.to = second_of(cells[4]);
    event.ttl = cells[5] == "true" || cells[5] == "1" || cells[5] == "t";
    if (cells[6]) event.n = number_in(*cells[6]);
  }
  return events;
}

std::vector<std::string> ConformanceOfHistory::events() { return stories(history()); }

namespace {

TEST_P(ConformanceOfHistory, EachChangeIsARowThoughTheTableHasTheNewestOnly) {
  const std::string key = text_key("a");
  const Changes changes = {change("INSERT", {1, 1}, key, number(1)), change("MODIFY", {2, 2}, key, number(2)),
                           change("MODIFY", {5, 3}, key, number(3))};
  open(*changes.front());
  apply(changes);
  EXPECT_EQ(events(), (std::vector<std::string>{"a insert 1..2 n=1", "a modify 2..5 n=2", "a modify 5.. n=3"}));
  EXPECT_EQ(items().size(), 1u);
  apply(Changes{change("REMOVE", {9, 4}, key, "")});
  EXPECT_EQ(events().back(), "a remove 9..");
  EXPECT_EQ(events()[2], "a modify 5..9 n=3");
}

/// The rows before the events of one write are read together: each key must find its own, whatever the others look like.
TEST_P(ConformanceOfHistory, EachOfManyKeysFindsTheRowBefore) {
  std::vector<std::string> keys = odd_keys(options.kind);
  for (int n = 1000; n < 1070; ++n) keys.push_back(fmt::format(R"({{"pk":{{"S":"k{}"}},"sk":{{"N":"{}"}}}})", n % 9, n));
  Changes first, second;
  for (int n = 0; const std::string& key : keys) {
    ++n;
    first.push_back(change("INSERT", {n, n}, key, number(n)));
    second.push_back(change("MODIFY", {1000 + n, 1000 + n}, key, number(1000 + n)));
  }
  open(*first.front());
  apply(first);
  std::ranges::reverse(second);
  apply(second);
  const std::vector<KeptEvent> kept = history();
  ASSERT_EQ(kept.size(), 2 * keys.size());
  for (const KeptEvent& event : kept) {
    const bool before = event.op == "insert";
    EXPECT_EQ(event.from, event.n);
    EXPECT_EQ(event.to, before ? std::optional(1000 + event.from) : std::nullopt) << event.from;
  }
}

TEST_P(ConformanceOfHistory, WhatTimeToLiveRemovesIsSaid) {
  const std::string service = R"("userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"},)";
  const std::string streams = R"("userIdentity":{"Type":"Service","PrincipalId":"dynamodb.amazonaws.com"},)";
  const std::string somebody = R"("userIdentity":{"type":"Service","principalId":"replication.dynamodb.amazonaws.com"},)";
  open(*change("INSERT", {1, 1}, text_key("a"), number(1)));
  apply(Changes{change("REMOVE", {1, 1}, text_key("a"), "", service), change("REMOVE", {1, 2}, text_key("b"), "", streams),
                change("REMOVE", {1, 3}, text_key("c"), "", somebody), change("REMOVE", {1, 4}, text_key("d"), "")});
  std::vector<bool> by_time_to_live;
  for (const KeptEvent& event : history()) by_time_to_live.push_back(event.ttl);
  EXPECT_EQ(by_time_to_live, (std::vector<bool>{true, true, false, false}));
}

/// Changes of a few keys, removals and all, in their order.
Changes story() {
  Changes changes;
  for (int second = 1; second <= 24; ++second) {
    const std::string key = text_key(fmt::format("k{}", second % 3));
    if (second % 7 == 0) {
      changes.push_back(change("REMOVE", {second, second}, key, ""));
    } else {
      changes.push_back(change(second < 4 ? "INSERT" : "MODIFY", {second, second}, key, number(second)));
    }
  }
  return changes;
}

TEST_P(ConformanceOfHistory, AReplayOfAnySuffixChangesNothing) {
  const Changes changes = story();
  open(*changes.front());
  apply(changes);
  const std::vector<KeptEvent> once = history();
  ASSERT_EQ(once.size(), changes.size());
  for (size_t from = 0; from < changes.size(); from += 3) {
    apply(Changes(changes.begin() + static_cast<std::ptrdiff_t>(from), changes.end()));
  }
  EXPECT_EQ(history(), once);
}

TEST_P(ConformanceOfHistory, AnyOrderAndRepetitionLeavesTheSameRows) {
  Changes changes = story();
  open(*changes.front());
  apply(changes);
  const std::vector<KeptEvent> in_order = history();
  ASSERT_EQ(in_order.size(), changes.size());
  for (unsigned seed = 1; seed <= 6; ++seed) {
    std::mt19937 random(seed);
    ASSERT_TRUE(query("DELETE FROM " + backend->quoted(history_name())));
    backend->refresh(*sink, history_name());
    Changes arriving = changes;
    // Some come again, others under another sequence number besides.
    for (int second = 1; second <= 24; second += 5) {
      const auto& first = changes[static_cast<size_t>(second - 1)];
      arriving.push_back(first);
      if (second % 7 == 0) continue;
      const std::string key = text_key(fmt::format("k{}", second % 3));
      arriving.push_back(change(second < 4 ? "INSERT" : "MODIFY", {second, 100 + second}, key, number(second)));
    }
    std::ranges::shuffle(arriving, random);
    for (size_t next = 0; next < arriving.size();) {
      const size_t taken = std::min<size_t>(1 + random() % 5, arriving.size() - next);
      const auto begin = arriving.begin() + static_cast<std::ptrdiff_t>(next);
      apply(Changes(begin, begin + static_cast<std::ptrdiff_t>(taken)));
      next += taken;
    }
    EXPECT_EQ(history(), in_order) << "seed " << seed;
  }
}

TEST_P(ConformanceOfHistory, WritesAtTheSameTimeLeaveTheSameRows) {
  const Changes changes = story();
  open(*changes.front());
  apply(changes);
  const std::vector<KeptEvent> in_order = history();
  for (unsigned seed = 1; seed <= 6; ++seed) {
    std::mt19937 random(seed);
    ASSERT_TRUE(query("DELETE FROM " + backend->quoted(history_name())));
    backend->refresh(*sink, history_name());
    Changes arriving = changes;
    std::ranges::shuffle(arriving, random);
    const size_t at_once = std::max<size_t>(1, static_cast<size_t>(sink->bounds().connections));
    for (size_t next = 0; next < arriving.size();) {
      std::vector<std::optional<Result<BatchOutcome>>> answers(at_once);
      for (std::optional<Result<BatchOutcome>>& answer : answers) {
        const size_t taken = std::min<size_t>(1 + random() % 3, arriving.size() - next);
        const auto begin = arriving.begin() + static_cast<std::ptrdiff_t>(next);
        sink->apply(batch_of(Changes(begin, begin + static_cast<std::ptrdiff_t>(taken))),
                    [&answer](Result<BatchOutcome> outcome) { answer.emplace(std::move(outcome)); });
        next += taken;
      }
      ASSERT_TRUE(
          backend->run_until([&] { return std::ranges::all_of(answers, [](auto& each) { return each.has_value(); }); }));
      for (const auto& answer : answers) ASSERT_TRUE(*answer) << to_string(answer->error());
    }
    EXPECT_EQ(history(), in_order) << "seed " << seed;
  }
}

TEST_P(ConformanceOfHistory, NothingIsKeptOfAWriteThatTheTableDoesNotTake) {
  open(*change("INSERT", {1, 1}, text_key("a"), number(1)));
  auto batch = batch_of(Changes{change("INSERT", {1, 1}, text_key("a"), number(1))});
  auto late = std::make_shared<Batch>(*batch);
  late->tables.front().epoch = 7;
  const Result<BatchOutcome> outcome = apply(late);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::stale_epoch);
  EXPECT_TRUE(history().empty());
  apply(batch);
  EXPECT_EQ(events(), std::vector<std::string>{"a insert 1.. n=1"});
}

TEST_P(ConformanceOfHistory, ALoadWritesLoadRows) {
  const std::string item = R"({"pk":{"S":"a"},"n":{"N":"7"}})";
  options.tables.history = "demo_history";
  const coordination::TableRecord record = open_loading(from_micros(kStart), coordination::LoadRequest::Kind::initial);
  apply(Changes{scanned(10, item)});
  apply(Changes{scanned(11, item)});  // its page was read again
  EXPECT_EQ(events(), std::vector<std::string>{"a load 10.. n=7"});
  apply(Changes{change("MODIFY", {14, 3}, text_key("a"), number(8))});
  EXPECT_EQ(events(), (std::vector<std::string>{"a load 10..14 n=7", "a modify 14.. n=8"}));
  ASSERT_TRUE(finish_load(record.epoch));
  open_loading(from_micros(kStart), coordination::LoadRequest::Kind::again);
  apply(Changes{change("MODIFY", {14, 3}, text_key("a"), number(8)), change("MODIFY", {30, 5}, text_key("a"), number(9))});
  apply(Changes{scanned(20, item)});
  EXPECT_EQ(events(), (std::vector<std::string>{"a load 10..14 n=7", "a modify 14..20 n=8", "a load 20..30 n=7",
                                                "a modify 30.. n=9"}));
}

TEST_P(ConformanceOfHistory, AChangeThatIsRefusedBelowANewerOneIsADeadLetter) {
  options.tables.rename = {{"a", "b"}};
  const std::string both = R"({"a":{"N":"1"},"b":{"N":"2"}})";
  open(*change("INSERT", {1, 1}, text_key("k"), number(1)));
  const BatchOutcome outcome =
      apply(Changes{change("INSERT", {1, 1}, text_key("k"), number(1)), change("MODIFY", {2, 2}, text_key("k"), both),
                    change("MODIFY", {3, 3}, text_key("k"), number(3))});
  ASSERT_EQ(outcome.tables.size(), 1u);
  EXPECT_EQ(outcome.tables[0][0].parked, 0);
  EXPECT_EQ(outcome.tables[0][0].parked_below, 1);
  EXPECT_EQ(events(), (std::vector<std::string>{"k insert 1..3 n=1", "k modify 3.. n=3"}));
  ASSERT_EQ(letters().size(), 1u);
  EXPECT_NE(letters()[0].version.find("0000000000002"), std::string::npos);
}

TEST_P(ConformanceOfHistory, TheKeyOfAnotherNameIsRenamed) {
  const std::string key = R"({"op":{"S":"a"}})";
  open(*change("INSERT", {1, 1}, key, number(1)));
  apply(Changes{change("INSERT", {1, 1}, key, number(1))});
  EXPECT_EQ(events(), std::vector<std::string>{"a insert 1.. n=1"});
}

TEST_P(ConformanceOfHistory, SweepingLeavesItAlone) {
  open(*change("INSERT", {1, 1}, text_key("a"), number(1)));
  apply(Changes{change("INSERT", {1, 1}, text_key("a"), number(1)), change("REMOVE", {2, 2}, text_key("a"), "")});
  if (!sink->traits().transactions) GTEST_SKIP() << "sweeps by its own rules";
  // Its one shard is read long past it.
  const aws::ShardId shard("shard-0");
  const auto begin = shards::Position::trim_horizon(), after = shards::Position::after(aws::SequenceNumber("9"));
  const coordination::Acquired mine = acquire(*sink, "w", {{shard, begin}});
  ASSERT_TRUE(move_alone(*sink, mine.fence, {{shard, begin, after, from_micros(kStart + 100'000'000L), {}}}));
  const Result<SweepOutcome> swept = sweep(std::chrono::seconds(1));
  ASSERT_TRUE(swept) << to_string(swept.error());
  EXPECT_EQ(swept->swept, 1u);
  EXPECT_EQ(events(), (std::vector<std::string>{"a insert 1..2 n=1", "a remove 2.."}));
}

TEST_P(ConformanceOfHistory, ATableThatIsNoHistoryIsRefused) {
  open(*change("INSERT", {1, 1}, text_key("a"), number(1)));
  options.tables.history = "demo";
  const auto other = change("INSERT", {1, 1}, text_key("a"), number(1));
  const Result<OpenTable> refused = open(*sink, "other", *other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::refused);
}

TEST_P(ConformanceOfHistory, OneTableHasOne) {
  const auto first = change("INSERT", {1, 1}, text_key("a"), number(1));
  open(*first);
  const Result<OpenTable> refused = open(*sink, "other", *first);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::refused);
  EXPECT_NE(refused.error().message.find("history"), std::string::npos);
}

TEST_P(ConformanceOfHistory, ARunThatLeavesItOutSaysSoForAsLongAsItIsThere) {
  const auto first = change("INSERT", {1, 1}, text_key("a"), number(1));
  const auto log_lines = [&] {
    return std::ranges::count_if(backend->log_lines(), [](const std::string& line) {
      return line.find("add history=demo_history") != std::string::npos;
    });
  };
  open(*first);
  apply(Changes{first});
  EXPECT_EQ(log_lines(), 0);
  options.tables.history.reset();
  const std::unique_ptr<Database> without = backend->make_sink(options);
  for (int i = 0; i < 2; ++i) {
    const Result<OpenTable> left_out = open(*without, "demo", *first);
    ASSERT_TRUE(left_out) << to_string(left_out.error());
  }
  EXPECT_EQ(log_lines(), 1) << "once a run";
  ASSERT_TRUE(query("DROP TABLE " + backend->quoted(history_name())));
  ASSERT_TRUE(open(*backend->make_sink(options), "demo", *first));
  EXPECT_EQ(log_lines(), 1) << "nothing can be missing from it any more";
}

TEST_P(ConformanceOfRefusingHistory, WhatItRefusesIsParkedAndNotInTheTable) {
  open(*change("INSERT", {1, 1}, text_key("a"), number(1)));
  ASSERT_TRUE(query("CREATE UNIQUE INDEX one_at_a_time ON " + backend->quoted(history_name()) + " (valid_from)"));
  // Of `b` the only change is refused; of `c` an older one, of `d` the newest.
  const BatchOutcome outcome = apply(
      Changes{change("INSERT", {5, 1}, text_key("a"), number(5)), change("INSERT", {5, 2}, text_key("b"), number(5)),
              change("INSERT", {5, 3}, text_key("c"), number(5)), change("MODIFY", {6, 4}, text_key("c"), number(6)),
              change("INSERT", {4, 5}, text_key("d"), number(4)), change("MODIFY", {5, 6}, text_key("d"), number(5))});
  EXPECT_EQ(events(), (std::vector<std::string>{"a insert 5.. n=5", "c modify 6.. n=6", "d insert 4.. n=4"}));
  const auto held = items();
  EXPECT_EQ(held.size(), 3u);
  EXPECT_EQ(held.at("d"), R"({"n":4})");
  EXPECT_EQ(letters().size(), 3u);
  EXPECT_EQ(outcome.dead_letters.size(), 3u);
}

}  // namespace
}  // namespace ctk::sink::testing
