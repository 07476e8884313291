#include "cli/relay_course.h"

#include <gmock/gmock.h>

namespace ctk::cli {
namespace {

using namespace std::chrono_literals;
using Wish = RelayCourse::Wish;
using Next = RelayCourse::Next;

class RelayCourseTest : public testing::Test {
 protected:
  Next after(const EndedRun& run, Wish wish = Wish::run) {
    now_ += run.lasted;
    const Next next = course_.after(run, wish, now_, random_);
    now_ += next.pause;
    return next;
  }

  Duration now_ = 1000s;
  Random random_{1};
  RelayCourse course_;
};

TEST_F(RelayCourseTest, AFailureIsTriedAgainUpToEachHalfMinute) {
  Duration longest{};
  for (int i = 0; i < 20; ++i) {
    const Next next = after({ErrorKind::unreachable, false, 1s});
    ASSERT_EQ(next.what, Next::What::wait);
    longest = std::max(longest, next.pause);
    EXPECT_LE(next.pause, i == 0 ? Duration(1s) : Duration(30s));
  }
  EXPECT_GE(longest, 15s);
}

TEST_F(RelayCourseTest, AfterALongRunAFailureIsTheFirst) {
  for (int i = 0; i < 20; ++i) after({ErrorKind::unreachable, false, 1s});
  EXPECT_LE(after({ErrorKind::unreachable, false, 10min}).pause, 1s);
}

TEST_F(RelayCourseTest, WhatIsBoundedEndsWithItsFailure) {
  EXPECT_EQ(after({ErrorKind::unreachable, true, 1s}), Next{Next::What::over});
  EXPECT_EQ(after({std::nullopt, true, 1s}), Next{Next::What::over});
}

TEST_F(RelayCourseTest, WhatIsRemovedIsOver) {
  EXPECT_EQ(after({ErrorKind::unreachable, false, 1s}, Wish::end), Next{Next::What::over});
  EXPECT_EQ(after({std::nullopt, false, 1s}, Wish::end), Next{Next::What::over});
}

TEST_F(RelayCourseTest, WhatIsReplacedBeginsAtOnceAndAnew) {
  for (int i = 0; i < 20; ++i) after({ErrorKind::unreachable, false, 1s});
  EXPECT_EQ(after({std::nullopt, false, 1s}, Wish::replace), Next{Next::What::begin});
  EXPECT_LE(after({ErrorKind::denied, false, 1s}).pause, 1s);
}

TEST_F(RelayCourseTest, OneThatAnotherProcessRunsIsLeftToItForAWhile) {
  EXPECT_EQ(after({ErrorKind::fenced, false, 1s}).pause, 30s);
}

}  // namespace
}  // namespace ctk::cli
