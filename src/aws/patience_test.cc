#include "aws/patience.h"

#include <gtest/gtest.h>

namespace ctk::aws {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Patience, WaitsLongUntilItKnowsBetter) {
  Patience patience;
  EXPECT_EQ(patience.timeout(), seconds(30));
  patience.waited_in_vain();
  EXPECT_EQ(patience.timeout(), seconds(30));
  patience.answered(milliseconds(20));
  EXPECT_EQ(patience.timeout(), seconds(3));
}

TEST(Patience, GoesByTheSlowestOfTheLastAnswers) {
  Patience patience;
  patience.answered(seconds(1));
  EXPECT_EQ(patience.timeout(), seconds(10));
  for (int i = 0; i < 100; ++i) patience.answered(milliseconds(20));
  EXPECT_EQ(patience.timeout(), seconds(3));
  patience.answered(seconds(20));
  EXPECT_EQ(patience.timeout(), seconds(30));
}

TEST(Patience, AServiceThatHasBecomeSlowIsWaitedFor) {
  Patience patience;
  patience.answered(milliseconds(20));
  for (const int expected : {6, 12, 24, 30, 30, 30}) {
    patience.waited_in_vain();
    EXPECT_EQ(patience.timeout(), seconds(expected));
  }
  patience.answered(milliseconds(20));
  EXPECT_EQ(patience.timeout(), seconds(3));
}

}  // namespace
}  // namespace ctk::aws
