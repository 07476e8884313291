// The command line sorted into a command, its arguments and its flags, before any of them is given its meaning. CLI11 does
// the sorting. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/command_line.h"
#include "cli/commands.h"

namespace ctk::cli {

struct ParsedWords {
  const CommandInfo* command = nullptr;  ///< nothing where a group of commands was named, or nothing at all
  std::string path;                      ///< of the command or group, "positions list"
  bool help = false;
  bool version = false;
  std::vector<std::string> arguments;
  FlagValues flags;
  FlagValues family_flags;  ///< members of option families, whose names nobody can know before

  /// The last value that a flag was given.
  std::optional<std::string> flag(std::string_view name) const;
  bool is_set(std::string_view name) const;
};

/// `usage` in words of ours: an unknown command or option with the nearest known one.
Result<ParsedWords> parse_words(const std::vector<std::string>& words);

/// What the words mean to their command, which is there and has as many arguments as it takes. `words` are the whole line.
Result<Command> make_command(const ParsedWords& parsed, const std::vector<std::string>& words);

}  // namespace ctk::cli
