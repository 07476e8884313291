#include "relay/writing.h"

#include <gtest/gtest.h>

#include "relay/parts_testing.h"

namespace ctk::relay {
namespace {

using parts::answer_next;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

using Written = Result<sink::BatchOutcome>;

struct NotedOwner final : Writing::Owner {
  void on_room(Shard&) override {}
  void on_batch_answered() override { ++answers; }
  void acknowledged(const std::vector<coordination::PositionMove>&) override { ++acknowledgements; }
  void cannot_send(const std::string& why) override { reported.push_back("cannot send: " + why); }
  void lost_shards(const std::vector<ShardId>&) override {}
  void fenced(const Error& error) override { reported.push_back("fenced: " + error.message); }
  void leave() override { reported.emplace_back("leaves"); }

  int answers = 0, acknowledgements = 0;
  std::vector<std::string> reported;
};

/// The smallest batch is a dead letter that waits to be taken along.
struct WritingTest : parts::PartsTest {
  Writing& writing() {
    if (!made_) {
      opener_.emplace(run(), state, tables, counters, start, attempts, course);
      opener_->on_open([this] { made_->on_table_open(); });
      rules.limits.age = milliseconds(200);
      made_.emplace(Writing::Parts{run(), state, budget, tables, *opener_, counters, keeper, attempts, course, owner},
                    rules);
    }
    return *made_;
  }
  void write_letter() {
    sink::DeadLetter letter;
    letter.id = "one";
    writing().add_dead_letter(letter);
    writing().pump();
    wait(Duration{});
    ASSERT_EQ(sink.writes.size(), 1u);
    EXPECT_EQ(sink.writes.front().first->dead_letters.size(), 1u);
  }

  void fail_after(Duration time) {
    wait(time);
    answer_next(sink.writes, Written(std::unexpected(error(ErrorKind::unreachable, "away"))));
    wait(seconds(2));
  }

