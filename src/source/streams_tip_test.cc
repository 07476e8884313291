#include "source/streams_tip.h"

#include <gtest/gtest.h>

namespace ctk::source {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Timestamp kStart = parse_timestamp("2026-11-22T03:00:00Z").value();

TEST(StreamsTip, IsFiveEmptyPagesInARowOverASecond) {
  StreamsTip tip;
  for (int page = 0; page < 4; ++page) {
    tip.saw(kNoTime, kStart, milliseconds(300 * page));
    EXPECT_FALSE(tip.reached()) << page;
  }
  tip.saw(kNoTime, kStart, milliseconds(1200));
  EXPECT_TRUE(tip.quiet());
  tip.saw(kStart - seconds(5), kStart + seconds(2), milliseconds(1400));
  EXPECT_FALSE(tip.reached()) << "an old record: there may be more";
}

TEST(StreamsTip, IsNotManyEmptyPagesWithinASecond) {
  StreamsTip tip;
  for (int page = 0; page < 900; ++page) tip.saw(kNoTime, kStart, milliseconds(page));
  EXPECT_FALSE(tip.reached());
}

TEST(StreamsTip, IsNotReachedByEmptyPagesBetweenRecords) {
  StreamsTip tip;
  for (int round = 0; round < 10; ++round) {
    for (int page = 0; page < 4; ++page) tip.saw(kNoTime, kStart, seconds(10 * round + page));
    tip.saw(kStart - seconds(60), kStart, seconds(10 * round + 5));
    EXPECT_FALSE(tip.reached());
  }
}

TEST(StreamsTip, IsReachedByARecordNewerThanTheBeginning) {
  StreamsTip tip;
  tip.saw(kStart, kStart, seconds(0));
  EXPECT_FALSE(tip.reached()) << "whole seconds: the record may be as old as the beginning";
  tip.saw(kStart + seconds(1), kStart + seconds(1), seconds(1));
  EXPECT_TRUE(tip.reached());
  EXPECT_FALSE(tip.quiet());
}

TEST(StreamsTip, BeginsToCountAnewAfterAnInterruption) {
  StreamsTip tip;
  for (int page = 0; page < 4; ++page) tip.saw(kNoTime, kStart, seconds(page));
  tip.interrupted();
  tip.saw(kNoTime, kStart, seconds(9));
  EXPECT_FALSE(tip.reached());
}

}  // namespace
}  // namespace ctk::source
