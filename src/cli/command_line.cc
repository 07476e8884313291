#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "cli/commands.h"
#include "cli/suggest.h"
#include "cli/target_url.h"

namespace ctk::cli {
namespace {

std::unexpected<Error> usage(std::string message, std::string hint = "") {
  return fail(ErrorKind::usage, std::move(message), "", std::move(hint));
}

/// A command with its words, before its flags are given their meaning.
struct Parsed {
  const CommandInfo* command = nullptr;
  std::vector<std::string> arguments;
  FlagValues flags;

  std::optional<std::string> flag(std::string_view name) const {
    std::optional<std::string> value;
    for (const auto& [key, text] : flags) {
      if (key == name) value = text;
    }
    return value;
  }
  bool is_set(std::string_view name) const { return flag(name) && parse_boolean(*flag(name)).value_or(false); }
};

/// Words that CLI11 can take: `--once` becomes `--once=true`, `--once no` becomes `--once=no`; members of the open
/// families, whose names nobody can know before, are taken out.
struct Prepared {
  std::vector<std::string> words;
  FlagValues family_flags;
};

std::set<std::string, std::less<>> boolean_names() {
  std::set<std::string, std::less<>> names;
  for (const OptionInfo& info : all_options()) {
    if (info.kind == OptionKind::boolean) names.emplace(info.name);
  }
  const auto add = [&](const FlagInfo& flag) {
    if (flag.kind == OptionKind::boolean) names.emplace(flag.name);
  };
  for (const CommandInfo& command : all_commands()) std::ranges::for_each(command.flags, add);
  std::ranges::for_each(common_flags(), add);
  return names;
}

/// `-q` and `-y`: their long names.
std::string_view boolean_letter(std::string_view word) {
  if (word == "-q") return "quiet";
  if (word == "-y") return "yes";
  return word.starts_with("--") ? word.substr(2) : "";
}

Result<Prepared> prepare(const std::vector<std::string>& words) {
  const auto booleans = boolean_names();
  Prepared prepared;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool has_next = i + 1 < words.size();
    if (word == "--") {
      prepared.words.insert(prepared.words.end(), words.begin() + static_cast<long>(i), words.end());
      break;
    }
    if (booleans.contains(boolean_letter(word))) {
      const bool takes_next = has_next && parse_boolean(words[i + 1]);
      prepared.words.push_back(fmt::format("--{}={}", boolean_letter(word), takes_next ? words[i + 1] : "true"));
      i += takes_next ? 1 : 0;
      continue;
    }
    const OptionInfo* info = word.starts_with("--") ? find_option(std::string_view(word).substr(2)) : nullptr;
    if (info == nullptr || !info->is_family()) {
      prepared.words.push_back(word);
      continue;
    }
    // The value holds no equals sign, the name may.
    const size_t equals = word.rfind('=');
    if (equals != std::string::npos) {
      prepared.family_flags.emplace_back(word.substr(2, equals - 2), word.substr(equals + 1));
    } else if (has_next) {
      prepared.family_flags.emplace_back(word.substr(2), words[++i]);
    } else {
      return usage(fmt::format("option {} needs a value: {}", word, accepted_values(*info)));
    }
  }
  return prepared;
}

/// CLI11's view of the commands, and what it read.
class Parser {
 public:
  Parser() {
    root_.set_help_flag("-h,--help");
    root_.add_flag("--version,-V", version_);
    root_.require_subcommand(0, 1);
    add_flags(root_, {common_flags().begin(), common_flags().end()});
    for (const CommandInfo& command : all_commands()) add_command(command);
  }

  Result<Parsed> parse(std::vector<std::string> words);
  bool wants_version() const { return version_; }
  /// The path of the command or group that was named, for help.
  std::string path() const { return path_of(&root_); }
  bool wants_help() const { return help_; }

 private:
  static std::string path_of(const CLI::App* app) {
    const auto below = app->get_subcommands();
    if (below.empty()) return "";
    const std::string rest = path_of(below.front());
    return below.front()->get_name() + (rest.empty() ? "" : " " + rest);
  }

