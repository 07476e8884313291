// What the words of a command line mean to the command that they name.
#include <fmt/format.h>

#include <algorithm>

#include "cli/listen_options.h"
#include "cli/numbers.h"
#include "cli/parsed_words.h"
#include "cli/suggest.h"
#include "cli/target_url.h"

namespace ctk::cli {
namespace {

TargetWords target_words(const ParsedWords& parsed, size_t index) {
  TargetWords words;
  if (parsed.arguments.size() > index) words.argument = parsed.arguments[index];
  words.flag = parsed.flag("target");
  words.flags = parsed.flags;
  return words;
}

bool wants_json(const ParsedWords& parsed) { return parsed.flag("format") == "json"; }

Result<Command> load_command(const ParsedWords& parsed, const std::vector<std::string>& words) {
  if (parsed.flag("exit-on-failure")) return usage("option --exit-on-failure goes with --config, which is not given");
  LoadCommand command;
  command.source = parsed.arguments[0];
  command.target = target_words(parsed, 1);
  command.dry_run = parsed.is_set("dry-run");
  command.reset = parsed.is_set("reset");
  command.json_summary = wants_json(parsed);
  command.reset_command = "ctk " + shown_command(words) + " --reset";
  auto listen = listen_options(parsed);
  if (!listen) return forward_error(std::move(listen));
  command.listen = std::move(*listen);
  return command;
}

/// What speaks of one relay alone, where a file has several.
Status check_flags_beside_config(const ParsedWords& parsed) {
  for (const char* name : {"target", "reset", "dry-run", "positions-name", "checkpointer-name"}) {
    if (!parsed.flag(name)) continue;
    return usage(fmt::format("option --{} is for one relay, and --config may have several", name),
                 name == std::string_view("dry-run") ? "ctk check --config FILE looks at each without running it"
                                                     : "ctk load SOURCE TARGET runs one");
  }
  return {};
}

Result<Command> load_config_command(const ParsedWords& parsed) {
  if (Status checked = check_flags_beside_config(parsed); !checked) return forward_error(std::move(checked));
  return LoadConfigCommand{*parsed.flag("config"), parsed.flags, wants_json(parsed)};
}

Result<Command> check_config_command(const ParsedWords& parsed) {
  if (Status checked = check_flags_beside_config(parsed); !checked) return forward_error(std::move(checked));
  return CheckConfigCommand{*parsed.flag("config"), parsed.flags, wants_json(parsed), parsed.is_set("policy")};
}

/// The line of a load with the same source, target and options.
std::vector<std::string> load_words(const ParsedWords& parsed) {
  std::vector<std::string> words = {"load"};
  words.insert(words.end(), parsed.arguments.begin(), parsed.arguments.end());
  for (const auto& [name, value] : parsed.flags) {
    if (name == "target" || find_option(name) != nullptr) words.push_back(fmt::format("--{}={}", name, value));
  }
  return words;
}

/// What another engine gives is no file, but is read with a file's options.
KclProcessorCommand kcl_processor_command(const ParsedWords& parsed) {
  KclProcessorCommand command;
  command.load.source = "file+dynamodb+cdc:-";
  command.load.target = target_words(parsed, 0);
  return command;
}

LambdaCommand lambda_command(const ParsedWords& parsed) {
  LambdaCommand command;
  command.load = kcl_processor_command(parsed).load;
  return command;
}

CheckCommand check_command(const ParsedWords& parsed) {
  CheckCommand command;
  command.load.source = parsed.arguments[0];
  command.load.target = target_words(parsed, 1);
  command.load.reset = parsed.is_set("reset");
  command.load.reset_command = "ctk " + shown_command(load_words(parsed)) + " --reset";
  command.json = wants_json(parsed);
  command.policy = parsed.is_set("policy");
  return command;
}

PlanCommand plan_command(const ParsedWords& parsed) {
  PlanCommand command;
  command.load.source = parsed.arguments[0];
  command.load.target = target_words(parsed, 1);
  command.json = wants_json(parsed);
  for (const auto& [name, value] : parsed.flags) {
    if (name == "price") command.prices.push_back(value);
  }
  return command;
}

/// `[RELAY] [TARGET]`: a word that begins with a target's scheme is the target.
PositionsCommand positions_command(PositionsCommand::Verb verb, const ParsedWords& parsed) {
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

/// `[ID]... [TARGET]`: a word that begins with a target's scheme is the target.
Result<Command> replay_command(const ParsedWords& parsed) {
  ReplayCommand command;
  command.target = target_words(parsed, parsed.arguments.size());
  for (const std::string& word : parsed.arguments) {
    if (looks_like_target(word)) {
      command.target.argument = word;
    } else if (std::ranges::find(command.ids, word) == command.ids.end()) {
      command.ids.push_back(word);
    }
  }
  const bool all = parsed.is_set("all");
  if (all && !command.ids.empty()) return usage("ctk dead-letters replay takes ids or --all, found both");
  if (!all && command.ids.empty()) {
    return usage("ctk dead-letters replay needs the ids of dead letters, or --all; found neither",
                 "ctk dead-letters list shows the ids");
  }
  command.dry_run = parsed.is_set("dry-run");
  command.json = wants_json(parsed);
  return command;
}

/// `[URL|TARGET]`: what begins as the URL of a web server is one.
Result<Command> status_command(const ParsedWords& parsed) {
  StatusCommand command;
  command.target = target_words(parsed, 0);
  const std::string word = parsed.arguments.empty() ? "" : parsed.arguments[0];
  if (word.starts_with("http://") || word.starts_with("https://")) {
    auto url = listening_url(word);
    if (!url) return forward_error(std::move(url));
    command.url = std::move(*url);
  }
  auto token = listen_token(parsed);
  if (!token) return forward_error(std::move(token));
  command.token = std::move(*token);
  command.json = wants_json(parsed);
  return command;
}

Result<Command> top_command(const ParsedWords& parsed) {
  auto url = listening_url(parsed.arguments.empty() ? "http://127.0.0.1:8080" : parsed.arguments[0]);
  if (!url) return forward_error(std::move(url));
  auto token = listen_token(parsed);
  if (!token) return forward_error(std::move(token));
  return TopCommand{std::move(*url), std::move(*token)};
}

/// "1%", "0.5%", "100%"; nothing where it is none.
std::optional<double> parse_share(std::string text) {
  if (text.ends_with('%')) text.pop_back();
  const auto percent = parse_number<double>(text);
  if (!percent || !(*percent > 0 && *percent <= 100)) return std::nullopt;
  return *percent / 100;
}

Result<Command> verify_command(const ParsedWords& parsed) {
  VerifyCommand command;
  command.source = parsed.arguments[0];
  command.target = target_words(parsed, 1);
  command.json = wants_json(parsed);
  command.repair = parsed.is_set("repair");
  if (const auto text = parsed.flag("settle")) {
    const auto settle = parse_duration(*text);
    if (!settle || *settle < Duration::zero()) {
      return usage(fmt::format("option --settle: found \"{}\", accepted is a duration such as 250ms, 5s or 15m", *text));
    }
    command.settle = *settle;
  }
  if (const auto text = parsed.flag("show")) {
    const auto show = parse_number<size_t>(*text);
    if (!show) return usage(fmt::format("option --show: found \"{}\", accepted is a whole number", *text));
    command.show = *show;
  }
  if (const auto text = parsed.flag("sample")) {
    const auto share = parse_share(*text);
    if (!share) {
      return usage(fmt::format("option --sample: found \"{}\", accepted is a percentage above 0%, up to 100%", *text));
    }
    command.sample = *share;
  }
  return command;
}

Result<Command> record_command(const ParsedWords& parsed, const std::vector<std::string>& words) {
  RecordCommand command;
  command.source = parsed.arguments[0];
  command.file = parsed.arguments[1];
  command.flags = parsed.flags;
  command.reset = parsed.is_set("reset");
  command.json = wants_json(parsed);
  command.reset_command = "ctk " + shown_command(words) + " --reset";
  if (const auto text = parsed.flag("max-records")) {
    command.max_records = parse_number<uint64_t>(*text);
    if (!command.max_records || *command.max_records == 0)
      return usage(fmt::format("option --max-records: found \"{}\", accepted is a whole number above 0", *text));
  }
  if (const auto text = parsed.flag("for")) {
    const auto time = parse_duration(*text);
    if (!time || *time <= Duration::zero())
      return usage(fmt::format("option --for: found \"{}\", accepted is a duration such as 30s, 5m or 2h", *text));
    command.time = *time;
  }
  auto listen = listen_options(parsed);
  if (!listen) return forward_error(std::move(listen));
  command.listen = std::move(*listen);
  return command;
}

ShellCommand shell_command(const ParsedWords& parsed) {
  ShellCommand command;
  for (const auto& [name, value] : parsed.flags) {
    if (name == "command") command.statements.push_back(value);
  }
  command.format = parsed.flag("format").value_or("table");
  command.target = target_words(parsed, 0);
  return command;
}

Result<Command> simulator_command(const ParsedWords& parsed) {
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
  command.limits = parsed.flag("limits").value_or("on") == "on";
  command.policy = parsed.flag("policy");
  return command;
}

}  // namespace

Result<Command> make_command(const ParsedWords& parsed, const std::vector<std::string>& words) {
  using Verb = PositionsCommand::Verb;
  const std::string_view path = parsed.command->path;
  const auto& arguments = parsed.arguments;
  const bool with_config = parsed.command->takes_config && parsed.flag("config");
  if (path == "load") return with_config ? load_config_command(parsed) : load_command(parsed, words);
  if (path == "check") return with_config ? check_config_command(parsed) : check_command(parsed);
  if (path == "kcl-processor") return kcl_processor_command(parsed);
  if (path == "lambda") return lambda_command(parsed);
  if (path == "plan") return plan_command(parsed);
  if (path == "shell") return shell_command(parsed);
  if (path == "show table") return ShowTableCommand{arguments[0], wants_json(parsed), target_words(parsed, 1)};
  if (path == "positions list") return positions_command(Verb::list, parsed);
  if (path == "positions reset") return positions_command(Verb::reset, parsed);
  if (path == "positions prune") return positions_command(Verb::prune, parsed);
  if (path == "dead-letters list") return DeadLettersCommand{std::nullopt, wants_json(parsed), target_words(parsed, 0)};
  if (path == "dead-letters show") return DeadLettersCommand{arguments[0], wants_json(parsed), target_words(parsed, 1)};
  if (path == "dead-letters replay") return replay_command(parsed);
  if (path == "status") return status_command(parsed);
  if (path == "top") return top_command(parsed);
  if (path == "verify") return verify_command(parsed);
  if (path == "record") return record_command(parsed, words);
  if (path == "demo") return DemoCommand{parsed.flag("output").value_or("ctk-demo.db")};
  if (path == "simulator") return simulator_command(parsed);
  if (path == "man") return ManCommand{};
  if (path == "help") return PrintCommand{help_text(fmt::format("{}", fmt::join(arguments, " ")))};
  if (path == "version") return PrintCommand{fmt::format("ctk {}\n", version())};
  const std::vector<std::string> shells = {"bash", "zsh", "fish"};
  if (std::ranges::find(shells, arguments[0]) == shells.end()) {
    return usage(fmt::format("ctk completion: found \"{}\", accepted is {}{}", arguments[0], one_of(shells),
                             did_you_mean(arguments[0], shells)));
  }
  return CompletionCommand{arguments[0]};
}

}  // namespace ctk::cli
