#include "aws/adaptive_timeout.h"

#include <gtest/gtest.h>

namespace ctk::aws {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(AdaptiveTimeout, WaitsLongUntilItKnowsBetter) {
  AdaptiveTimeout timeout;
  EXPECT_EQ(timeout.value(), seconds(30));
  timeout.waited_in_vain();
  EXPECT_EQ(timeout.value(), seconds(30));
  timeout.answered(milliseconds(20));
  EXPECT_EQ(timeout.value(), seconds(3));
}

TEST(AdaptiveTimeout, GoesByTheSlowestOfTheLastAnswers) {
  AdaptiveTimeout timeout;
  timeout.answered(seconds(1));
  EXPECT_EQ(timeout.value(), seconds(10));
  for (int i = 0; i < 100; ++i) timeout.answered(milliseconds(20));
  EXPECT_EQ(timeout.value(), seconds(3));
  timeout.answered(seconds(20));
  EXPECT_EQ(timeout.value(), seconds(30));
}

TEST(AdaptiveTimeout, AServiceThatHasBecomeSlowIsWaitedFor) {
  AdaptiveTimeout timeout;
  timeout.answered(milliseconds(20));
  for (const int expected : {6, 12, 24, 30, 30, 30}) {
    timeout.waited_in_vain();
    EXPECT_EQ(timeout.value(), seconds(expected));
  }
  timeout.answered(milliseconds(20));
  EXPECT_EQ(timeout.value(), seconds(3));
}

}  // namespace
}  // namespace ctk::aws
