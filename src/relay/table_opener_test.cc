#include "relay/table_opener.h"

#include <gtest/gtest.h>

#include "relay/parts_testing.h"

namespace ctk::relay {
namespace {

using parts::answer_next;
using std::chrono::seconds;

using Opened = Result<sink::OpenTable>;

struct TableOpenerTest : parts::PartsTest {
  TableOpener& opener() {
    if (!made_) {
      made_.emplace(run(), state, tables, counters, start, attempts, course);
      made_->on_open([this] { ++heard; });
    }
    return *made_;
  }
  coordination::TableRecord record() {
    coordination::TableRecord record;
    record.table = "public.t";
    record.source_table = "t";
    record.keys = {{{"id", dynamodb::Type::S}}};
    record.relays = {run().name};
    record.incarnation = identity.incarnation;
    record.kind = dynamodb::VersionKind::kinesis;
    return record;
  }
  /// Begins to open the table that the relay has filled before.
  void open() {
    tables.know({record()});
    opener().open_known();
    ASSERT_EQ(sink.opens.size(), 1u);
  }

  StartUp start;
  WriteAttempts attempts;
  int heard = 0;
  std::optional<TableOpener> made_;
};

TEST_F(TableOpenerTest, ATableThatOpensIsOpenAndItIsTold) {
  open();
  EXPECT_TRUE(tables.any_opening());
  answer_next(sink.opens, Opened(sink::OpenTable{.record = record(), .renderer = nullptr}));
  EXPECT_EQ(tables.open_tables(), std::vector<std::string>{"public.t"});
  EXPECT_EQ(heard, 1);
  EXPECT_TRUE(course.reported.empty());
}

TEST_F(TableOpenerTest, WhereTheTargetIsAwayItIsTriedAgainAfterAPause) {
  open();
  answer_next(sink.opens, Opened(std::unexpected(error(ErrorKind::unreachable, "away"))));
  EXPECT_EQ(course.reported, std::vector<std::string>{"opening table public.t: away"});
  EXPECT_TRUE(sink.opens.empty());
  wait(seconds(2));
  EXPECT_EQ(sink.opens.size(), 1u);
}

TEST_F(TableOpenerTest, WhereTheRunWaitsNoLongerNothingIsTriedAgain) {
  open();
  course.patient = false;
  answer_next(sink.opens, Opened(std::unexpected(error(ErrorKind::unreachable, "away"))));
  wait(seconds(60));
  EXPECT_TRUE(sink.opens.empty());
}

TEST_F(TableOpenerTest, ADefinitionThatCannotBeOursEndsTheRun) {
  open();
  answer_next(sink.opens, Opened(std::unexpected(error(ErrorKind::mismatch, "another key"))));
  EXPECT_EQ(course.reported, std::vector<std::string>{"failed: another key"});
}

TEST_F(TableOpenerTest, ATableOfOtherVersionsThanTheRunsEndsIt) {
  open();
  run().kind = dynamodb::VersionKind::file_time;
  answer_next(sink.opens, Opened(sink::OpenTable{.record = record(), .renderer = nullptr}));
  ASSERT_EQ(course.reported.size(), 1u);
  EXPECT_TRUE(course.reported[0].starts_with("failed: table public.t goes by versions of kind"));
  EXPECT_TRUE(tables.open_tables().empty());
}

TEST_F(TableOpenerTest, AnEpochThatHasBegunMeanwhileBeginsTheNextLife) {
  open();
  coordination::TableRecord newer = record();
  newer.epoch = 2;
  newer.cut = parts::kNoon;
  answer_next(sink.opens, Opened(sink::OpenTable{.record = newer, .renderer = nullptr}));
  EXPECT_EQ(course.reported, std::vector<std::string>{"next life: an epoch of table public.t has begun"});
  EXPECT_EQ(heard, 0);
}

TEST_F(TableOpenerTest, WhatResetForgetsIsForgottenOnce) {
  options.reset = true;
  add_table("t");
  EXPECT_TRUE(opener().registration_of(*tables.find("public.t")).reset);
  EXPECT_FALSE(opener().registration_of(*tables.find("public.t")).goes_on);
  tables.remember("public.t");
  EXPECT_FALSE(opener().registration_of(*tables.find("public.t")).reset);
  EXPECT_TRUE(opener().registration_of(*tables.find("public.t")).goes_on);
}

TEST_F(TableOpenerTest, ATableThatWasDroppedMeanwhileIsNotOpenedForIt) {
  open();
  tables.drop();
  answer_next(sink.opens, Opened(sink::OpenTable{.record = record(), .renderer = nullptr}));
  EXPECT_EQ(heard, 0);
  EXPECT_TRUE(tables.open_tables().empty());
}

}  // namespace
}  // namespace ctk::relay