  static void add_option(CLI::App& app, std::string_view name, char letter, bool repeatable) {
    std::string names = fmt::format("--{}", name);
    if (letter != 0) names += fmt::format(",-{}", letter);
    app.add_option(names)->multi_option_policy(repeatable ? CLI::MultiOptionPolicy::TakeAll
                                                          : CLI::MultiOptionPolicy::TakeLast);
  }

  static void add_flags(CLI::App& app, const std::vector<FlagInfo>& flags) {
    for (const FlagInfo& flag : flags) add_option(app, flag.name, flag.letter, flag.repeatable);
  }

  void add_command(const CommandInfo& command) {
    CLI::App* parent = &root_;
    std::string name(command.path);
    if (const size_t blank = name.find(' '); blank != std::string::npos) {
      const std::string group = name.substr(0, blank);
      parent = groups_[group];
      if (parent == nullptr) parent = groups_[group] = root_.add_subcommand(group)->require_subcommand(0, 1);
      name = name.substr(blank + 1);
    }
    CLI::App* app = parent->add_subcommand(name);
    app->add_option("arguments", arguments_);
    if (command.later) app->allow_extras();
    add_flags(*app, command.flags);
    add_flags(*app, {common_flags().begin(), common_flags().end()});
    for (const OptionInfo& info : all_options()) {
      const bool wanted = info.scope == OptionScope::target ? command.target_options : command.source_options;
      if (wanted && !info.is_family()) add_option(*app, info.name, 0, false);
    }
  }

  static void collect(const CLI::App& app, FlagValues& flags) {
    for (const CLI::Option* option : app.get_options()) {
      const bool named = !option->get_lnames().empty() && option->get_lnames().front() != "help";
      if (!named || option->count() == 0 || option->get_lnames().front() == "version") continue;
      for (const std::string& value : option->reduced_results()) flags.emplace_back(option->get_lnames().front(), value);
    }
  }

  std::vector<std::string> option_names(const CommandInfo* command) const;
  std::unexpected<Error> explain_extras(const std::vector<std::string>& extras) const;

