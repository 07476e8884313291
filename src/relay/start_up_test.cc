#include "relay/start_up.h"

#include <gtest/gtest.h>

namespace ctk::relay {
namespace {

using std::chrono::seconds;

constexpr StartUp::Limits kLimits{seconds(30), seconds(60), false};

StartUp again() {
  StartUp start;
  start.begin(seconds(100));
  start.acquired(7);
  start.begin_again();
  return start;
}

TEST(StartUp, TheFirstStartAsAWholeHasItsTime) {
  StartUp start;
  start.begin(seconds(100));
  EXPECT_TRUE(start.try_again(ErrorKind::unreachable, Side::source, seconds(129), seconds(129), kLimits));
  EXPECT_FALSE(start.try_again(ErrorKind::unreachable, Side::source, seconds(129), seconds(130), kLimits));
}

TEST(StartUp, WhatALaterOneWaitsForHasATimeOfItsOwn) {
  const StartUp start = again();
  EXPECT_TRUE(start.try_again(ErrorKind::unreachable, Side::source, seconds(500), seconds(559), kLimits));
  EXPECT_FALSE(start.try_again(ErrorKind::unreachable, Side::source, seconds(500), seconds(560), kLimits));
  StartUp::Limits endless = kLimits;
  endless.endless = true;
  EXPECT_TRUE(start.try_again(ErrorKind::unreachable, Side::source, seconds(500), seconds(5000), endless));
}

TEST(StartUp, OnlyWhatTheTargetHadIsWaitedForWhereItIsMissing) {
  StartUp first;
  EXPECT_FALSE(first.try_again(ErrorKind::not_found, Side::target, seconds(0), seconds(1), kLimits));
  EXPECT_FALSE(again().try_again(ErrorKind::not_found, Side::source, seconds(0), seconds(1), kLimits));
  EXPECT_TRUE(again().try_again(ErrorKind::not_found, Side::target, seconds(0), seconds(1), kLimits));
}

TEST(StartUp, StrangeAnswersOfAServiceAreAskedForAgainForAWhile) {
  StartUp start;
  start.begin(seconds(100));
  EXPECT_TRUE(start.try_again(ErrorKind::corrupt, Side::source, seconds(102), seconds(106), kLimits));
  EXPECT_FALSE(start.try_again(ErrorKind::corrupt, Side::source, seconds(102), seconds(107), kLimits));
  EXPECT_FALSE(start.try_again(ErrorKind::corrupt, Side::source, seconds(129), seconds(130), kLimits));
  EXPECT_FALSE(start.try_again(ErrorKind::corrupt, Side::target, seconds(102), seconds(102), kLimits));
}

TEST(StartUp, WhatIsDoneOnceIsNotDoneAgain) {
  StartUp start;
  EXPECT_FALSE(start.has_acquired());
  EXPECT_TRUE(start.begin_pending_sweep());
  start.acquired(7);
  EXPECT_TRUE(start.has_acquired());
  EXPECT_EQ(start.fence(), 7);
  EXPECT_FALSE(start.is_again());
  start.begin_again();
  start.acquired(7);
  EXPECT_TRUE(start.is_again());
  EXPECT_TRUE(start.has_acquired());
  EXPECT_FALSE(start.begin_pending_sweep());
}

TEST(StartUp, PositionsWithoutATableOnRecordTellOfALostOne) {
  coordination::StoredPosition row;
  row.position = shards::Position::after(aws::SequenceNumber("5"));
  row.epoch = 3;
  StartUp start;
  start.compare({row}, true);
  EXPECT_FALSE(start.record_lost());
  EXPECT_EQ(start.lost_epoch(), 0u);
  start.compare({row}, false);
  EXPECT_TRUE(start.record_lost());
  EXPECT_EQ(start.lost_epoch(), 3u);
  start.compare({}, false);
  EXPECT_FALSE(start.record_lost());
  EXPECT_EQ(start.lost_epoch(), 0u);
}

}  // namespace
}  // namespace ctk::relay
