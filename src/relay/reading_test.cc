#include "relay/reading.h"

#include <gtest/gtest.h>

#include "relay/parts_testing.h"

namespace ctk::relay {
namespace {

using parts::kNoon;
using std::chrono::hours;
using std::chrono::seconds;

const ShardId kShard("shard-1"), kOther("shard-2");

struct NotedOwner final : Reading::Owner {
  void on_writable() override { ++backlogs; }
  void add_dead_letter(sink::DeadLetter letter) override { letters.push_back(letter.position); }
  void share_known_shards() override {}

  int backlogs = 0;
  std::vector<std::string> letters;
};

struct ReadingTest : parts::PartsTest {
  Reading& reading() {
    if (!made_)
      made_.emplace(Reading::Parts{run(), state, budget, tables, standing, gaps, counters, outages, course, owner});
    return *made_;
  }
  /// Shards that have rows, and are listed.
  void begin(const std::vector<ShardId>& shards, Position at = Position::trim_horizon()) {
    coordination::Acquired acquired;
    acquired.fence = 1;
    std::vector<ListedShard> listed;
    for (const ShardId& shard : shards) {
      coordination::StoredPosition row;
      row.shard = shard;
      row.position = at;
      acquired.positions.push_back(row);
      listed.push_back({shard, {}, false});
    }
    reading();
    state.life->lineage.acquired({}, acquired);
    state.life->held.acquired(acquired);
    reading().take_listing(std::move(listed), kNoon);
  }
  Shard& shard(const ShardId& id) { return *state.life->shards.at(id); }
  static source::Page page(size_t records) {
    source::Page page;
    for (size_t i = 0; i < records; ++i) {
      dynamodb::RawRecord record;
      record.sequence = aws::SequenceNumber(std::to_string(100 + i));
      page.records.push_back(std::move(record));
    }
    page.at_tip = true;
    page.read_to = page.server_time = kNoon;
    page.bytes = 100 * records;
    return page;
  }

