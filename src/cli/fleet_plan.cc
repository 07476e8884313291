#include "cli/fleet_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "cli/commands.h"
#include "cli/listen_options.h"
#include "cli/target_url.h"
#include "relay/run.h"

namespace ctk::cli {
namespace {

/// Flags that are the process's; all others are every relay's.
constexpr auto kProcessFlags = std::to_array<std::string_view>({"max-memory", "grace"});
/// The process's budget alone bounds a relay that has no bound of its own.
constexpr size_t kNoBoundOfItsOwn = size_t{1} << 40;

bool is_process_flag(std::string_view name) { return std::ranges::find(kProcessFlags, name) != kProcessFlags.end(); }

/// As the relay itself will make it of what it finds.
std::string name_of(const LoadPlan& plan) {
  source::SourceIdentity identity;
  const SourcePlan& source = plan.source;
  if (const auto* file = std::get_if<FilePlan>(&source.from)) {
    identity.service = "file";
    identity.name = file->path;
  } else if (!source.follow) {
    identity.service = "scan";
    identity.name = source.scan->table;
  } else if (const auto* kinesis = std::get_if<KinesisPlan>(&source.from)) {
    identity.service = "kinesis";
    const std::string& stream = kinesis->stream.str();  // or its ARN
    identity.name = stream.substr(stream.rfind('/') + 1);
  } else {
    identity.service = "dynamodb";
    identity.name = aws::bare_name(aws::TableName(std::get<TablePlan>(source.from).table));
  }
  return relay::relay_name(plan.relay, identity).str();
}

class Planner {
 public:
  Planner(const ConfigFile& config, const FlagValues& flags, const aws::Environment& environment, const IsFile& is_file)
      : config_(config), flags_(flags), environment_(environment), is_file_(is_file) {}

  Result<FleetPlan> plan();

 private:
  Status read_process(FleetPlan& plan) const;
  Result<FleetRelay> plan_relay(const ConfigRelay& relay) const;
  LoadCommand command_of(const ConfigRelay& relay) const;
  /// A default that means nothing to this relay's source or target is none of it.
  bool counts(const ConfigOption& word, const ConfigRelay& relay) const;
  /// Where what is wrong is to be looked for.
  ConfigPlace place_of(const Error& error, const ConfigRelay& relay) const;
  std::unexpected<Error> error(ConfigPlace place, const Error& what) const {
    return config_error(config_.path, place, what);
  }
  /// Of the file's top, or a flag.
  std::optional<std::string> process_word(std::string_view name) const;

