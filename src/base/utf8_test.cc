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

TEST(IsObeyedByTerminals, WhatDoesMoreThanBeShown) {
  for (const char32_t code :
       {U'\0', U'\n', U'\x1b', U'\x1f', U'\x7f', U'\x9b', U'\u200e', U'\u2028', U'\u202e', U'\u2066', U'\u2069'})
    EXPECT_TRUE(is_obeyed_by_terminals(code)) << static_cast<uint32_t>(code);
  for (const char32_t code : {U' ', U'~', U'\xa0', U'\u200d', U'\u2010', U'\u202f', U'\u2065', U'\u206a', U'\U0001f600'})
    EXPECT_FALSE(is_obeyed_by_terminals(code)) << static_cast<uint32_t>(code);
}

}  // namespace
}  // namespace ctk
