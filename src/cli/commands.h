// Every command as data: what the command line is parsed by, and what help, completion and the manual page are made from.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options.h"

namespace ctk::cli {

/// A flag that belongs to commands and stands in no URL.
struct FlagInfo {
  std::string_view name;
  char letter = 0;  ///< `-c`; 0: none
  OptionKind kind = OptionKind::text;
  std::string_view choices{};
  std::string_view fallback{};
  std::string_view value = "TEXT";  ///< what help calls its value
  std::string_view help{};
  bool repeatable = false;
};

struct CommandInfo {
  std::string_view path;       ///< "load", "positions list"
  std::string_view arguments;  ///< "[table] SOURCE [TARGET]"
  size_t least = 0, most = 0;  ///< how many
  std::string_view help;       ///< one sentence
  std::string_view more{};     ///< paragraphs below it
  std::string_view advice{};   ///< to someone whose words were no command line of it
  std::vector<FlagInfo> flags = {};
  bool source_options = false;
  bool target_options = false;
  std::span<const std::string_view> of_source = {};  ///< without all of them: those of source and run that count here
  std::span<const std::string_view> of_target = {};  ///< the target's options that count here; empty: all
  bool takes_config = false;                         ///< --config FILE may stand for its arguments
  bool hidden = false;                               ///< not in help
  bool is_as_load = false;                           ///< its options are load's, and help says no more of them
  std::span<const std::string_view> listed = {};     ///< the options that help lists; empty: all that count
  std::string_view examples{};                       ///< lines of help
};

std::span<const CommandInfo> all_commands();
/// Flags of every command: log format and level, quiet.
std::span<const FlagInfo> common_flags();
/// Whether the flag's value is never to be shown, whichever command it belongs to.
bool is_secret_flag(std::string_view name);
/// By its whole path; nothing where there is none.
const CommandInfo* find_command(std::string_view path);
/// "positions" and "show" are only the first words of commands. The help of such a group, or nothing.
std::string_view group_help(std::string_view word);
/// The first words of all commands, in the order of help; hidden ones left out.
std::vector<std::string> first_words();
/// The second words behind a first one: "list", "reset", "prune".
std::vector<std::string> second_words(std::string_view first);

/// Whether an option of the table is one of this command's.
bool counts(const CommandInfo& command, const OptionInfo& option);
/// Whether help and completion have it: older names work, and are not offered.
bool is_shown(const OptionInfo& option);
FlagInfo as_flag(const OptionInfo& option);
/// All flags of a command by name, the table's options included (without those of another version).
std::vector<FlagInfo> flags_of(const CommandInfo& command);

/// What `--help` prints. `path` is "" for the program, a group's word, or a command's path.
std::string help_text(std::string_view path);

std::string_view version();

}  // namespace ctk::cli
