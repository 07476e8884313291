#include "cli/shown_text.h"

#include <gtest/gtest.h>

namespace ctk::cli {
namespace {

TEST(ShownText, DoesNothingToTheTerminal) {
  EXPECT_EQ(one_line("plain ü ✓ 日本"), "plain ü ✓ 日本");
  EXPECT_EQ(one_line("a\nb\r\tc\x1b[31m\x07\x7f"), "a\\nb\\r\\tc\\x1b[31m\\x07\\x7f");
  EXPECT_EQ(one_line(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(one_line("\xc2\x9b"
                     "31m"),
            "\\u009b31m");  // the control character that begins escape sequences
  EXPECT_EQ(one_line("\xe2\x80\xae"
                     "gpj.exe"),
            "\\u202egpj.exe");  // what follows would be shown backwards
  EXPECT_EQ(one_line("\xff"
                     "A\xe2\x80"),
            "\\xffA\\xe2\\x80");
}

TEST(ShownText, WidthIsInColumns) {
  EXPECT_EQ(shown_width("abc"), 3u);
  EXPECT_EQ(shown_width("日本"), 4u);
  EXPECT_EQ(shown_width("e\xcc\x81"), 1u);
  EXPECT_EQ(shown_width(""), 0u);
}

}  // namespace
}  // namespace ctk::cli
