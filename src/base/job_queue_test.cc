#include "base/job_queue.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <optional>
#include <semaphore>

#include "base/stop_bell.h"

namespace ctk {
namespace {

/// As a driver waits for a server that never answers.
bool wait_until_stopped(const std::stop_token& stop) {
  const StopBell bell(stop);
  pollfd end{bell.descriptor(), POLLIN, 0};
  return poll(&end, 1, -1) == 1;
}

class JobQueues : public testing::Test {
 protected:
  void turn() {
    loop.post([this] { loop.quit(); });
    loop.run();
  }

  SystemClock clock;
  ThreadLoop loop{clock};
  std::optional<JobQueue> jobs{std::in_place, std::make_unique<ThreadExecutor>(loop, "jobs")};
};

TEST_F(JobQueues, AValueComesBackToTheLoop) {
  int got = 0;
  loop.post([&] {
    jobs->run([] { return 42; },
              [&](int value) {
                got = value;
                loop.quit();
              });
  });
  loop.run();
  EXPECT_EQ(got, 42);
}

TEST_F(JobQueues, ItsEndStopsTheJobUnderWayAndDropsTheRest) {
  std::binary_semaphore begun(0);
  bool stopped = false, second_ran = false, heard = false;
  const auto hear = [&](bool) { heard = true; };
  jobs->run(
      [&, stop = jobs->stop_token()] {
        begun.release();
        return stopped = wait_until_stopped(stop);
      },
      hear);
  jobs->run([&] { return second_ran = true; }, hear);
  begun.acquire();
  jobs.reset();
  EXPECT_TRUE(stopped);
  EXPECT_FALSE(second_ran);
  turn();
  EXPECT_FALSE(heard);
}

TEST_F(JobQueues, WhatEndedBeforeItButWasNotToldIsNotTold) {
  std::binary_semaphore second(0);
  bool heard = false;
  const auto hear = [&](bool) { heard = true; };
  jobs->run([] { return true; }, hear);
  jobs->run(
      [&] {
        second.release();
        return true;
      },
      hear);
  second.acquire();  // so the first one's completion lies with the loop
  jobs.reset();
  turn();
  EXPECT_FALSE(heard);
}

TEST(StopBells, RingForARequestFromBeforeAndForNoneWhereNoneCanCome) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRUE(wait_until_stopped(stop.get_token()));
  EXPECT_EQ(StopBell(std::stop_token()).descriptor(), -1);
}

}  // namespace
}  // namespace ctk
