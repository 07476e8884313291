#include "cli/signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <future>

namespace ctk::cli {
namespace {

TEST(SignalWatcher, TheFirstAsksForAStop) {
  std::promise<void> asked;
  const SignalWatcher watcher([&] { asked.set_value(); });
  kill(getpid(), SIGTERM);
  EXPECT_EQ(asked.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST(SignalWatcher, TwoAtOnceAreOneWish) {
  std::promise<void> asked;
  const SignalWatcher watcher([&] { asked.set_value(); }, std::chrono::hours(1));
  kill(getpid(), SIGTERM);
  asked.get_future().wait();
  kill(getpid(), SIGTERM);  // as timeout(1) does: to its child, then to the group
}

TEST(SignalWatcher, AHangUpIsAWishOfItsOwn) {
  std::promise<void> again;
  const SignalWatcher watcher([] { FAIL() << "nobody asked for a stop"; }, std::chrono::milliseconds(0),
                              [&] { again.set_value(); });
  kill(getpid(), SIGHUP);
  EXPECT_EQ(again.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST(SignalWatcher, EndsWithoutASignal) {
  const SignalWatcher watcher([] { FAIL() << "nobody sent one"; });
}

using SignalWatcherDeathTest = testing::Test;

void send_twice(int signal_number) {
  std::promise<void> asked;
  const SignalWatcher watcher([&] { asked.set_value(); }, std::chrono::milliseconds(0));
  kill(getpid(), signal_number);
  asked.get_future().wait();
  kill(getpid(), signal_number);
  pause();
}

TEST(SignalWatcherDeathTest, TheSecondEndsAtOnce) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(send_twice(SIGINT), testing::ExitedWithCode(130), "");
  EXPECT_EXIT(send_twice(SIGTERM), testing::ExitedWithCode(143), "");
}

void hang_up() {
  hold_signals();
  const SignalWatcher watcher([] { _exit(99); });
  kill(getpid(), SIGHUP);
  pause();
}

TEST(SignalWatcherDeathTest, AHangUpThatNobodyWantsEndsAsEver) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(hang_up(), testing::KilledBySignal(SIGHUP), "");
}

/// All is done and said when the signal comes.
void signal_at_the_end(int exit_code, bool stuck) {
  {
    SignalWatcher watcher([] { _exit(99); });
    watcher.run_is_over(exit_code);
    kill(getpid(), SIGTERM);
    if (stuck) pause();
  }
  kill(getpid(), SIGINT);
  _exit(exit_code);
}

TEST(SignalWatcherDeathTest, ASignalAfterTheRunChangesNothing) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(signal_at_the_end(4, false), testing::ExitedWithCode(4), "");
  EXPECT_EXIT(signal_at_the_end(0, true), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace ctk::cli
