#include "relay/answer.h"

#include <gtest/gtest.h>

#include "base/event_loop.h"

namespace ctk::relay {
namespace {

Task<Result<int>> ask(const TaskGroup& tasks, Done<int>& asked) {
  Answer<int> answer(tasks, [&asked](Done<int> done) { asked = std::move(done); });
  co_return co_await answer;
}

TEST(Answer, GoesOnWithWhatTheCallGives) {
  VirtualLoop loop{Timestamp{}};
  TaskGroup tasks(loop);
  Done<int> asked;
  std::optional<Result<int>> got;
  tasks.start(ask(tasks, asked), [&](Result<int> result) { got = std::move(result); });
  ASSERT_TRUE(asked) << "the call is made at once";
  asked(fail(ErrorKind::throttled, "later"));
  loop.run_until_idle(std::chrono::seconds(1));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->error().kind, ErrorKind::throttled);
}

TEST(Answer, AnAnswerThatComesTooLateFindsNobody) {
  VirtualLoop loop{Timestamp{}};
  Done<int> asked;
  bool told = false;
  {
    TaskGroup tasks(loop);
    tasks.start(ask(tasks, asked), [&](const Result<int>&) { told = true; });
  }
  asked(1);
  loop.run_until_idle(std::chrono::seconds(1));
  EXPECT_FALSE(told);
}

}  // namespace
}  // namespace ctk::relay
