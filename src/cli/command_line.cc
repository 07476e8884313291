#include "cli/command_line.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/parsed_words.h"
#include "cli/suggest.h"

namespace ctk::cli {
namespace {

/// The values of flags that stand in no URL.
Status check_flags(const ParsedWords& parsed) {
  const auto check = [&](const FlagInfo& flag) -> Status {
    const auto value = parsed.flag(flag.name);
    if (!value) return {};
    const auto choices = split_choices(flag.kind == OptionKind::boolean ? "true|false" : flag.choices);
    const bool fits = flag.kind == OptionKind::boolean  ? parse_boolean(*value).has_value()
                      : flag.kind == OptionKind::choice ? std::ranges::find(choices, *value) != choices.end()
                                                        : !value->empty();
    if (fits) return {};
    return usage(fmt::format("option --{}: found \"{}\", accepted is {}{}", flag.name, *value,
                             choices.empty() ? "a text" : one_of(choices), did_you_mean(*value, choices)));
  };
  for (const FlagInfo& flag : parsed.command->flags) {
    if (auto checked = check(flag); !checked) return checked;
  }
  for (const FlagInfo& flag : common_flags()) {
    if (auto checked = check(flag); !checked) return checked;
  }
  return {};
}

Status check_arguments(const ParsedWords& parsed) {
  const CommandInfo& command = *parsed.command;
  const size_t found = parsed.arguments.size();
  if (command.takes_config && parsed.flag("config")) {
    if (found == 0) return {};
    return usage(fmt::format("ctk {} takes --config FILE or {}, found both: \"{}\"", command.path, command.arguments,
                             net::redact_url(parsed.arguments.front())));
  }
  if (found < command.least) {
    return usage(fmt::format("ctk {} needs {}{}, found {}", command.path, command.arguments,
                             command.takes_config ? ", or --config FILE" : "",
                             found == 0 ? "nothing" : fmt::format("\"{}\"", parsed.arguments.front())),
                 fmt::format("ctk {} --help tells more", command.path));
  }
  if (found > command.most) {
    return usage(
        fmt::format("ctk {} takes {}, found {}\"{}\"", command.path,
                    command.arguments.empty() ? "no arguments" : command.arguments,
                    command.most == 0 ? "" : "one more: ", net::redact_url(parsed.arguments[command.most])),
        command.advice.empty() ? fmt::format("ctk {} --help tells more", command.path) : std::string(command.advice));
  }
  return {};
}

OutputOptions output_options(const ParsedWords& parsed) {
  OutputOptions output;
  output.quiet = parsed.is_set("quiet");
  const std::string level = parsed.flag("log-level").value_or(output.quiet ? "warn" : "info");
  output.log_level = level == "error"  ? LogLevel::error
                     : level == "warn" ? LogLevel::warn
                     : level == "info" ? LogLevel::info
                                       : LogLevel::debug;
  output.log_format = parsed.flag("log-format") == "json" ? observe::LogFormat::json : observe::LogFormat::logfmt;
  return output;
}

/// `ctk load table SOURCE` is the older spelling of `ctk load SOURCE`.
void drop_table_word(ParsedWords& parsed) {
  const bool spelled = parsed.command->source_options && !parsed.arguments.empty() && parsed.arguments.front() == "table";
  if (spelled) parsed.arguments.erase(parsed.arguments.begin());
}

/// `ctk help load` is `ctk load --help`, and `ctk version` is `ctk --version`.
std::vector<std::string> as_options(const std::vector<std::string>& words) {
  if (words.empty() || (words.front() != "help" && words.front() != "version")) return words;
  std::vector<std::string> options(words.begin() + 1, words.end());
  options.push_back("--" + words.front());
  return options;
}

}  // namespace

Result<CommandLine> parse_command_line(const std::vector<std::string>& words) {
  auto parsed = parse_words(as_options(words));
  if (!parsed) return std::unexpected(parsed.error());
  if (parsed->help) return CommandLine{{}, PrintCommand{help_text(parsed->path)}};
  if (parsed->version) return CommandLine{{}, PrintCommand{fmt::format("ctk {}\n", version())}};
  if (parsed->path.empty()) return CommandLine{{}, PrintCommand{help_text("")}};
  if (parsed->command == nullptr) {
    return usage(fmt::format("ctk {} needs a command: {}", parsed->path, one_of(second_words(parsed->path))));
  }
  for (const auto& [name, value] : parsed->family_flags) {
    if (!counts(*parsed->command, *find_option(name))) return usage(fmt::format("unknown option --{}", name));
  }
  parsed->flags.insert(parsed->flags.end(), parsed->family_flags.begin(), parsed->family_flags.end());
  drop_table_word(*parsed);
  if (auto checked = check_flags(*parsed); !checked) return std::unexpected(checked.error());
  if (auto checked = check_arguments(*parsed); !checked) return std::unexpected(checked.error());
  auto command = make_command(*parsed, words);
  if (!command) return std::unexpected(command.error());
  return CommandLine{output_options(*parsed), std::move(*command)};
}

}  // namespace ctk::cli
