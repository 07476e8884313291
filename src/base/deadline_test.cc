#include "base/deadline.h"

#include <gtest/gtest.h>

#include <optional>
#include <utility>

#include "base/lifeline.h"

namespace ctk {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Duration kTime = seconds(20);

class DeadlineTest : public testing::Test {
 protected:
  using Answer = std::optional<Result<int>>;

  static Done<int> into(Answer& answer) {
    return [&answer](Result<int> given) {
      EXPECT_FALSE(answer) << "twice";
      answer = std::move(given);
    };
  }

  VirtualLoop loop_{from_micros(0)};
  const Deadline deadline_{loop_, loop_, kTime};
};

TEST_F(DeadlineTest, WhoeverDoesNotAnswerIsUnreachable) {
  Answer first, second;
  const Done<int> never = deadline_.hold(into(first)), neither = deadline_.hold(into(second));
  EXPECT_TRUE(loop_.run_until_idle(hours(1)));
  ASSERT_TRUE(first && !*first && second && !*second);
  EXPECT_EQ(first->error(), (Error{ErrorKind::unreachable, "no answer within 20s", "", ""}));
  EXPECT_EQ(loop_.monotonic(), kTime);
  EXPECT_EQ(deadline_.left(), Duration{}) << "it is one time for both";
}

TEST_F(DeadlineTest, TheErrorNamesWhoWasWaitedFor) {
  Answer answer;
  const Done<int> never = Deadline(loop_, loop_, kTime, "the lease table").hold(into(answer));
  EXPECT_TRUE(loop_.run_until_idle(hours(1)));
  ASSERT_TRUE(answer && !*answer);
  EXPECT_EQ(answer->error().message, "the lease table gave no answer within 20s");
}

TEST_F(DeadlineTest, AnAnswerInTimeIsGivenOnceAndNothingIsLeftOfTheWait) {
  Answer answer;
  Done<int> done = deadline_.hold(into(answer));
  loop_.after(seconds(3), [&] { done(7); });
  EXPECT_TRUE(loop_.run_until_idle(hours(1)));
  EXPECT_EQ(answer.value().value(), 7);
  EXPECT_EQ(loop_.monotonic(), seconds(3)) << "no timer was left to wait for";
}

TEST_F(DeadlineTest, AnErrorInTimeIsGivenAsItIs) {
  Answer answer;
  Done<int> done = deadline_.hold(into(answer));
  loop_.post([&] { done(fail(ErrorKind::denied, "no right")); });
  EXPECT_TRUE(loop_.run_until_idle(hours(1)));
  EXPECT_EQ(answer.value().error().kind, ErrorKind::denied);
}

TEST_F(DeadlineTest, AnAnswerThatComesLateFindsNobody) {
  Answer answer;
  Done<int> done = deadline_.hold(into(answer));
  loop_.after(seconds(21), [&] { done(7); });
  EXPECT_TRUE(loop_.run_until_idle(hours(1)));
  EXPECT_EQ(answer.value().error().kind, ErrorKind::unreachable);
}

TEST_F(DeadlineTest, WhoeverIsGoneHearsNothingOfEither) {
  Answer first, second;
  std::optional<Lifeline> owner(std::in_place);
  const Done<int> never = deadline_.hold<int>(owner->guard(into(first)));
  Done<int> late = deadline_.hold<int>(owner->guard(into(second)));
  owner.reset();
  loop_.post([&] { late(7); });
  EXPECT_TRUE(loop_.run_until_idle(hours(1)));
  EXPECT_FALSE(first || second);
}

}  // namespace
}  // namespace ctk