  CLI::App root_;
  std::map<std::string, CLI::App*> groups_;
  std::vector<std::string> arguments_;
  bool version_ = false;
  bool help_ = false;
};

std::vector<std::string> Parser::option_names(const CommandInfo* command) const {
  std::vector<std::string> names;
  const auto flags =
      command == nullptr ? std::vector<FlagInfo>(common_flags().begin(), common_flags().end()) : flags_of(*command);
  names.reserve(flags.size());
  for (const FlagInfo& flag : flags) names.push_back(fmt::format("--{}", flag.name));
  return names;
}

std::unexpected<Error> Parser::explain_extras(const std::vector<std::string>& extras) const {
  const std::string where = path();
  const auto option = std::ranges::find_if(extras, [](const std::string& word) { return word.starts_with('-'); });
  const std::string help = fmt::format("ctk {}{}--help lists what there is", where, where.empty() ? "" : " ");
  if (option != extras.end()) {
    const std::string name = option->substr(0, option->find('='));
    return usage(fmt::format("unknown option {}{}", name, did_you_mean(name, option_names(find_command(where)))), help);
  }
  auto words = where.empty() ? first_words() : second_words(where);
  return usage(fmt::format("unknown command \"{}{}{}\", accepted is {}{}", where, where.empty() ? "" : " ", extras.front(),
                           one_of(words), did_you_mean(extras.front(), words)),
               help);
}

Result<Parsed> Parser::parse(std::vector<std::string> words) {
  std::ranges::reverse(words);  // as CLI11 wants them
  try {
    root_.parse(words);
  } catch (const CLI::CallForHelp&) {
    help_ = true;
    return Parsed{};
  } catch (const CLI::ExtrasError&) {
    return explain_extras(root_.remaining(true));
  } catch (const CLI::ArgumentMismatch& mismatch) {
    const std::string text = mismatch.what();
    return usage(fmt::format("option {} needs a value", text.substr(0, text.find(':'))));
  } catch (const CLI::ParseError& error) {
    return usage(error.what());
  }
  Parsed parsed;
  parsed.command = find_command(path());
  parsed.arguments = arguments_;
  collect(root_, parsed.flags);
  for (const CLI::App* app = &root_; !app->get_subcommands().empty();) {
    app = app->get_subcommands().front();
    collect(*app, parsed.flags);
  }
  return parsed;
}

/// The values of flags that stand in no URL.
Status check_flags(const Parsed& parsed) {
  const auto check = [&](const FlagInfo& flag) -> Status {
    const auto value = parsed.flag(flag.name);
    if (!value) return {};
    if (flag.later) return not_in_this_version(fmt::format("option --{}", flag.name));
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

Status check_arguments(const Parsed& parsed) {
  const CommandInfo& command = *parsed.command;
  const size_t found = parsed.arguments.size();
  if (found < command.least) {
    return usage(fmt::format("ctk {} needs {}, found {}", command.path, command.arguments,
                             found == 0 ? "nothing" : fmt::format("\"{}\"", parsed.arguments.front())),
                 fmt::format("ctk {} --help tells more", command.path));
  }
  if (found > command.most) {
    return usage(fmt::format("ctk {} takes {}, found one more: \"{}\"", command.path,
                             command.arguments.empty() ? "no arguments" : command.arguments,
                             net::redact_url(parsed.arguments[command.most])),
                 fmt::format("ctk {} --help tells more", command.path));
  }
  return {};
}

TargetWords target_words(const Parsed& parsed, size_t index) {
  TargetWords words;
  if (parsed.arguments.size() > index) words.argument = parsed.arguments[index];
  words.flag = parsed.flag("target");
  words.flags = parsed.flags;
  return words;
}

bool wants_json(const Parsed& parsed) { return parsed.flag("format") == "json"; }

/// `[RELAY] [TARGET]`: a word that begins with a target's scheme is the target.
PositionsCommand positions_command(PositionsCommand::Verb verb, const Parsed& parsed) {
  PositionsCommand command;
  command.verb = verb;
  command.target = target_words(parsed, parsed.arguments.size());
  for (const std::string& word : parsed.arguments) {
    (looks_like_target(word) ? command.target.argument : command.relay) = word;
  }
  command.json = wants_json(parsed);
  command.yes = parsed.is_set("yes");
  return command;
}

ShellCommand shell_command(const Parsed& parsed) {
  ShellCommand command;
  for (const auto& [name, value] : parsed.flags) {
    if (name == "command") command.statements.push_back(value);
  }
  command.format = parsed.flag("format").value_or("table");
  command.target = target_words(parsed, 0);
  return command;
}

/// A whole text as a number of its kind; nothing where it is none.
template <class T>
std::optional<T> parse_number(const std::string& text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

Result<Command> simulator_command(const Parsed& parsed) {
  SimulatorCommand command;
  const std::string listen = parsed.flag("listen").value_or("127.0.0.1:0");
  const size_t colon = listen.rfind(':');
  const auto port = colon == std::string::npos ? std::nullopt : parse_number<uint16_t>(listen.substr(colon + 1));
  if (!port || colon == 0) return usage(fmt::format("option --listen: found \"{}\", accepted is HOST:PORT", listen));
  command.host = listen.substr(0, colon);
  command.port = *port;
  if (const auto seed = parsed.flag("seed")) {
    command.seed = parse_number<uint64_t>(*seed);
    if (!command.seed) return usage(fmt::format("option --seed: found \"{}\", accepted is a whole number", *seed));
  }
  const std::string speed = parsed.flag("speed").value_or("1");
  command.speed = parse_number<double>(speed).value_or(0);
  if (!(command.speed > 0 && command.speed <= 1e6)) {
    return usage(fmt::format("option --speed: found \"{}\", accepted is a number above 0, up to 1000000", speed));
  }
  for (const auto& [name, value] : parsed.flags) {
    if (name == "table") command.tables.push_back(value);
    if (name == "stream") command.streams.push_back(value);
  }
  command.faults = parsed.flag("faults").value_or("none");
  return command;
}

Result<Command> make_command(const Parsed& parsed, const std::vector<std::string>& words) {
  using Verb = PositionsCommand::Verb;
  const std::string_view path = parsed.command->path;
  const auto& arguments = parsed.arguments;
  if (path == "load") {
    return LoadCommand{arguments[0],           target_words(parsed, 1), parsed.is_set("dry-run"),
                       parsed.is_set("reset"), wants_json(parsed),      "ctk " + shown_command(words) + " --reset"};
  }
  if (path == "shell") return shell_command(parsed);
  if (path == "show table") return ShowTableCommand{arguments[0], wants_json(parsed), target_words(parsed, 1)};
  if (path == "positions list") return positions_command(Verb::list, parsed);
  if (path == "positions reset") return positions_command(Verb::reset, parsed);
  if (path == "positions prune") return positions_command(Verb::prune, parsed);
  if (path == "dead-letters list") return DeadLettersCommand{std::nullopt, wants_json(parsed), target_words(parsed, 0)};
  if (path == "dead-letters show") return DeadLettersCommand{arguments[0], wants_json(parsed), target_words(parsed, 1)};
  if (path == "demo") return DemoCommand{parsed.flag("output").value_or("ctk-demo.db")};
  if (path == "simulator") return simulator_command(parsed);
  if (path == "man") return ManCommand{};
  const std::vector<std::string> shells = {"bash", "zsh", "fish"};
  if (std::ranges::find(shells, arguments[0]) == shells.end()) {
    return usage(fmt::format("ctk completion: found \"{}\", accepted is {}{}", arguments[0], one_of(shells),
                             did_you_mean(arguments[0], shells)));
  }
  return CompletionCommand{arguments[0]};
}

OutputOptions output_options(const Parsed& parsed) {
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
void drop_table_word(Parsed& parsed) {
  const bool spelled = parsed.command->path == "load" && !parsed.arguments.empty() && parsed.arguments.front() == "table";
  if (spelled) parsed.arguments.erase(parsed.arguments.begin());
}

bool is_plain_word(std::string_view word) {
  static constexpr std::string_view kPlain = "_-+=:,./@%";
  return !word.empty() && std::ranges::all_of(word, [](unsigned char c) {
    return std::isalnum(c) || kPlain.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

std::string shell_quoted(const std::string& word) {
  if (is_plain_word(word)) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

std::string shown_command(const std::vector<std::string>& words) {
  std::string text;
  bool hide_next = false;
  for (const std::string& word : words) {
    const std::string name = word.starts_with("--") ? word.substr(2, word.find('=') - 2) : "";
    const OptionInfo* info = name.empty() ? nullptr : find_option(name);
    const bool is_secret = info != nullptr && info->kind == OptionKind::secret;
    const bool has_value = word.find('=') != std::string::npos;
    std::string shown = word.find(':') == std::string::npos ? word : net::redact_url(word);
    if (hide_next) shown = "***";
    if (is_secret && has_value) shown = fmt::format("--{}=***", name);
    hide_next = is_secret && !has_value;
    text += (text.empty() ? "" : " ") + shell_quoted(shown);
  }
  return text;
}

Result<CommandLine> parse_command_line(const std::vector<std::string>& words) {
  auto prepared = prepare(words);
  if (!prepared) return std::unexpected(prepared.error());
  Parser parser;
  auto parsed = parser.parse(std::move(prepared->words));
  if (parser.wants_help()) return CommandLine{{}, PrintCommand{help_text(parser.path())}};
  if (!parsed) return std::unexpected(parsed.error());
  if (parser.wants_version()) return CommandLine{{}, PrintCommand{fmt::format("ctk {}\n", version())}};
  if (parser.path().empty()) return CommandLine{{}, PrintCommand{help_text("")}};
  if (parsed->command == nullptr) {
    return usage(fmt::format("ctk {} needs a command: {}", parser.path(), one_of(second_words(parser.path()))));
  }
  if (parsed->command->later) return not_in_this_version(fmt::format("the command \"ctk {}\"", parsed->command->path));
  if (!prepared->family_flags.empty() && !parsed->command->target_options) {
    return usage(fmt::format("unknown option --{}", prepared->family_flags.front().first));
  }
  parsed->flags.insert(parsed->flags.end(), prepared->family_flags.begin(), prepared->family_flags.end());
  drop_table_word(*parsed);
  if (auto checked = check_flags(*parsed); !checked) return std::unexpected(checked.error());
  if (auto checked = check_arguments(*parsed); !checked) return std::unexpected(checked.error());
  auto command = make_command(*parsed, words);
  if (!command) return std::unexpected(command.error());
  return CommandLine{output_options(*parsed), std::move(*command)};
}

}  // namespace ctk::cli
