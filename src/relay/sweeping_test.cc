#include "relay/sweeping.h"

#include <gtest/gtest.h>

#include "relay/parts_testing.h"

namespace ctk::relay {
namespace {

using parts::answer_next;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

Result<sink::SweepOutcome> counted(uint64_t tombstones, uint64_t living) {
  sink::SweepOutcome outcome;
  outcome.tombstones_left = tombstones;
  outcome.living = living;
  return outcome;
}

struct SweepingTest : parts::PartsTest {
  Sweeping& sweeping() {
    if (!made_) made_.emplace(run(), state, tables, counters, outages, course);
    return *made_;
  }
  void open(const std::string& name) {
    add_table(name);
    tables.opened("public." + name, {});
  }
  std::optional<Sweeping> made_;
};

TEST_F(SweepingTest, WhatMayComeLateIsWaitedForUnlessTheUserSaysHowLong) {
  identity.traits.clock_tick = seconds(1);
  EXPECT_EQ(sweep_request(run(), *state.life, "t").grace, minutes(5) + seconds(1));
  made.reset();
  options.sweep.grace = hours(1);
  EXPECT_EQ(sweep_request(run(), *state.life, "t").grace, hours(1) + seconds(1));
  made.reset();
  options.tables.deletes = table::Deletes::soft;
  EXPECT_EQ(sweep_request(run(), *state.life, "t").grace, Duration::max()) << "soft deletes stay";
}

TEST_F(SweepingTest, WhereWritesAreNotFencedNothingYoungerThanTheFloorGoes) {
  EXPECT_EQ(sweep_request(run(), *state.life, "t").floor, minutes(15));
  made.reset();
  sink.is.transactions = true;
  EXPECT_EQ(sweep_request(run(), *state.life, "t").floor, Duration{});
  made.reset();
  options.sweep.floor = seconds(3);
  EXPECT_EQ(sweep_request(run(), *state.life, "t").floor, seconds(3));
}

TEST_F(SweepingTest, TablesAreSweptOneAfterAnotherAndTheirRowsAddedUp) {
  open("a");
  open("b");
  bool over = false;
  sweeping().sweep(Sweeper::Purpose::at_the_end, [&] { over = true; });
  ASSERT_EQ(sink.sweeps.size(), 1u);
  EXPECT_EQ(sink.sweeps.front().first.table, "public.a");
  answer_next(sink.sweeps, counted(1, 10));
  ASSERT_EQ(sink.sweeps.size(), 1u);
  EXPECT_FALSE(over);
  answer_next(sink.sweeps, counted(2, 20));
  EXPECT_TRUE(over);
  EXPECT_EQ(counters.stats().living, 30u);
  EXPECT_EQ(counters.stats().tombstones, 3u);
}

TEST_F(SweepingTest, ATableThatFailsDoesNotKeepTheOthersFromIt) {
  open("a");
  open("b");
  bool over = false;
  sweeping().sweep(Sweeper::Purpose::on_the_way, [&] { over = true; });
  answer_next(sink.sweeps, Result<sink::SweepOutcome>(std::unexpected(error(ErrorKind::unreachable, "away"))));
  ASSERT_EQ(sink.sweeps.size(), 1u);
  EXPECT_EQ(sink.sweeps.front().first.table, "public.b");
  answer_next(sink.sweeps, Result<sink::SweepOutcome>(sink::SweepOutcome{}));
  EXPECT_TRUE(over);
  EXPECT_TRUE(course.reported.empty());
}

TEST_F(SweepingTest, ATableThatWasEmptiedIsReportedAndTheRoundIsOver) {
  open("a");
  bool over = false;
  sweeping().sweep(Sweeper::Purpose::on_the_way, [&] { over = true; });
  answer_next(sink.sweeps, Result<sink::SweepOutcome>(std::unexpected(error(ErrorKind::mismatch, "emptied"))));
  EXPECT_FALSE(over);
  EXPECT_EQ(course.reported, std::vector<std::string>{"lost table: emptied"});
}

TEST_F(SweepingTest, ARoundWaitsForTheOneBeforeIt) {
  open("a");
  int over = 0;
  sweeping().sweep(Sweeper::Purpose::on_the_way, [&] { ++over; });
  sweeping().sweep(Sweeper::Purpose::only_counting, [&] { ++over; });
  ASSERT_EQ(sink.sweeps.size(), 1u);
  answer_next(sink.sweeps, Result<sink::SweepOutcome>(sink::SweepOutcome{}));
  EXPECT_EQ(over, 1);
  wait(milliseconds(100));
  ASSERT_EQ(sink.sweeps.size(), 1u);
  EXPECT_EQ(sink.sweeps.front().first.grace, Duration::max()) << "it only counts";
}

TEST_F(SweepingTest, AnAnswerAfterTheRunsEndFindsNobody) {
  open("a");
  bool over = false;
  sweeping().sweep(Sweeper::Purpose::at_the_end, [&] { over = true; });
  state.end();
  answer_next(sink.sweeps, counted(0, 10));
  EXPECT_FALSE(over);
  EXPECT_FALSE(counters.stats().living.has_value());
}

}  // namespace
}  // namespace ctk::relay
