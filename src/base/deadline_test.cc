#include "base/deadline.h"

#include <gtest/gtest.h>

#include <optional>

namespace ctk {
namespace {

using std::chrono::milliseconds;

class DeadlineTest : public testing::Test {
 protected:
  Done<int> held(std::optional<Result<int>>& answer) {
    return deadline_.hold(Done<int>([this, &answer](Result<int> given) {
      EXPECT_FALSE(answer) << "twice";
      answer = std::move(given);
      if (++answered_ == wanted_) loop_.quit();
    }));
  }

  SystemClock clock_;
  ThreadLoop loop_{clock_};
  const Deadline deadline_{loop_, clock_, milliseconds(20)};
  int answered_ = 0, wanted_ = 1;
};

TEST_F(DeadlineTest, WhoeverDoesNotAnswerIsUnreachable) {
  std::optional<Result<int>> first, second;
  wanted_ = 2;
  const Done<int> never = held(first), neither = held(second);
  loop_.run();
  ASSERT_TRUE(first && !*first && second && !*second);
  EXPECT_EQ(first->error().kind, ErrorKind::unreachable);
  EXPECT_EQ(first->error().message, "no answer within 20ms");
  EXPECT_EQ(deadline_.left(), Duration{}) << "it is one time for both";
}

TEST_F(DeadlineTest, AnAnswerInTimeIsGivenOnce) {
  std::optional<Result<int>> answer;
  Done<int> done = held(answer);
  wanted_ = 0;
  loop_.post([&] { done(7); });
  loop_.after(milliseconds(60), [&] { loop_.quit(); });
  loop_.run();
  EXPECT_EQ(answer.value().value(), 7);
}

TEST_F(DeadlineTest, AnAnswerThatComesLateFindsNobody) {
  std::optional<Result<int>> answer;
  Done<int> done = held(answer);
  wanted_ = 0;
  loop_.after(milliseconds(60), [&] {
    done(7);
    loop_.quit();
  });
  loop_.run();
  EXPECT_FALSE(answer.value());
}

}  // namespace
}  // namespace ctk
