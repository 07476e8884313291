#include "sink/key_history.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <random>

#include "dynamodb/order.h"

namespace ctk::sink {
namespace {

using dynamodb::VersionKind;

Timestamp at(int64_t second) { return from_micros(1'700'000'000'000'000 + second * 1'000'000); }

std::string kinesis(coordination::Epoch epoch, int64_t second, int sequence) {
  return table::version_text(epoch, dynamodb::order_text(VersionKind::kinesis, at(second), std::to_string(sequence), 0));
}

std::string streams(coordination::Epoch epoch, int sequence) {
  return table::version_text(epoch, dynamodb::order_text(VersionKind::streams, at(0), std::to_string(sequence), 0));
}

std::string load(coordination::Epoch epoch, int64_t second) {
  return table::version_text(epoch, dynamodb::load_order(at(second)));
}

/// One key's rows, as a database keeps them.
class Stored {
 public:
  /// What the target's statement brings.
  std::vector<HistoryEvent> read(const table::VersionRange& window) const {
    auto first = rows_.lower_bound(window.from);
    if (first != rows_.begin()) --first;
    auto last = rows_.upper_bound(window.to);
    if (last != rows_.end()) ++last;
    std::vector<HistoryEvent> found;
    for (; first != last; ++first) found.push_back(first->second);
    return found;
  }

  void write(const std::vector<HistoryEvent>& events, coordination::Epoch epoch) {
    HistoryOfKey history(events);
    for (const table::VersionRange& window : history.windows(epoch)) history.take(read(window));
    const HistoryChanges changes = history.plan();
    // Whoever reads the newest row first comes to the same.
    HistoryOfKey by_newest(events);
    for (const table::VersionRange& window : by_newest.windows_left(epoch, newest())) by_newest.take(read(window));
    ASSERT_EQ(by_newest.plan(), changes);
    for (const std::string& version : changes.removals) ASSERT_EQ(rows_.erase(version), 1u);
    for (const HistoryChanges::Insert& each : changes.inserts) {
      const HistoryEvent& event = events[each.event];
      ASSERT_TRUE(rows_.emplace(event.version, HistoryEvent{event.version, event.from, each.to}).second);
    }
    for (const HistoryChanges::End& each : changes.ends) rows_.at(each.version).to = each.to;
  }

  std::optional<HistoryEvent> newest() const {
    return rows_.empty() ? std::nullopt : std::optional(rows_.rbegin()->second);
  }

  std::vector<HistoryEvent> rows() const {
    std::vector<HistoryEvent> all;
    for (const auto& [version, row] : rows_) all.push_back(row);
    return all;
  }

 private:
  std::map<std::string, HistoryEvent> rows_;
};

/// What any order of arrival must lead to.
std::vector<HistoryEvent> expected(const std::vector<HistoryEvent>& events) {
  std::map<std::string, HistoryEvent> lowest;
  for (const HistoryEvent& event : events) {
    auto [place, is_new] = lowest.emplace(table::change_identity(event.version), event);
    if (!is_new && event.version < place->second.version) place->second = event;
  }
  std::vector<HistoryEvent> rows;
  for (const auto& [identity, event] : lowest) rows.push_back(event);
  std::ranges::sort(rows, {}, &HistoryEvent::version);
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i].to = i + 1 < rows.size() ? std::optional(rows[i + 1].from) : std::nullopt;
  }
  return rows;
}

TEST(History, EachHoldsUntilTheNextBegins) {
  Stored stored;
  stored.write({{streams(1, 7), at(1)}}, 1);
  stored.write({{streams(1, 9), at(3)}, {streams(1, 8), at(2)}}, 1);
  const std::vector<HistoryEvent> rows = {
      {streams(1, 7), at(1), at(2)}, {streams(1, 8), at(2), at(3)}, {streams(1, 9), at(3), std::nullopt}};
  EXPECT_EQ(stored.rows(), rows);
}

TEST(History, WindowsBehindTheNewestRowNeedNotBeRead) {
  HistoryOfKey first({{streams(1, 7), at(1)}});
  EXPECT_TRUE(first.windows_left(1, std::nullopt).empty());
  HistoryOfKey later({{streams(1, 8), at(2)}, {streams(1, 9), at(3)}});
  EXPECT_TRUE(later.windows_left(1, HistoryEvent{streams(1, 7), at(1)}).empty());
  const HistoryChanges changes = {{{0, at(3)}, {1, std::nullopt}}, {{streams(1, 7), at(2)}}, {}};
  EXPECT_EQ(later.plan(), changes);
  HistoryOfKey again({{streams(1, 7), at(1)}, {streams(1, 8), at(2)}});
  EXPECT_EQ(again.windows_left(1, HistoryEvent{streams(1, 7), at(1)}).size(), 1u);
  // The epoch before has to be looked at, too: it may have brought the change.
  HistoryOfKey behind_a_load({{streams(2, 9), at(9)}});
  EXPECT_EQ(behind_a_load.windows_left(2, HistoryEvent{load(2, 8), at(8)}).size(), 1u);
}

TEST(History, WhatComesLateParts) {
  Stored stored;
  stored.write({{streams(1, 7), at(1)}, {streams(1, 9), at(3)}}, 1);
  stored.write({{streams(1, 8), at(2)}}, 1);
  const std::vector<HistoryEvent> rows = {
      {streams(1, 7), at(1), at(2)}, {streams(1, 8), at(2), at(3)}, {streams(1, 9), at(3), std::nullopt}};
  EXPECT_EQ(stored.rows(), rows);
}

TEST(History, ARepeatedChangeIsOneEventAndItsLowestVersionStays) {
  Stored stored;
  stored.write({{kinesis(1, 1, 50), at(1)}}, 1);
  stored.write({{kinesis(1, 2, 80), at(2)}}, 1);
  stored.write({{kinesis(1, 2, 90), at(2)}}, 1);
  EXPECT_EQ(stored.rows().size(), 2u);
  stored.write({{kinesis(1, 2, 70), at(2)}}, 1);
  const std::vector<HistoryEvent> rows = {{kinesis(1, 1, 50), at(1), at(2)}, {kinesis(1, 2, 70), at(2), std::nullopt}};
  EXPECT_EQ(stored.rows(), rows);
}

TEST(History, ChangesOfOneSecondWithNumbersOfTheirOwnAreApart) {
  Stored stored;
  stored.write({{streams(1, 1), at(1)}, {streams(1, 2), at(1)}, {streams(1, 3), at(1)}}, 1);
  EXPECT_EQ(stored.rows().size(), 3u);
}

TEST(History, AChangeThatAnotherEpochReadsAgainIsThere) {
  Stored stored;
  stored.write({{streams(1, 5), at(5)}, {streams(1, 6), at(6)}}, 1);
  stored.write({{load(2, 8), at(8)}}, 2);
  stored.write({{streams(2, 6), at(6)}, {streams(2, 9), at(9)}}, 2);
  const std::vector<HistoryEvent> rows = {{streams(1, 5), at(5), at(6)},
                                          {streams(1, 6), at(6), at(8)},
                                          {load(2, 8), at(8), at(9)},
                                          {streams(2, 9), at(9), std::nullopt}};
  EXPECT_EQ(stored.rows(), rows);
  // One of the first epoch that comes after all: a dead letter.
  stored.write({{streams(1, 9), at(9)}}, 2);
  const std::vector<HistoryEvent> later = {{streams(1, 5), at(5), at(6)},
                                           {streams(1, 6), at(6), at(9)},
                                           {streams(1, 9), at(9), at(8)},
                                           {load(2, 8), at(8), std::nullopt}};
  EXPECT_EQ(stored.rows(), later);
}

TEST(History, ALoadThatReadsAnItemAgainLeavesOneRow) {
  Stored stored;
  stored.write({{load(1, 3), at(3)}}, 1);
  stored.write({{load(1, 4), at(4)}}, 1);
  stored.write({{load(2, 9), at(9)}}, 2);
  const std::vector<HistoryEvent> rows = {{load(1, 3), at(3), at(9)}, {load(2, 9), at(9), std::nullopt}};
  EXPECT_EQ(stored.rows(), rows);
}

/// Events of all kinds, some of which are one change.
std::vector<HistoryEvent> random_events(std::mt19937& random, bool by_time) {
  const auto below = [&](int limit) { return static_cast<int>(random() % static_cast<unsigned>(limit)); };
  std::vector<HistoryEvent> events;
  const int count = 1 + below(14);
  for (int i = 0; i < count; ++i) {
    const auto epoch = static_cast<coordination::Epoch>(1 + below(3));
    const int second = below(12);
    if (below(5) == 0) {
      events.push_back({load(epoch, second), at(second)});
    } else if (by_time) {
      events.push_back({kinesis(epoch, second, 1 + below(4)), at(second)});
    } else {
      events.push_back({streams(epoch, second), at(second / 3)});
    }
  }
  return events;
}

TEST(History, AnyOrderOfArrivalAndRepetitionLeadsToTheSameRows) {
  for (unsigned seed = 1; seed <= 4000; ++seed) {
    std::mt19937 random(seed);
    std::vector<HistoryEvent> events = random_events(random, seed % 2 == 0);
    const std::vector<HistoryEvent> rows = expected(events);
    // A part of them comes again.
    std::vector<HistoryEvent> arriving = events;
    for (size_t i = 0; i < events.size(); ++i) {
      if (random() % 3 == 0) arriving.push_back(events[i]);
    }
    std::ranges::shuffle(arriving, random);
    Stored stored;
    for (size_t next = 0; next < arriving.size();) {
      const size_t taken = std::min<size_t>(1 + random() % 4, arriving.size() - next);
      const auto begin = arriving.begin() + static_cast<std::ptrdiff_t>(next);
      stored.write(std::vector<HistoryEvent>(begin, begin + static_cast<std::ptrdiff_t>(taken)), 3);
      next += taken;
    }
    ASSERT_EQ(stored.rows(), rows) << "seed " << seed;
  }
}

TEST(History, AWindowShowsWhatABrokenOffWriteHasLeft) {
  // The row behind was inserted, and the one before it not ended.
  const std::vector<HistoryEvent> rows = {{streams(1, 1), at(1)}, {streams(1, 2), at(2)}};
  HistoryOfKey history({{streams(1, 2), at(2)}});
  history.take(rows);
  const HistoryChanges changes = history.plan();
  EXPECT_TRUE(changes.inserts.empty());
  ASSERT_EQ(changes.ends.size(), 1u);
  EXPECT_EQ(changes.ends[0], (HistoryChanges::End{streams(1, 1), at(2)}));
}

}  // namespace
}  // namespace ctk::sink
