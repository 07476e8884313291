#include "base/event_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <future>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace ctk {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

TEST(ThreadLoop, RunsPostedTasksInOrder) {
  SystemClock clock;
  ThreadLoop loop(clock);
  std::vector<int> seen;
  loop.post([&] { seen.push_back(1); });
  loop.post([&] {
    seen.push_back(2);
    loop.post([&] { loop.quit(); });
  });
  loop.post([&] { seen.push_back(3); });
  loop.run();
  EXPECT_THAT(seen, ElementsAre(1, 2, 3));
}

TEST(ThreadLoop, RunsTimersByTimeAndForgetsCancelledOnes) {
  SystemClock clock;
  ThreadLoop loop(clock);
  std::vector<std::string> seen;
  loop.after(milliseconds(3), [&] {
    seen.push_back("late");
    loop.quit();
  });
  EventLoop::TimerId cancelled = loop.after(milliseconds(1), [&] { seen.push_back("cancelled"); });
  loop.after(milliseconds(1), [&] { seen.push_back("early"); });
  EXPECT_NE(cancelled, 0u);
  loop.cancel(cancelled);
  loop.cancel(cancelled);
  loop.run();
  EXPECT_THAT(seen, ElementsAre("early", "late"));
}

TEST(ThreadLoop, DropsWhatIsQueuedBehindQuit) {
  SystemClock clock;
  ThreadLoop loop(clock);
  bool ran = false;
  loop.post([&] { loop.quit(); });
  loop.post([&] { ran = true; });
  loop.run();
  EXPECT_FALSE(ran);
  loop.quit();
}

TEST(ThreadLoop, WakesForPostsAndQuitOfOtherThreads) {
  SystemClock clock;
  ThreadLoop loop(clock);
  std::thread::id ran_on;
  std::thread other([&] {
    loop.post([&] { ran_on = std::this_thread::get_id(); });
    loop.post([&] { loop.quit(); });
  });
  loop.run();
  other.join();
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST(ThreadExecutor, RunsJobsElsewhereInOrderAndCompletionsOnTheLoop) {
  SystemClock clock;
  ThreadLoop loop(clock);
  ThreadExecutor executor(loop, "test");
  std::vector<int> jobs;
  std::vector<int> values;
  std::thread::id job_thread;
  std::thread::id done_thread;
  for (int i = 0; i < 3; ++i) {
    run_on(
        executor,
        [&, i] {
          job_thread = std::this_thread::get_id();
          jobs.push_back(i);
          return i * 10;
        },
        [&](int value) {
          done_thread = std::this_thread::get_id();
          values.push_back(value);
          if (values.size() == 3) loop.quit();
        });
  }
  loop.run();
  EXPECT_THAT(jobs, ElementsAre(0, 1, 2));
  EXPECT_THAT(values, ElementsAre(0, 10, 20));
  EXPECT_EQ(done_thread, std::this_thread::get_id());
  EXPECT_NE(job_thread, std::this_thread::get_id());
}

TEST(ThreadExecutor, FinishesTheRunningJobBeforeItDies) {
  SystemClock clock;
  ThreadLoop loop(clock);
  std::promise<void> started;
  std::promise<void> may_end;
  bool finished = false;
  {
    ThreadExecutor executor(loop, "test");
    executor.submit(
        [&] {
          started.set_value();
          may_end.get_future().wait();
          finished = true;
        },
        [] {});
    started.get_future().wait();
    may_end.set_value();
  }
  EXPECT_TRUE(finished);
}

TEST(InlineExecutor, RunsTheJobAtOnceAndPostsTheCompletion) {
  VirtualLoop loop(from_micros(0));
  InlineExecutor executor(loop);
  std::vector<std::string> seen;
  executor.submit([&] { seen.push_back("job"); }, [&] { seen.push_back("done"); });
  seen.push_back("submitted");
  EXPECT_TRUE(loop.run_until_idle(seconds(1)));
  EXPECT_THAT(seen, ElementsAre("job", "submitted", "done"));
}

TEST(VirtualLoop, JumpsToTimers) {
  Timestamp start = from_micros(1'000'000);
  VirtualLoop loop(start);
  std::vector<Timestamp> seen;
  loop.after(hours(2), [&] { seen.push_back(loop.now()); });
  loop.after(hours(1), [&] {
    seen.push_back(loop.now());
    loop.after(hours(3), [&] { seen.push_back(loop.now()); });
  });
  EXPECT_TRUE(loop.run_until_idle(hours(24)));
  EXPECT_THAT(seen, ElementsAre(start + hours(1), start + hours(2), start + hours(4)));
  EXPECT_EQ(loop.monotonic(), hours(4));
}

TEST(VirtualLoop, StopsAtTheLimitWithItsClockThere) {
  VirtualLoop loop(from_micros(0));
  bool ran = false;
  loop.after(seconds(10), [&] { ran = true; });
  EXPECT_FALSE(loop.run_until_idle(seconds(4)));
  EXPECT_FALSE(ran);
  EXPECT_EQ(loop.monotonic(), seconds(4));
  EXPECT_TRUE(loop.run_until_idle(seconds(6)));
  EXPECT_TRUE(ran);
}

TEST(VirtualLoop, RunsUntilAConditionHolds) {
  VirtualLoop loop(from_micros(0));
  int ticks = 0;
  std::function<void()> tick = [&] {
    ++ticks;
    loop.after(seconds(1), [&] { tick(); });
  };
  loop.post([&] { tick(); });
  EXPECT_TRUE(loop.run_until([&] { return ticks == 5; }, hours(1)));
  EXPECT_EQ(loop.monotonic(), seconds(4));
  EXPECT_FALSE(loop.run_until([&] { return ticks == 1000; }, seconds(10)));
}

/// What the timers are to do, in the plainest form: those that are not cancelled, by time and then by creation.
RC_GTEST_PROP(VirtualLoop, RunsTimersAsAPlainMapWould, ()) {
  VirtualLoop loop(Timestamp{});
  std::map<std::pair<Duration, int>, EventLoop::TimerId> model;
  std::vector<int> seen;
  std::vector<int> expected;
  const auto steps = *rc::gen::container<std::vector<std::pair<unsigned, unsigned>>>(
      rc::gen::pair(rc::gen::inRange(0U, 4U), rc::gen::arbitrary<unsigned>()));
  int created = 0;
  for (const auto& [what, number] : steps) {
    if (what < 2) {
      const Duration delay = milliseconds(number % 50);
      const int name = created++;
      model[{loop.monotonic() + delay, name}] = loop.after(delay, [&seen, name] { seen.push_back(name); });
    } else if (what == 2 && !model.empty()) {
      const auto one = std::next(model.begin(), static_cast<std::ptrdiff_t>(number % model.size()));
      loop.cancel(one->second);
      loop.cancel(one->second);
      model.erase(one);
    } else {
      const Duration end = loop.monotonic() + milliseconds(number % 20);
      loop.run_until_idle(milliseconds(number % 20));
      while (!model.empty() && model.begin()->first.first <= end) {
        expected.push_back(model.begin()->first.second);
        model.erase(model.begin());
      }
    }
  }
  RC_ASSERT(seen == expected);
}

TEST(VirtualLoop, CancelsTimers) {
  VirtualLoop loop(from_micros(0));
  bool ran = false;
  EventLoop::TimerId timer = loop.after(seconds(1), [&] { ran = true; });
  loop.cancel(timer);
  EXPECT_TRUE(loop.run_until_idle(hours(1)));
  EXPECT_FALSE(ran);
  EXPECT_EQ(loop.monotonic(), Duration(0));
}

}  // namespace
}  // namespace ctk
