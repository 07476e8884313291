#include "aws/credentials/process_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace ctk::aws {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr ProcessLimits kLong{std::chrono::minutes(2), 64u << 10};

TEST(ProcessRunner, GivesWhatAShellPrints) {
  EXPECT_EQ(run_command("printf 'a %s' \"$((1 + 1))\" | tr a b", kLong, {}), "b 2");
  EXPECT_EQ(run_command("cat; echo done >&2; test ! -e /proc/self/fd/3 && echo alone", kLong, {}), "alone\n")
      << "no input, no open file of ours";
}

TEST(ProcessRunner, KeepsCommandAndOutputToItself) {
  const auto failed = run_command("echo SECRET; echo SECRET >&2; exit 3 # SECRET", kLong, {});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::denied);
  EXPECT_EQ(failed.error().message, "its command ended with exit status 3");
  EXPECT_THAT(to_string(failed.error()), Not(HasSubstr("SECRET")));
  EXPECT_EQ(run_command("kill -9 $$", kLong, {}).error().message, "its command ended with signal 9");
}

TEST(ProcessRunner, BoundsTimeAndOutput) {
  EXPECT_EQ(run_command("sleep 1000 & sleep 1000", {std::chrono::milliseconds(20), 100}, {}).error().message,
            "its command has not ended in 20ms");
  EXPECT_EQ(run_command("exec >&-; sleep 1000", {std::chrono::milliseconds(20), 100}, {}).error().message,
            "its command has not ended in 20ms")
      << "though it has closed its output";
  EXPECT_EQ(run_command("yes", {std::chrono::minutes(2), 100}, {}).error().message,
            "its command writes more than 100 bytes");
}

TEST(ProcessRunner, StopsWhenItIsAsked) {
  std::stop_source stop;
  std::jthread asks([&stop] { stop.request_stop(); });
  EXPECT_EQ(run_command("sleep 1000", kLong, stop.get_token()).error().kind, ErrorKind::stopped);
}

}  // namespace
}  // namespace ctk::aws
