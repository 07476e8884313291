#include "cli/parsed_words.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "cli/suggest.h"

namespace ctk::cli {
namespace {

/// Words that CLI11 can take: `--once` becomes `--once=true`, `--once no` becomes `--once=no`; members of the open
/// families, whose names nobody can know before, are taken out.
struct Prepared {
  std::vector<std::string> words;
  FlagValues family_flags;
};

/// Whether a command is the one, or of the group, that the words name; all are where they name none.
std::function<bool(const CommandInfo&)> meant_by(const std::vector<std::string>& words) {
  const auto first_word = [](const CommandInfo& command) { return command.path.substr(0, command.path.find(' ')); };
  const auto named = std::ranges::find_if(words, [&](const std::string& word) {
    return std::ranges::find(all_commands(), word, first_word) != all_commands().end();
  });
  if (named == words.end()) return [](const CommandInfo&) { return true; };
  return [=, word = *named](const CommandInfo& command) { return first_word(command) == word; };
}

/// One name may stand for a boolean in one command, and for a value in another.
std::set<std::string, std::less<>> boolean_names(const std::vector<std::string>& words) {
  std::set<std::string, std::less<>> names;
  for (const OptionInfo& info : all_options()) {
    if (info.kind == OptionKind::boolean) names.emplace(info.name);
  }
  const auto add = [&](const FlagInfo& flag) {
    if (flag.kind == OptionKind::boolean) names.emplace(flag.name);
  };
  const auto meant = meant_by(words);
  for (const CommandInfo& command : all_commands()) {
    if (meant(command)) std::ranges::for_each(command.flags, add);
  }
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
  const auto booleans = boolean_names(words);
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

  Result<ParsedWords> parse(std::vector<std::string> words);

 private:
  /// The path of the command or group that was named.
  std::string path() const { return path_of(&root_); }
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
    add_flags(*app, command.flags);
    add_flags(*app, {common_flags().begin(), common_flags().end()});
    for (const OptionInfo& info : all_options()) {
      if (counts(command, info) && !info.is_family()) add_option(*app, info.name, 0, false);
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
  std::string help = fmt::format("ctk {}{}--help lists what there is", where, where.empty() ? "" : " ");
  const CommandInfo* command = find_command(where);
  if (command != nullptr && !command->advice.empty()) help = fmt::format("{}; {}", command->advice, help);
  if (option != extras.end()) {
    const std::string name = option->substr(0, option->find('='));
    const std::vector<std::string> known = option_names(command);
    if (std::ranges::find(known, name) != known.end()) {
      return usage(fmt::format("option {} stands before its command: expected ctk {} ... {}", name, where, name), help);
    }
    return usage(fmt::format("unknown option {}{}", name, did_you_mean(name, known)), help);
  }
  auto words = where.empty() ? first_words() : second_words(where);
  return usage(fmt::format("unknown command \"{}{}{}\", accepted is {}{}", where, where.empty() ? "" : " ", extras.front(),
                           one_of(words), did_you_mean(extras.front(), words)),
               help);
}

Result<ParsedWords> Parser::parse(std::vector<std::string> words) {
  std::ranges::reverse(words);  // as CLI11 wants them
  ParsedWords parsed;
  try {
    root_.parse(words);
  } catch (const CLI::CallForHelp&) {
    auto unknown = root_.remaining(true);
    std::erase_if(unknown, [](const std::string& word) { return word.starts_with('-'); });
    if (!unknown.empty()) return explain_extras(unknown);
    parsed.help = true;
    parsed.path = path();
    return parsed;
  } catch (const CLI::ExtrasError&) {
    return explain_extras(root_.remaining(true));
  } catch (const CLI::ArgumentMismatch& mismatch) {
    const std::string text = mismatch.what();
    return usage(fmt::format("option {} needs a value", text.substr(0, text.find(':'))));
  } catch (const CLI::ParseError& error) {
    return usage(error.what());
  }
  parsed.path = path();
  parsed.command = find_command(parsed.path);
  parsed.version = version_;
  parsed.arguments = arguments_;
  collect(root_, parsed.flags);
  for (const CLI::App* app = &root_; !app->get_subcommands().empty();) {
    app = app->get_subcommands().front();
    collect(*app, parsed.flags);
  }
  return parsed;
}

}  // namespace

std::optional<std::string> ParsedWords::flag(std::string_view name) const {
  std::optional<std::string> value;
  for (const auto& [key, text] : flags) {
    if (key == name) value = text;
  }
  return value;
}

bool ParsedWords::is_set(std::string_view name) const {
  const auto value = flag(name);
  return value && parse_boolean(*value).value_or(false);
}

Result<ParsedWords> parse_words(const std::vector<std::string>& words) {
  auto prepared = prepare(words);
  if (!prepared) return std::unexpected(prepared.error());
  Parser parser;
  auto parsed = parser.parse(std::move(prepared->words));
  if (parsed) parsed->family_flags = std::move(prepared->family_flags);
  return parsed;
}

}  // namespace ctk::cli
