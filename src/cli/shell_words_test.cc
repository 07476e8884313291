#include "cli/shell_words.h"

#include <gtest/gtest.h>

namespace ctk::cli {
namespace {

using Kind = ShellWord::Kind;

TEST(ShellWords, WhatIsNoSql) {
  for (const char* line : {"\\q", "exit", "quit;", " exit ; "}) EXPECT_EQ(read_shell_word(line).kind, Kind::leave) << line;
  for (const char* line : {"\\?", "help", "help;", "\\h"}) EXPECT_EQ(read_shell_word(line).kind, Kind::help) << line;
  EXPECT_EQ(read_shell_word("\\d").kind, Kind::tables);
  EXPECT_EQ(read_shell_word("\\dt;").kind, Kind::tables);
  EXPECT_EQ(read_shell_word("\\d  \"a b\".c ;").kind, Kind::describe);
  EXPECT_EQ(read_shell_word("\\d  \"a b\".c ;").argument, "\"a b\".c");
  EXPECT_EQ(read_shell_word("\\x").kind, Kind::expand);
  EXPECT_EQ(read_shell_word("\\copy t from stdin").kind, Kind::unknown);
  EXPECT_EQ(read_shell_word("\\copy t from stdin").argument, "\\copy");
}

TEST(ShellWords, WhatIsSql) {
  for (const char* line : {"", "SELECT 1;", "exit 1", "help me", "quit_table", "-- \\q", ";"}) {
    EXPECT_EQ(read_shell_word(line).kind, Kind::none) << line;
  }
}

}  // namespace
}  // namespace ctk::cli
