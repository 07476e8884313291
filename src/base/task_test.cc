#include "base/task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace ctk {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

/// Says when its frame goes.
struct Tracked {
  std::vector<std::string>& gone;
  std::string name;
  Tracked(std::vector<std::string>& list, std::string who) : gone(list), name(std::move(who)) {}
  Tracked(const Tracked&) = delete;
  Tracked& operator=(const Tracked&) = delete;
  ~Tracked() { gone.push_back(name); }
};

class Tasks : public testing::Test {
 protected:
  Task<int> after(Duration time, int value) {
    co_await group->pause(time);
    co_return value;
  }
  Task<int> sum(int first, int second) {
    const int a = co_await after(seconds(1), first);
    const int b = co_await after(seconds(2), second);
    co_return a + b;
  }
  Task<bool> hold(AsyncMutex& mutex, std::string name, Duration time) {
    const AsyncMutex::Lock lock = co_await mutex.lock();
    events.push_back(name + " in");
    co_await group->pause(time);
    events.push_back(name + " out");
    co_return true;
  }
  Task<bool> wait_for_ever(std::string name) {
    const Tracked tracked(gone, std::move(name));
    co_await group->pause(seconds(1000));
    co_return true;
  }
  void let(Duration time) {
    loop.run_until([] { return false; }, time);
  }

  VirtualLoop loop{from_micros(0)};
  std::vector<std::string> events, gone;
  std::optional<TaskGroup> group{std::in_place, loop};
};

TEST_F(Tasks, OneWaitsForTheOther) {
  std::optional<int> result;
  group->spawn(sum(3, 4), [&](int value) { result = value; });
  EXPECT_FALSE(result) << "it begins at the loop's next turn";
  let(seconds(2));
  EXPECT_FALSE(result);
  let(seconds(2));
  EXPECT_EQ(result, 7);
}

TEST_F(Tasks, WhatWaitsGoesWithTheGroupAndIsNeverWoken) {
  bool heard = false;
  group->spawn(wait_for_ever("a"), [&](bool) { heard = true; });
  group->spawn(wait_for_ever("b"), [&](bool) { heard = true; });
  let(seconds(1));
  group.reset();
  EXPECT_THAT(gone, testing::UnorderedElementsAre("a", "b"));
  let(seconds(2000));
  EXPECT_FALSE(heard);
}

TEST_F(Tasks, WhoeverIsToldMayDestroyTheGroup) {
  group->spawn(sum(1, 1), [&](int) { group.reset(); });
  let(seconds(10));
  EXPECT_FALSE(group);
}

TEST_F(Tasks, IdleIsToldWhenAllHaveEnded) {
  group->spawn(sum(1, 2), [&](int) { events.push_back("sum"); });
  group->when_idle([&] { events.push_back("idle"); });
  let(seconds(2));
  EXPECT_THAT(events, ElementsAre());
  let(seconds(2));
  EXPECT_THAT(events, ElementsAre("sum", "idle"));
}

TEST_F(Tasks, AMutexLetsOneInAtATimeInOrder) {
  AsyncMutex mutex(*group);
  for (const char* name : {"a", "b", "c"}) group->spawn(hold(mutex, name, seconds(1)), [](bool) {});
  let(seconds(10));
  EXPECT_THAT(events, ElementsAre("a in", "a out", "b in", "b out", "c in", "c out"));
}

TEST_F(Tasks, AMutexGoesWithTheGroupWhileItIsHeld) {
  AsyncMutex mutex(*group);
  group->spawn(hold(mutex, "a", seconds(100)), [](bool) {});
  group->spawn(hold(mutex, "b", seconds(100)), [](bool) {});
  let(seconds(1));
  group.reset();
  let(seconds(1000));
  EXPECT_THAT(events, ElementsAre("a in"));
}

/// A service that answers when the test lets it.
struct Service {
  std::vector<Done<int>> asked;
  void ask(Done<int> done) { asked.push_back(std::move(done)); }
};

Task<Result<int>> ask_twice(TaskGroup& tasks, Service& service) {
  const Result<int> first = co_await tasks.answer<int>([&](Done<int> done) { service.ask(std::move(done)); });
  if (!first) co_return first;
  const Result<int> second = co_await tasks.answer<int>([&](Done<int> done) { service.ask(std::move(done)); });
  if (!second) co_return second;
  co_return *first * 10 + *second;
}

TEST_F(Tasks, AnAnswerIsAwaited) {
  Service service;
  std::optional<Result<int>> result;
  group->spawn(ask_twice(*group, service), [&](Result<int> value) { result = std::move(value); });
  let(seconds(1));
  ASSERT_EQ(service.asked.size(), 1);
  service.asked[0](4);
  ASSERT_EQ(service.asked.size(), 2);
  service.asked[1](2);
  let(seconds(1));
  ASSERT_TRUE(result && *result);
  EXPECT_EQ(**result, 42);
}

TEST_F(Tasks, AnAnswerThatComesTooLateFindsNobody) {
  Service service;
  bool heard = false;
  group->spawn(ask_twice(*group, service), [&](const Result<int>&) { heard = true; });
  let(seconds(1));
  group.reset();
  service.asked.at(0)(4);
  let(seconds(1));
  EXPECT_EQ(service.asked.size(), 1) << "it has gone on";
  EXPECT_FALSE(heard);
}

/// Whoever stops a task on another thread posts to its group, until the task is gone.
Task<bool> wait_for_stop(TaskGroup& tasks, std::stop_token token, bool& stopped) {
  const std::stop_callback asked(token, [&] { tasks.post([&] { stopped = true; }); });
  co_await tasks.pause(seconds(1000));
  co_return true;
}

TEST(TasksOnThreads, AGroupMayGoWhileAnotherThreadPostsToIt) {
  SystemClock clock;
  for (int i = 0; i < 200; ++i) {
    ThreadLoop loop(clock);
    bool stopped = false;
    std::optional<TaskGroup> group{std::in_place, loop};
    std::stop_source stop;
    group->spawn(wait_for_stop(*group, stop.get_token(), stopped), [](bool) {});
    loop.post([&] { loop.quit(); });
    loop.run();
    std::thread other([&] { stop.request_stop(); });
    group.reset();
    other.join();
    EXPECT_FALSE(stopped) << "the loop ran no more";
  }
}

}  // namespace
}  // namespace ctk
