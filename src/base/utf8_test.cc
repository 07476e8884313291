#include "base/utf8.h"

#include <gtest/gtest.h>

namespace ctk {
namespace {

TEST(CutAtCharacter, LeavesNoPartOfOne) {
  EXPECT_EQ(cut_at_character("grün", 9), "grün");
  EXPECT_EQ(cut_at_character("grün", 5), "grün");
  EXPECT_EQ(cut_at_character("grün", 4), "grü");
  EXPECT_EQ(cut_at_character("grün", 3), "gr");
  EXPECT_EQ(cut_at_character("€", 2), "");
  EXPECT_EQ(cut_at_character("", 0), "");
}

}  // namespace
}  // namespace ctk
