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

/// So that whoever shows a text need not know whether it was made harmless already.
TEST(ShownText, TwiceIsOnce) {
  for (const std::string text : {"a\x1b[31m\x07\n\tb\r", "\xc2\x9b 31m \xff", "C:\\x1b\\n"}) {
    EXPECT_EQ(one_line(one_line(text)), one_line(text));
    EXPECT_EQ(many_lines(shown_lines(text)), shown_lines(text));
    EXPECT_EQ(many_lines(shown_line(text)), shown_line(text));
  }
}

TEST(ShownText, WidthIsInColumns) {
  EXPECT_EQ(shown_width("abc"), 3u);
  EXPECT_EQ(shown_width("日本"), 4u);
  EXPECT_EQ(shown_width("e\xcc\x81"), 1u);
  EXPECT_EQ(shown_width(""), 0u);
}

}  // namespace
}  // namespace ctk::cli
