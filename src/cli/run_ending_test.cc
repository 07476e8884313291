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

/// A run that was told to stop.
Ending stopped(bool read_whole, bool unwritten) {
  relay::RelayStats stats;
  stats.stopped = true;
  stats.read_whole = read_whole;
  stats.unwritten = unwritten;
  stats.counts.applied = 12;
  return {stats, stats};
}

LoadPlan plan_of_file(const std::string& path) {
  LoadPlan plan;
  plan.source.from = FilePlan{path};
  return plan;
}

TEST(RunEnding, WithinAFileIsAFailure) {
  const LoadPlan plan = plan_of_file("/no/such/file");
  const Ending within = stopped(false, false);
  const std::optional<Error> error = error_of(within, plan);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message, "the load was stopped before the end of the file: 12 of its changes are applied");
  EXPECT_EQ(exit_code_of(within, error, plan), kFailed);
  EXPECT_FALSE(error_of(stopped(true, false), plan)) << "all of it is written";
}

TEST(RunEnding, OfAFileThatIsWrittenWholeTellsDeadLetters) {
  const LoadPlan plan = plan_of_file("/no/such/file");
  Ending behind = stopped(true, false);
  behind.stats.counts.dead_letters = 1;
  EXPECT_EQ(exit_code_of(behind, error_of(behind, plan), plan), kDeadLetters);
}

TEST(RunEnding, OfAPipeOrAStreamIsGoodUnlessWhatIsReadIsLost) {
  const LoadPlan pipe = plan_of_file("/dev/null");  // no regular file, either
  EXPECT_FALSE(error_of(stopped(false, false), pipe));
  const std::optional<Error> lost = error_of(stopped(false, true), pipe);
  ASSERT_TRUE(lost);
  EXPECT_EQ(exit_code_of(stopped(false, true), lost, pipe), kFailed);
  EXPECT_FALSE(error_of(stopped(false, true), LoadPlan{})) << "a stream is read again from its positions";
}

}  // namespace
}  // namespace ctk::cli