  ByteBudget budget{1 << 20};
  SourceStanding standing;
  GapLedger gaps;
  NotedOwner owner;
  std::optional<Reading> made_;
};

TEST_F(ReadingTest, AShardThatIsListedIsAskedAndItsRecordsAreQueued) {
  begin({kShard});
  ASSERT_EQ(source.reads.size(), 1u);
  EXPECT_EQ(source.reads.front().first.shard, kShard);
  EXPECT_GT(budget.used(), 0u) << "the page has its room before it is asked for";
  source.answer(page(2));
  EXPECT_EQ(shard(kShard).queue.size(), 2u);
  EXPECT_EQ(owner.backlogs, 1);
  EXPECT_TRUE(source.reads.empty()) << "it was at its tip";
  loop.run_until([&] { return !source.reads.empty(); }, seconds(5));
  EXPECT_EQ(source.reads.size(), 1u);
}

TEST_F(ReadingTest, AFullPageIsFollowedAtOnceAnotherAfterAPause) {
  begin({kShard});
  source::Page full = page(2);
  full.full = true;
  full.at_tip = false;
  source.answer(full);
  EXPECT_EQ(source.reads.size(), 1u);
  source.answer(page(2));
  EXPECT_TRUE(source.reads.empty());
  const Duration before = loop.monotonic();
  loop.run_until([&] { return !source.reads.empty(); }, seconds(5));
  EXPECT_EQ(loop.monotonic() - before, std::chrono::milliseconds(200));
}

TEST_F(ReadingTest, AShardThatIsThrottledIsAskedLessOften) {
  begin({kShard});
  for (int i = 0; i < 5; ++i) {
    source.answer(std::unexpected(error(ErrorKind::throttled, "rate exceeded")));
    loop.run_until([&] { return !source.reads.empty(); }, seconds(5));
  }
  source.answer(page(1));
  const Duration before = loop.monotonic();
  loop.run_until([&] { return !source.reads.empty(); }, seconds(5));
  EXPECT_GT(loop.monotonic() - before, std::chrono::milliseconds(240));
}

TEST_F(ReadingTest, WhereThereIsNoRoomAShardWaitsItsTurn) {
  ASSERT_TRUE(budget.try_reserve(budget.limit()));
  begin({kShard});
  EXPECT_TRUE(source.reads.empty());
  budget.release(budget.limit());
  reading().read_with_freed_budget();
  EXPECT_EQ(source.reads.size(), 1u);
}

TEST_F(ReadingTest, AnIteratorThatExpiredIsMadeAnewBehindTheLastRecord) {
  begin({kShard});
  source.answer(std::unexpected(error(ErrorKind::expired, "too old")));
  EXPECT_EQ(source.forgotten, std::vector<ShardId>{kShard});
  loop.run_until([&] { return !source.reads.empty(); }, seconds(60));
  EXPECT_EQ(source.reads.size(), 1u);
  EXPECT_TRUE(course.reported.empty());
}

TEST_F(ReadingTest, WhatWasNeverAllowedEndsTheRun) {
  begin({kShard});
  source.answer(std::unexpected(error(ErrorKind::denied, "no right")));
  EXPECT_EQ(course.reported, std::vector<std::string>{"failed: no right"});
}

TEST_F(ReadingTest, ARightThatIsTakenAwayIsAnOutage) {
  begin({kShard});
  source.answer(page(0));
  loop.run_until([&] { return !source.reads.empty(); }, seconds(5));
  source.answer(std::unexpected(error(ErrorKind::denied, "no right")));
  EXPECT_EQ(course.reported, std::vector<std::string>{"reading shard shard-1: no right"});
  loop.run_until([&] { return !source.reads.empty(); }, seconds(60));
  EXPECT_EQ(source.reads.size(), 1u) << "it is tried again";
}

TEST_F(ReadingTest, AGapEndsTheRun) {
  begin({kShard});
  EXPECT_FALSE(reading().note_gap(kShard, {}, error(ErrorKind::gap, "lost")));
  EXPECT_EQ(course.reported, std::vector<std::string>{"failed: lost"});
}

TEST_F(ReadingTest, AGapThatIsSkippedIsCountedOnceAndLeavesALetter) {
  options.on_gap = OnGap::skip;
  begin({kShard});
  EXPECT_TRUE(reading().note_gap(kShard, {Position::after(aws::SequenceNumber("7"))}, error(ErrorKind::gap, "lost")));
  EXPECT_TRUE(reading().note_gap(kShard, {Position::after(aws::SequenceNumber("7"))}, error(ErrorKind::gap, "lost")));
  EXPECT_EQ(counters.stats().counts.gaps, 1u);
  EXPECT_EQ(owner.letters.size(), 1u);
}

TEST_F(ReadingTest, APositionOlderThanTheStreamKeepsIsAGap) {
  coordination::StoredPosition row;
  row.shard = kShard;
  row.position = Position::after(aws::SequenceNumber("7"));
  row.read_to = kNoon - hours(23);
  EXPECT_FALSE(reading().find_gap(row).has_value());
  row.read_to = kNoon - hours(25);
  EXPECT_TRUE(reading().find_gap(row).has_value());
  row.position = Position::shard_end();
  EXPECT_FALSE(reading().find_gap(row).has_value()) << "nothing of it is missing";
}

TEST_F(ReadingTest, AShardThatListingsLackIsAskedForBeforeItIsLost) {
  options.on_gap = OnGap::skip;
  begin({kShard, kOther});
  reading().take_listing({{kOther, {}, false}}, kNoon);
  reading().take_listing({{kOther, {}, false}}, kNoon);
  ASSERT_EQ(source.questions.size(), 1u);
  EXPECT_TRUE(owner.letters.empty());
  source.questions.front()(Result<bool>(false));
  EXPECT_EQ(owner.letters.size(), 1u);
}

TEST_F(ReadingTest, AListingThatFailsIsMadeAgain) {
  begin({kShard});
  reading().relist();
  ASSERT_EQ(source.listings.size(), 1u);
  reading().relist();
  EXPECT_EQ(source.listings.size(), 1u) << "one at a time";
  auto done = std::move(source.listings.front());
  source.listings.clear();
  done(std::unexpected(error(ErrorKind::throttled, "slowly")));
  EXPECT_EQ(course.reported, std::vector<std::string>{"listing the shards: slowly"});
  loop.run_until([&] { return !source.listings.empty(); }, seconds(60));
  EXPECT_EQ(source.listings.size(), 1u);
}

TEST_F(ReadingTest, AnAnswerAfterTheRunsEndFindsNobody) {
  begin({kShard});
  state.end();
  source.answer(page(2));
  EXPECT_EQ(shard(kShard).queue.size(), 0u);
  EXPECT_EQ(owner.backlogs, 0);
}

}  // namespace
}  // namespace ctk::relay
