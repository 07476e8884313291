#include "relay/write_attempts.h"

#include <gtest/gtest.h>

namespace ctk::relay {
namespace {

using std::chrono::seconds;

TEST(WriteAttempts, FailsSinceTheFirstFailureInARow) {
  WriteAttempts attempts;
  EXPECT_EQ(attempts.failed(seconds(5)).failing, seconds(0));
  EXPECT_EQ(attempts.failed(seconds(9)).failing, seconds(4));
  attempts.worked(false);
  EXPECT_EQ(attempts.failed(seconds(12)).failing, seconds(0));
}

TEST(WriteAttempts, OnlyRowsShowThatATableCanBeWritten) {
  WriteAttempts attempts;
  attempts.worked(false);
  EXPECT_FALSE(attempts.failed(seconds(1)).written);
  attempts.worked(true);
  attempts.worked(false);
  EXPECT_TRUE(attempts.failed(seconds(2)).written);
}

TEST(WriteAttempts, ALookGivesItAnotherWhile) {
  WriteAttempts attempts;
  attempts.failed(seconds(1));
  attempts.looking_again(seconds(60));
  EXPECT_EQ(attempts.failed(seconds(61)).failing, seconds(1));
  EXPECT_TRUE(attempts.failed(seconds(61)).looked);
  attempts.worked(true);
  EXPECT_FALSE(attempts.failed(seconds(62)).looked);
}

TEST(WriteAttempts, PausesGrowUntilSomethingWorks) {
  WriteAttempts attempts;
  Random random(1);
  for (int i = 0; i < 20; ++i) attempts.pause(seconds(i), random);
  EXPECT_GT(attempts.pause(seconds(30), random), seconds(5));
  attempts.answered();
  EXPECT_LT(attempts.pause(seconds(31), random), seconds(1));
}

}  // namespace
}  // namespace ctk::relay
