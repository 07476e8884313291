#include "cli/run_ending.h"

#include <gtest/gtest.h>

#include "cli/exit_code.h"

namespace ctk::cli {
namespace {

TEST(WorseExitCode, AGapIsWorseThanAFailureAndThatThanDeadLetters) {
  EXPECT_EQ(worse_exit_code(kDone, kDone), kDone);
  EXPECT_EQ(worse_exit_code(kDeadLetters, kDone), kDeadLetters);
  EXPECT_EQ(worse_exit_code(kDeadLetters, kFailed), kFailed);
  EXPECT_EQ(worse_exit_code(kGap, kFailed), kGap);
}

}  // namespace
}  // namespace ctk::cli
