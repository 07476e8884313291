#include "sink/fresh_rows.h"

#include <gtest/gtest.h>

#include "table/change_testing.h"

namespace ctk::sink {
namespace {

/// A batch of one row of the table `t`, as it was taken.
void write(FreshRows& rows, const std::string& id) {
  Batch batch;
  FoldedChange folded;
  folded.changes.push_back(std::make_shared<const dynamodb::Change>(
      table::testing::insert_of(R"({"id":{"S":"x"}})", R"({"id":{"S":")" + id + R"("}})")));
  TableWrites& writes = batch.tables.emplace_back();
  writes.table = "t";
  writes.changes.push_back(std::move(folded));
  BatchOutcome outcome;
  outcome.tables.push_back({ChangeOutcome{}});
  rows.note(batch, outcome);
}

TEST(FreshRows, OnlyOneBatchNotesTheFirst) {
  FreshRows rows;
  EXPECT_FALSE(rows.is_first("t"));
  write(rows, "a");
  ASSERT_TRUE(rows.is_first("t"));
  EXPECT_EQ(rows.begin_first("t").size(), 1u);
  write(rows, "b");
  EXPECT_FALSE(rows.is_first("t")) << "another batch is at it";
  rows.end_first("t", true);
  EXPECT_FALSE(rows.is_first("t"));
  EXPECT_EQ(rows.take("t").size(), 1u) << "for the next sweep";
}

TEST(FreshRows, WhatCouldNotBeNotedIsWithALaterBatch) {
  FreshRows rows;
  write(rows, "a");
  (void)rows.begin_first("t");
  rows.end_first("t", false);
  write(rows, "b");
  EXPECT_TRUE(rows.is_first("t"));
}

}  // namespace
}  // namespace ctk::sink
