#include "relay/patience.h"

#include <gtest/gtest.h>

namespace ctk::relay {
namespace {

using namespace std::chrono_literals;

TargetStanding standing(bool written, bool opened, Duration failing) {
  return {.written = written,
          .opened = opened,
          .stopping = false,
          .transactional = false,
          .failing = failing,
          .start_timeout = 30s,
          .looked = false};
}

OpenStanding opening(bool opened_before) { return {opened_before, false, 0s, 30s}; }

TEST(Patience, AnOutageIsWaitedOut) {
  for (const ErrorKind kind : {ErrorKind::unreachable, ErrorKind::throttled}) {
    EXPECT_EQ(after_failed_write(kind, standing(false, false, 24h)), Patience::wait);
    EXPECT_EQ(after_failed_open(kind, opening(false)), Patience::wait);
  }
}

TEST(Patience, RightsThatARunNeverHadDoNotCome) {
  EXPECT_EQ(after_failed_write(ErrorKind::denied, standing(false, true, 0s)), Patience::give_up);
  EXPECT_EQ(after_failed_write(ErrorKind::denied, standing(true, true, 24h)), Patience::wait);
  EXPECT_EQ(after_failed_open(ErrorKind::denied, opening(false)), Patience::give_up);
  EXPECT_EQ(after_failed_open(ErrorKind::denied, opening(true)), Patience::wait);
}

TEST(Patience, ATableThatWasThereIsWaitedForAndThenLookedFor) {
  EXPECT_EQ(after_failed_write(ErrorKind::not_found, standing(false, false, 0s)), Patience::give_up);
  EXPECT_EQ(after_failed_write(ErrorKind::not_found, standing(false, true, 30s)), Patience::wait);
  EXPECT_EQ(after_failed_write(ErrorKind::not_found, standing(true, true, 2min)), Patience::look_again);
  EXPECT_EQ(after_failed_open(ErrorKind::not_found, opening(false)), Patience::give_up);
  EXPECT_EQ(after_failed_open(ErrorKind::not_found, opening(true)), Patience::wait);
}

TEST(Patience, ATargetThatNeverTookAnythingIsTriedForTheTimeOfAStart) {
  EXPECT_EQ(after_failed_write(ErrorKind::refused, standing(false, true, 5s)), Patience::wait);
  EXPECT_EQ(after_failed_write(ErrorKind::refused, standing(false, true, 31s)), Patience::give_up);
  EXPECT_EQ(after_failed_write(ErrorKind::refused, standing(true, true, 24h)), Patience::wait);
  TargetStanding whole = standing(false, true, 5s);
  whole.transactional = true;
  EXPECT_EQ(after_failed_write(ErrorKind::refused, whole), Patience::give_up);
  EXPECT_EQ(after_failed_open(ErrorKind::refused, opening(true)), Patience::give_up);
}

TEST(Patience, AStartIsNotTriedForEver) {
  OpenStanding first{false, true, 29s, 30s};
  EXPECT_EQ(after_failed_open(ErrorKind::unreachable, first), Patience::wait);
  first.failing = 30s;
  EXPECT_EQ(after_failed_open(ErrorKind::unreachable, first), Patience::give_up);
  EXPECT_EQ(after_failed_open(ErrorKind::throttled, first), Patience::give_up);
  first.starting = false;
  EXPECT_EQ(after_failed_open(ErrorKind::unreachable, first), Patience::wait) << "once running";
}

TEST(Patience, WhatIsMissingBehindTablesThatAreThereIsNotLookedForTwice) {
  TargetStanding looked = standing(false, true, 0s);
  looked.looked = true;
  EXPECT_EQ(after_failed_write(ErrorKind::not_found, looked), Patience::give_up);
  looked.written = true;
  EXPECT_EQ(after_failed_write(ErrorKind::not_found, looked), Patience::wait) << "it was there in this run";
}

TEST(Patience, AStopWaitsForNobodyWhoRefuses) {
  TargetStanding stopping = standing(true, true, 5s);
  stopping.stopping = true;
  EXPECT_EQ(after_failed_write(ErrorKind::refused, stopping), Patience::leave);
  EXPECT_EQ(after_failed_write(ErrorKind::denied, stopping), Patience::leave);
  EXPECT_EQ(after_failed_write(ErrorKind::unreachable, stopping), Patience::wait);
  EXPECT_EQ(after_failed_write(ErrorKind::throttled, stopping), Patience::wait);
  stopping.written = false;
  EXPECT_EQ(after_failed_write(ErrorKind::denied, stopping), Patience::give_up);
}

}  // namespace
}  // namespace ctk::relay