  const std::vector<std::string> kTooLong{"cannot send: it was held for too long to be sent safely"};
  ByteBudget budget{1 << 20};
  WriteQueue::Rules rules;
  StartUp start;
  WriteAttempts attempts;
  PositionKeeper keeper;
  NotedOwner owner;
  std::optional<TableOpener> opener_;
  std::optional<Writing> made_;
};

TEST_F(WritingTest, WhatIsWrittenIsAcknowledgedAndGone) {
  write_letter();
  EXPECT_TRUE(writing().applying());
  answer_next(sink.writes, Written(sink::BatchOutcome{}));
  EXPECT_EQ(owner.acknowledgements, 1);
  EXPECT_EQ(owner.answers, 1);
  writing().pump();
  wait(Duration{});
  EXPECT_TRUE(writing().quiet());
  EXPECT_EQ(budget.used(), 0u);
}

TEST_F(WritingTest, WhatFailsIsGivenAgainAfterAPauseOrWhenTheStopCannotWait) {
  write_letter();
  answer_next(sink.writes, Written(std::unexpected(error(ErrorKind::unreachable, "away"))));
  EXPECT_EQ(course.reported, std::vector<std::string>{"writing: away"});
  writing().pump();
  EXPECT_TRUE(sink.writes.empty()) << "it pauses";
  wait(seconds(2));
  ASSERT_EQ(sink.writes.size(), 1u);
  answer_next(sink.writes, Written(std::unexpected(error(ErrorKind::unreachable, "away"))));
  writing().try_now();
  EXPECT_EQ(sink.writes.size(), 1u);
}

TEST_F(WritingTest, WhatAWriteSaysOfTheRunIsReported) {
  write_letter();
  answer_next(sink.writes, Written(std::unexpected(error(ErrorKind::fenced, "taken"))));
  EXPECT_EQ(owner.reported, std::vector<std::string>{"fenced: taken"});
  writing().try_now();
  answer_next(sink.writes, Written(std::unexpected(error(ErrorKind::stale_epoch, "raised"))));
  EXPECT_EQ(course.reported, std::vector<std::string>{"next life: the table's epoch was raised"});
  writing().try_now();
  answer_next(sink.writes, Written(std::unexpected(error(ErrorKind::mismatch, "another key"))));
  EXPECT_EQ(course.reported.back(), "failed: another key");
  writing().try_now();
  EXPECT_TRUE(sink.writes.empty()) << "the run has ended";
}

TEST_F(WritingTest, WhereTheRunWaitsNoLongerNothingIsGivenAgain) {
  write_letter();
  course.patient = false;
  answer_next(sink.writes, Written(std::unexpected(error(ErrorKind::unreachable, "away"))));
  wait(minutes(1));
  EXPECT_TRUE(sink.writes.empty());
  EXPECT_EQ(owner.answers, 0);
}

TEST_F(WritingTest, WhereNothingFencesWritesWhatWasHeldForTooLongIsNotSent) {
  sink.is.holds_own_tables = true;
  write_letter();
  fail_after(minutes(8));
  EXPECT_EQ(owner.reported, kTooLong);
}

TEST_F(WritingTest, HowLongIsHalfOfTheFloorThatTheUserGives) {
  sink.is.holds_own_tables = true;
  options.sweep.floor = minutes(2);
  write_letter();
  fail_after(seconds(50));
  EXPECT_EQ(owner.reported, std::vector<std::string>{});
  fail_after(seconds(15));
  EXPECT_EQ(owner.reported, kTooLong);
}

TEST_F(WritingTest, WithoutAFloorThereIsStillTimeToWrite) {
  sink.is.holds_own_tables = true;
  options.sweep.floor = Duration{};
  write_letter();
  fail_after(seconds(10));
  EXPECT_EQ(owner.reported, std::vector<std::string>{});
}

TEST_F(WritingTest, WhatIsDroppedTakesItsLetterBackToWait) {
  write_letter();
  answer_next(sink.writes, Written(std::unexpected(error(ErrorKind::unreachable, "away"))));
  writing().drop();
  EXPECT_TRUE(writing().empty());
  EXPECT_FALSE(writing().quiet());
  state.life->drop = Life::Drop::pass;
  writing().pump();
  EXPECT_TRUE(writing().empty()) << "nothing is planned while what is held is to be dropped";
}

/// A change of that table, as Kinesis has it.
dynamodb::RawRecord change_of(const std::string& table, const std::string& sequence) {
  dynamodb::RawRecord record;
  record.data = R"({"eventID":")" + sequence + R"(","eventName":"INSERT","tableName":")" + table +
                R"(","dynamodb":{"ApproximateCreationDateTime":1795000000000,"Keys":{"id":{"S":"a"}},)" +
                R"("NewImage":{"id":{"S":"a"}},"SizeBytes":8},"eventSource":"aws:dynamodb"})";
  record.sequence = aws::SequenceNumber(sequence);
  record.arrival = parts::kNoon;
  return record;
}

TEST_F(WritingTest, ABatchThatCouldNotBeRoutedToItsEndIsNeverWritten) {
  course.at_once = false;
  tables = TableSet({{std::nullopt, "public", "t", table::Target::sqlite}, {}, false});
  writing();
  const ShardId id("shard-1");
  auto shard = std::make_shared<Shard>(id, Position::trim_horizon(), source::PageSize(), run().cadence(), loop.monotonic());
  shard->may_send = true;
  source::Page page;
  page.records = {change_of("first", "100"), change_of("second", "101")};
  page.ended = true;
  shard->queue.add(page, loop.monotonic());
  shard->reading.reach_end();
  state.life->shards[id] = shard;
  state.life->note_backlog(*shard);
  writing().pump();
  wait(Duration{});
  ASSERT_EQ(course.reported.size(), 1u);
  EXPECT_TRUE(course.reported[0].starts_with("failed: ")) << course.reported[0];
  ASSERT_EQ(sink.opens.size(), 1u) << "the table of the first change";
  sink::OpenTable opened;
  opened.record.table = "public.t";
  opened.renderer = std::make_shared<const table::Renderer>(tables.find("public.t")->spec);
  answer_next(sink.opens, Result<sink::OpenTable>(opened));
  wait(seconds(1));
  writing().pump();
  EXPECT_TRUE(sink.writes.empty()) << "its position would pass the second change";
}

TEST_F(WritingTest, APageOfWhichAPartIsHeldIsCountedWhole) {
  constexpr size_t kPage = 100'000;
  const auto memory = std::make_shared<std::string>();
  memory->reserve(kPage);
  source::Page page;
  for (const char* sequence : {"100", "101"}) {
    dynamodb::RawRecord record = change_of("t", sequence);
    const size_t begin = memory->size();
    memory->append(record.data.view()).push_back('\0');
    record.data = json::SharedText(memory, kPage, std::string_view(*memory).substr(begin, record.data.size()));
    page.records.push_back(std::move(record));
  }
  rules.limits.rows = 1;
  writing();
  const ShardId id("shard-1");
  auto shard = std::make_shared<Shard>(id, Position::trim_horizon(), source::PageSize(), run().cadence(), loop.monotonic());
  shard->may_send = true;
  budget.correct(0, ShardQueue::cost(page));
  shard->queue.add(page, loop.monotonic());
  state.life->shards[id] = shard;
  state.life->note_backlog(*shard);
  EXPECT_LT(budget.used(), kPage);
  writing().pump();
  EXPECT_GE(budget.used(), kPage) << "its first record has gone, its second waits";
  EXPECT_LT(budget.used(), 2 * kPage) << "once";
  writing().drop();
  EXPECT_GE(budget.used(), kPage);
  budget.release(shard->queue.bytes());
  shard->queue.clear();
  EXPECT_EQ(budget.used(), 0u);
}

TEST_F(WritingTest, AnAnswerAfterTheRunsEndFindsNobody) {
  write_letter();
  state.end();
  answer_next(sink.writes, Written(sink::BatchOutcome{}));
  EXPECT_EQ(owner.acknowledgements, 0);
}

}  // namespace
}  // namespace ctk::relay
