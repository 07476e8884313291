#include "source/page_size.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ctk::source {
namespace {

constexpr size_t kBudget = 64u << 20;

TEST(PageSize, GrowsWhilePagesAreFullAndShrinksWhileTheyAreNot) {
  PageSize size;
  int last = size.records();
  for (int i = 0; i < 5; ++i) {
    size.took(static_cast<size_t>(size.records()), static_cast<size_t>(size.records()) * 500, false);
    EXPECT_GT(size.records(), last);
    last = size.records();
  }
  for (int i = 0; i < 20; ++i) size.took(1, 500, false);
  EXPECT_EQ(size.records(), 100);
}

TEST(PageSize, OfAnEvenFlowNoPageIsFull) {
  PageSize size;
  int full = 0;
  for (const size_t count : {160, 170, 150, 190, 160, 220, 180}) {
    const size_t came = std::min(count, static_cast<size_t>(size.records()));
    size.took(came, came * 1000, false);
    if (came == count) continue;
    ++full;
    size.took(count - came, (count - came) * 1000, false);
  }
  EXPECT_LE(full, 2) << "before anything was known";
}

TEST(PageSize, OnePageNeedsNoMoreThanAQuarterOfTheBudget) {
  PageSize size;
  for (int i = 0; i < 10; ++i)
    size.took(static_cast<size_t>(size.records()), static_cast<size_t>(size.records()) * 4000, false);
  EXPECT_LE(size.room(kBudget, kBudget), kBudget / 4);
  EXPECT_LE(size.room(1u << 20, 1u << 20), 1u << 18);
  EXPECT_LE(size.room(1u << 30, 1u << 30), 8u << 20);
}

TEST(PageSize, OneRecordIsAskedForWhereTheBudgetIsTooSmallForMore) {
  PageSize size;
  EXPECT_GT(size.room(100, 100), 100u);
  EXPECT_EQ(size.records(), 1);
}

TEST(PageSize, WhatFoundNoRoomIsAskedForAloneAndWithEverMore) {
  PageSize size;
  size.found_no_room();
  EXPECT_EQ(size.records(), 1);
  const size_t first = size.room(kBudget, kBudget);
  EXPECT_GT(first, 640u << 10);
  size.found_no_room();
  EXPECT_GT(size.room(kBudget, kBudget), first * 3);
}

TEST(PageSize, TheFirstPageOfASegmentMayBeAWholeOneIfThereIsRoom) {
  PageSize cramped = PageSize::of_segment(100);
  const size_t usual = cramped.room(kBudget, 1u << 20);
  PageSize size = PageSize::of_segment(100);
  EXPECT_GT(size.room(kBudget, kBudget), usual);
  EXPECT_EQ(size.room(kBudget, kBudget), usual) << "the second one is known";
}

}  // namespace
}  // namespace ctk::source
