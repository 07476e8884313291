#include "sink/sql/refusals.h"

#include <gtest/gtest.h>

namespace ctk::sink::sql {
namespace {

RefusedRows refused(ErrorKind kind, size_t rows, size_t taken, bool written_before = true, int tries = 1) {
  return {kind, rows, taken, written_before, tries};
}

TEST(Blame, RowsBesideOthersThatWereTaken) {
  for (ErrorKind kind : {ErrorKind::denied, ErrorKind::refused, ErrorKind::not_found}) {
    EXPECT_EQ(blame(refused(kind, 1, 9)), Blame::rows);
    EXPECT_EQ(blame(refused(kind, 9, 1, false)), Blame::rows);
  }
}

TEST(Blame, TheTargetWhereAllAreRefusedAtTheStart) {
  EXPECT_EQ(blame(refused(ErrorKind::denied, 9, 0, false)), Blame::target);
  EXPECT_EQ(blame(refused(ErrorKind::refused, 9, 0, false)), Blame::target);
  EXPECT_EQ(blame(refused(ErrorKind::refused, 1, 0, false)), Blame::target);
}

TEST(Blame, RowsThatWereRefusedBeforeHoweverManyTheyAre) {
  RefusedRows again = refused(ErrorKind::refused, 9, 0, false);
  again.refused_before = true;
  EXPECT_EQ(blame(again), Blame::rows);
  again.kind = ErrorKind::unreachable;
  EXPECT_EQ(blame(again), Blame::target) << "what may pass says nothing of them";
}

TEST(Blame, ARowThatComesAloneIsParkedWhereRowSecurityRefusesIt) {
  EXPECT_EQ(blame(refused(ErrorKind::denied, 1, 0, false)), Blame::rows);
  EXPECT_EQ(blame(refused(ErrorKind::denied, 1, 0)), Blame::rows);
  EXPECT_EQ(blame(refused(ErrorKind::denied, 9, 0)), Blame::rows);
}

TEST(Blame, WhatMayPassIsWaitedForButNotForEver) {
  for (ErrorKind kind : {ErrorKind::unreachable, ErrorKind::throttled}) {
    EXPECT_EQ(blame(refused(kind, 1, 9)), Blame::target) << "a lock is let go of";
    EXPECT_EQ(blame(refused(kind, 1, 9, true, kPatience)), Blame::rows);
  }
  EXPECT_EQ(blame(refused(ErrorKind::refused, 9, 0)), Blame::target);
  EXPECT_EQ(blame(refused(ErrorKind::refused, 9, 0, true, kPatience)), Blame::rows);
}

TEST(Blame, AConflictThatOneRowMeetsEachTimeIsItsOwn) {
  RefusedRows met = refused(ErrorKind::unreachable, 1, 9, true, kConflictPatience - 1);
  met.conflict = true;
  EXPECT_EQ(blame(met), Blame::target);
  met.tries = kConflictPatience;
  EXPECT_EQ(blame(met), Blame::rows);
  met.taken = 0;
  EXPECT_EQ(blame(met), Blame::target) << "others may be in the way of all of them";
}

TEST(Tries, AreCountedABatch) {
  Tries tries;
  auto one = std::make_shared<const int>(1), two = std::make_shared<const int>(2);
  EXPECT_EQ(tries.next(one), 1);
  EXPECT_EQ(tries.next(two), 1);
  EXPECT_EQ(tries.next(one), 2);
  one = std::make_shared<const int>(3);
  EXPECT_EQ(tries.next(one), 1);
}

}  // namespace
}  // namespace ctk::sink::sql
