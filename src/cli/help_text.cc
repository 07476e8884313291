#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "cli/commands.h"

namespace ctk::cli {
namespace {

using enum OptionKind;

constexpr size_t kWidth = 80;
constexpr size_t kColumn = 28;
constexpr std::string_view kOthers =
    "Other options of ctk load are accepted, so that its URLs can be used as they are; they change nothing here.";

/// `text` in lines of kWidth, each but the first behind `indent` blanks.
std::string wrapped(std::string_view text, size_t indent) {
  std::string out;
  size_t column = indent;
  while (!text.empty()) {
    const size_t blank = std::min(text.find(' '), text.size());
    if (column > indent && column + 1 + blank > kWidth) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += text.substr(0, blank);
    column += blank;
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
  return out;
}

/// Where a line's text begins: behind "  " or "SOURCE  "; 0 for plain sentences.
size_t indent_of(std::string_view line) {
  const size_t gap = line.find("  ");
  if (gap > 8) return 0;
  return std::min(line.find_first_not_of(' ', gap), line.size());
}

/// Sentences that stand in lines of any length, and lines with a column of names before them.
std::string wrapped_lines(std::string_view text) {
  std::string out, sentences;
  const auto end_paragraph = [&] {
    if (!sentences.empty()) out += wrapped(sentences, 0) + "\n";
    sentences.clear();
  };
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const size_t indent = indent_of(line);
    if (line.empty() || indent > 0) {
      end_paragraph();
      out += std::string(line.substr(0, indent)) + wrapped(line.substr(indent), indent) + "\n";
    } else {
      sentences += (sentences.empty() ? "" : " ") + std::string(line);
    }
  }
  end_paragraph();
  return out;
}

/// "  --once              stop at …", the help wrapped in its column.
std::string entry(const std::string& left, std::string_view help) {
  std::string line = "  " + left;
  if (line.size() + 2 > kColumn) {
    line += "\n" + std::string(kColumn, ' ');
  } else {
    line.resize(kColumn, ' ');
  }
  return line + wrapped(help, kColumn) + "\n";
}

std::string flag_entry(const FlagInfo& flag) {
  std::string left = flag.letter != 0 ? fmt::format("-{}, --{}", flag.letter, flag.name) : fmt::format("--{}", flag.name);
  // What is true anyway is only ever written to be switched off.
  const bool on_by_default = flag.kind == boolean && flag.fallback == "true";
  left += on_by_default ? "=false" : flag.kind == boolean ? "" : fmt::format(" {}", flag.value);
  std::string help(flag.help);
  if (!flag.fallback.empty()) help += fmt::format(" [{}]", flag.fallback);
  return entry(left, help);
}

bool is_listed(const CommandInfo& command, const OptionInfo& info) {
  if (!is_shown(info) || !counts(command, info)) return false;
  return command.listed.empty() || std::ranges::find(command.listed, info.name) != command.listed.end();
}

std::string option_section(const CommandInfo& command, std::string_view title, OptionScope scope) {
  std::string entries;
  for (const OptionInfo& info : all_options()) {
    if (info.scope == scope && is_listed(command, info)) entries += flag_entry(as_flag(info));
  }
  return entries.empty() ? "" : fmt::format("\n{}:\n{}", title, entries);
}

std::string common_section() {
  std::string text = "\nEverywhere:\n";
  for (const FlagInfo& flag : common_flags()) text += flag_entry(flag);
  return text + entry("-h, --help", "this text");
}

std::string example_section(const CommandInfo& command) {
  return command.examples.empty() ? "" : fmt::format("\nExamples:\n{}", command.examples);
}

std::string command_help(const CommandInfo& command) {
  std::string text =
      fmt::format("Usage: ctk {}{}{} [OPTION]...\n\n{}{}.\n", command.path, command.arguments.empty() ? "" : " ",
                  command.arguments, static_cast<char>(std::toupper(command.help.front())), command.help.substr(1));
  if (!command.more.empty()) text += "\n" + wrapped_lines(command.more);
  std::string own;
  for (const FlagInfo& flag : command.flags) {
    own += flag_entry(flag);
  }
  if (!own.empty()) text += "\nOptions:\n" + own;
  if (command.is_as_load) {
    text += "\nOptions of source, run and target: as ctk load --help has them.\n";
    return text + common_section() + example_section(command);
  }
  if (command.source_options || !command.of_source.empty()) {
    text += option_section(command, "Of the source", OptionScope::source);
    text += option_section(command, "Of the run", OptionScope::run);
  }
  if (command.target_options) text += option_section(command, "Of the target", OptionScope::target);
  if (!command.listed.empty()) text += "\n" + wrapped(kOthers, 0) + "\n";
  return text + common_section() + example_section(command);
}

std::string program_help() {
  std::string text =
      "Usage: ctk COMMAND [ARGUMENT]... [OPTION]...\n\n"
      "Keeps SQL tables equal to DynamoDB tables, continuously, from their streams of\nchanges.\n\nCommands:\n";
  for (const std::string& word : first_words()) {
    const CommandInfo* command = find_command(word);
    if (command == nullptr) {
      text += entry(fmt::format("{} {}", word, fmt::join(second_words(word), "|")), group_help(word));
    } else {
      text += entry(fmt::format("{} {}", word, command->arguments), command->help);
    }
  }
  return text + common_section() + entry("--version", "print the version") +
         "\nctk COMMAND --help tells more. Try: ctk demo\n";
}

std::string group_text(std::string_view word) {
  std::string text =
      fmt::format("Usage: ctk {} {} [ARGUMENT]... [OPTION]...\n\nCommands:\n", word, fmt::join(second_words(word), "|"));
  for (const std::string& second : second_words(word)) {
    const CommandInfo* command = find_command(fmt::format("{} {}", word, second));
    text += entry(fmt::format("{} {}", second, command->arguments), command->help);
  }
  return text + common_section();
}

}  // namespace

std::string help_text(std::string_view path) {
  if (const CommandInfo* command = find_command(path)) return command_help(*command);
  return path.empty() ? program_help() : group_text(path);
}

}  // namespace ctk::cli
