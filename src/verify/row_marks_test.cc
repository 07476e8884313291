#include "verify/row_marks.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace ctk::verify {
namespace {

TEST(RowMarks, TellWhichRowsWereMetAndWithWhat) {
  constexpr uint32_t kRows = 20'000;
  Random random(1);
  std::vector<uint64_t> keys;
  RowMarks marks;
  for (uint32_t i = 0; i < kRows; ++i) {
    keys.push_back(random.next());
    ASSERT_TRUE(marks.add(keys.back(), i));
  }
  marks.close();
  EXPECT_EQ(marks.size(), kRows);
  for (uint32_t i = 0; i < kRows; ++i) {
    EXPECT_FALSE(marks.see(keys[i], i + 1));
    EXPECT_FALSE(marks.is_seen(keys[i]));
    EXPECT_TRUE(marks.see(keys[i], i));
    EXPECT_TRUE(marks.see(keys[i], i));
    EXPECT_TRUE(marks.is_seen(keys[i]));
    EXPECT_EQ(marks.unseen(), kRows - 1 - i);
    EXPECT_FALSE(marks.see(keys[i] + 1, i));
  }
}

TEST(RowMarks, ARowThatWasLookedAtCountsAsSeen) {
  RowMarks marks;
  marks.add(5, 1);
  marks.add(6, 1);
  marks.close();
  EXPECT_TRUE(marks.see(5));
  EXPECT_FALSE(marks.see(7));
  EXPECT_TRUE(marks.is_seen(5));
  EXPECT_FALSE(marks.is_seen(6));
  EXPECT_FALSE(marks.is_seen(7));
  EXPECT_EQ(marks.unseen(), 1u);
}

TEST(RowMarks, OfAKeyThatWasMetTwiceNothingIsTold) {
  RowMarks marks;
  marks.add(5, 1);
  marks.add(5, 2);
  marks.close();
  EXPECT_EQ(marks.size(), 1u);
  EXPECT_FALSE(marks.see(5, 1));
  EXPECT_FALSE(marks.see(5, 2));
  EXPECT_TRUE(marks.see(5));
  EXPECT_EQ(marks.unseen(), 0u);
}

TEST(RowMarks, TakeNoMoreThanFit) {
  RowMarks marks(2);
  EXPECT_TRUE(marks.add(1, 1));
  EXPECT_TRUE(marks.add(UINT64_MAX, 1));
  EXPECT_FALSE(marks.add(3, 1));
}

}  // namespace
}  // namespace ctk::verify