  const ConfigFile& config_;
  const FlagValues& flags_;
  const aws::Environment& environment_;
  const IsFile& is_file_;
};

std::optional<std::string> Planner::process_word(std::string_view name) const {
  std::optional<std::string> value;
  for (const ConfigOption& word : config_.process) {
    if (word.name == name) value = word.value;
  }
  for (const auto& [flag, text] : flags_) {
    if (flag == name) value = text;
  }
  return value;
}

Status Planner::read_process(FleetPlan& plan) const {
  if (const auto text = process_word("exit-on-failure")) plan.exit_on_failure = parse_boolean(*text).value_or(false);
  if (const auto text = process_word("max-memory")) plan.max_memory = parse_size(*text).value_or(plan.max_memory);
  if (const auto text = process_word("grace")) plan.grace = parse_duration(*text).value_or(plan.grace);
  ParsedWords words;
  for (const ConfigOption& word : config_.process) words.flags.emplace_back(word.name, word.value);
  words.flags.insert(words.flags.end(), flags_.begin(), flags_.end());
  auto listen = listen_options(words);
  if (!listen) {
    const auto in_file = std::ranges::find_if(config_.process, [](const ConfigOption& word) {
      return word.name.starts_with("listen") || word.name == "health-window";
    });
    if (in_file == config_.process.end()) return forward_error(std::move(listen));
    return error(in_file->place, listen.error());
  }
  plan.listen = std::move(*listen);
  return {};
}

bool Planner::counts(const ConfigOption& word, const ConfigRelay& relay) const {
  const OptionInfo* info = find_option(word.name);
  if (!word.is_default || info == nullptr) return true;
  const auto source = net::parse_url(relay.find("source")->value);
  if (source && !means_something(info->sources, source->scheme)) return false;
  const ConfigOption* url = relay.find("target");
  const auto target = plan_target(url == nullptr ? "" : url->value, {});
  return !target || means_something(info->targets, target->target.kind);
}

LoadCommand Planner::command_of(const ConfigRelay& relay) const {
  LoadCommand command;
  std::vector<std::string> words = {"load"};
  for (const char* name : {"source", "target"}) {
    if (const ConfigOption* word = relay.find(name)) words.push_back(word->value);
  }
  command.source = relay.find("source")->value;
  if (const ConfigOption* target = relay.find("target")) command.target.argument = target->value;
  for (const ConfigOption& word : relay.words) {
    if (word.name == "source" || word.name == "target" || !counts(word, relay)) continue;
    command.target.flags.emplace_back(word.name, word.value);
  }
  for (const auto& [name, value] : flags_) {
    if (find_option(name) != nullptr && !is_process_flag(name)) command.target.flags.emplace_back(name, value);
  }
  for (const auto& [name, value] : command.target.flags) words.push_back(fmt::format("--{}={}", name, value));
  command.reset_command = "ctk " + shown_command(words) + " --reset";
  return command;
}

ConfigPlace Planner::place_of(const Error& error, const ConfigRelay& relay) const {
  const ConfigOption& source = *relay.find("source");
  const ConfigOption* target = relay.find("target");
  const auto source_alone = plan_source(source.value, {}, environment_, is_file_);
  if (!source_alone && source_alone.error() == error) return source.place;
  if (target == nullptr) return relay.place;
  const auto target_alone = plan_target(target->value, {});
  return !target_alone && target_alone.error() == error ? target->place : relay.place;
}

Result<FleetRelay> Planner::plan_relay(const ConfigRelay& relay) const {
  FleetRelay planned{"", {}, command_of(relay)};
  auto plan = plan_load(planned.command, environment_, is_file_);
  if (!plan) return error(place_of(plan.error(), relay), plan.error());
  planned.plan = std::move(*plan);
  if (relay.find("max-memory") == nullptr) planned.plan.relay.max_memory = kNoBoundOfItsOwn;
  planned.name = name_of(planned.plan);
  return planned;
}

Result<FleetPlan> Planner::plan() {
  FleetPlan plan;
  if (Status read = read_process(plan); !read) return forward_error(std::move(read));
  std::map<std::string, ConfigPlace> names;
  for (const ConfigRelay& relay : config_.relays) {
    auto planned = plan_relay(relay);
    if (!planned) return forward_error(std::move(planned));
    const ConfigOption* given = relay.find("positions-name");
    const ConfigPlace place = given == nullptr ? relay.place : given->place;
    const auto [first, fresh] = names.try_emplace(planned->name, place);
    if (!fresh) {
      return error(place, {ErrorKind::usage,
                           fmt::format("two relays have the name \"{}\", the other one at line {}", planned->name,
                                       first->second.line),
                           "", "a name of its own is given by positions-name"});
    }
    // The relay's own share leaves room for closing its target.
    Duration& grace = planned->plan.relay.deadlines.grace;
    grace = std::min(grace, plan.grace - std::min<Duration>(plan.grace / 10, std::chrono::seconds(1)));
    plan.relays.push_back(std::move(*planned));
  }
  return plan;
}

}  // namespace

bool FleetRelay::runs_as(const FleetRelay& other) const {
  return command.source == other.command.source && command.target.argument == other.command.target.argument &&
         command.target.flags == other.command.target.flags;
}

Result<FleetPlan> plan_fleet(const ConfigFile& config, const FlagValues& flags, const aws::Environment& environment,
                             const IsFile& is_file) {
  return Planner(config, flags, environment, is_file).plan();
}

}  // namespace ctk::cli
