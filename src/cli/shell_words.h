// What a person may say at the prompt besides SQL. Pure.
#pragma once

#include <string>
#include <string_view>

namespace ctk::cli {

struct ShellWord {
  enum class Kind {
    none,      ///< SQL
    leave,     ///< \q, exit, quit
    help,      ///< \?, \h, help
    tables,    ///< \d, \dt
    describe,  ///< \d NAME
    expand,    ///< \x
    unknown,   ///< any other backslash
  };
  Kind kind = Kind::none;
  std::string argument;  ///< the table, or the unknown word
};

/// Reads a line that begins a statement; a semicolon at its end is passed over, as people type one.
ShellWord read_shell_word(std::string_view line);

/// What \? prints.
std::string_view shell_help();

}  // namespace ctk::cli
