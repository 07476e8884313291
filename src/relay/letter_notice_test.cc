#include "relay/letter_notice.h"

#include <gtest/gtest.h>

namespace ctk::relay {
namespace {

using std::chrono::seconds;

TEST(LetterNotice, SpeaksAtOnceAndThenOnceAMinuteOfAllThatCame) {
  LetterNotice notice;
  EXPECT_EQ(notice.take(0, seconds(1)), 0u);
  EXPECT_EQ(notice.take(2, seconds(2)), 2u);
  EXPECT_EQ(notice.take(3, seconds(3)), 0u);
  EXPECT_EQ(notice.take(4, seconds(61)), 0u);
  EXPECT_EQ(notice.take(1, seconds(62)), 8u);
  EXPECT_EQ(notice.take(0, seconds(200)), 0u) << "nothing came";
  EXPECT_EQ(notice.take(1, seconds(201)), 1u);
}

}  // namespace
}  // namespace ctk::relay
