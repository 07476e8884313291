#include "cli/load_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "cli/commands.h"
#include "cli/odbc_question.h"
#include "json/writer.h"
#include "net/connection_string.h"
#include "net/possible_secrets.h"

namespace ctk::cli {
namespace {

std::unexpected<Error> bad_option(const OptionValues& options, std::string_view name, const Error& error) {
  return usage(fmt::format("option {}: {}", options.spelled(name), error.message), error.hint);
}

Result<relay::StartPoint> start_of(const OptionValues& options) {
  using Kind = relay::StartPoint::Kind;
  relay::StartPoint start;
  const std::string text = options.text("start").value_or("earliest");
  start.given = options.has("start");
  start.kind = text == "latest"        ? Kind::latest
               : text == "timestamp"   ? Kind::timestamp
               : text == "seqno-at"    ? Kind::sequence_at
               : text == "seqno-after" ? Kind::sequence_after
                                       : Kind::earliest;
  if (start.kind == Kind::timestamp) {
    const auto at = parse_timestamp(*options.text("at"));
    if (!at) return bad_option(options, "at", at.error());
    start.at = *at;
  }
  if (start.kind == Kind::sequence_at || start.kind == Kind::sequence_after) {
    auto sequences = parse_sequences(*options.text("seqno"));
    if (!sequences) return bad_option(options, "seqno", sequences.error());
    start.sequences = std::move(*sequences);
  }
  return start;
}

void read_rhythm(const OptionValues& source, const OptionValues& target, relay::RelayOptions& relay) {
  relay.poll.idle_poll = source.duration("idle-poll");
  relay.poll.longest_idle_poll = source.duration("idle-sleep").value_or(relay.poll.longest_idle_poll);
  relay.poll.max_lag = source.duration("max-lag");
  relay::Deadlines& deadlines = relay.deadlines;
  deadlines.start_timeout = duration_of_run(source, target, "start-timeout", deadlines.start_timeout);
  deadlines.give_up = duration_of_run(source, target, "give-up", deadlines.give_up);
  deadlines.grace = duration_of_run(source, target, "grace", deadlines.grace);
  const auto memory = source.size("max-memory");
  relay.max_memory = memory ? *memory : target.size("max-memory").value_or(relay.max_memory);
  relay.sweep.grace = target.duration("delete-grace");
  relay.sweep.floor = target.duration("delete-floor");
  relay.batch.age = target.duration("batch-age");
}

}  // namespace

bool name_some_target(LoadCommand& command, const aws::Environment& environment) {
  if (find_target(command.target.argument, command.target.flag, environment)) return true;
  command.target.argument = "ndjson:-";
  return false;
}

Duration duration_of_run(const OptionValues& source, const OptionValues& target, std::string_view name, Duration fallback) {
  const auto first = source.duration(name);
  return first ? *first : target.duration(name).value_or(fallback);
}

void make_nothing(SourcePlan& source) {
  if (auto* kinesis = std::get_if<KinesisPlan>(&source.from)) kinesis->create = false;
  if (auto* table = std::get_if<TablePlan>(&source.from)) table->enable_stream = false;
}

Status read_selection(const OptionValues& options, table::TableOptions& tables) {
  for (const auto& [name, list] : {std::pair{"include", &tables.include}, {"exclude", &tables.exclude}}) {
    if (!options.has(name)) continue;
    auto paths = table::parse_path_list(*options.text(name));
    if (!paths) return bad_option(options, name, paths.error());
    *list = std::move(*paths);
  }
  if (options.has("rename")) {
    auto pairs = table::parse_rename_list(*options.text("rename"));
    if (!pairs) return bad_option(options, "rename", pairs.error());
    tables.rename = std::move(*pairs);
  }
  return {};
}

Result<std::map<aws::ShardId, aws::SequenceNumber>> parse_sequences(const std::string& text) {
  std::map<aws::ShardId, aws::SequenceNumber> sequences;
  std::string_view rest = text;
  while (true) {
    const size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view part = rest.substr(0, comma);
    const size_t colon = part.rfind(':');
    const aws::ShardId shard(colon == std::string_view::npos ? "" : std::string(part.substr(0, colon)));
    const aws::SequenceNumber number{std::string(colon == std::string_view::npos ? part : part.substr(colon + 1))};
    const bool lone = colon == std::string_view::npos && part.size() == text.size();
    if (!number.valid() || (shard.empty() && !lone) || !sequences.emplace(shard, number).second) {
      return usage(fmt::format("found \"{}\", accepted is N for a stream of one shard, or SHARD:N,SHARD:N", text));
    }
    if (comma == rest.size()) return sequences;
    rest.remove_prefix(comma + 1);
  }
}

namespace {

std::string dead_letters_hint(const LoadCommand& command, const sink::TargetOptions& target) {
  if (target.dry_run) return "this was a dry run";
  if (target.kind == table::Target::ndjson) {
    return target.dead_letters_file ? "they are in " + *target.dead_letters_file
                                    : "they stand on standard error; dead-letters=FILE keeps them";
  }
  std::vector<std::string> words = {"ctk", "dead-letters", "list"};
  if (command.target.argument) words.push_back(*command.target.argument);
  if (command.target.flag) words.push_back("--target=" + *command.target.flag);
  for (const auto& [name, value] : command.target.flags) {
    if (name == "schema") words.push_back("--schema=" + value);
  }
  return "list them with: " + shown_command(words);
}

source::Strays strays_of(std::string_view word) {
  if (word == "drop") return source::Strays::drop;
  return word == "dead-letter" ? source::Strays::dead_letter : source::Strays::deliver;
}

}  // namespace

namespace {

Status plan_leases(LoadPlan& plan) {
  const OptionValues& options = plan.source.options;
  if (options.text("positions") != "dynamodb" || plan.target.dry_run) return {};
  if (plan.source.is_file()) return usage("positions=dynamodb is for streams: a file is always read from its start");
  if (plan.relay.load.snapshot == relay::Snapshot::only)
    return usage(
        "positions=dynamodb shares a stream, and a load without one has none",
        "with dynamodb+cdc:// or kinesis+dynamodb+cdc:// and snapshot=initial many workers load the table and follow it");
  if (plan.relay.load.snapshot == relay::Snapshot::initial && !plan.target.kind->holds_own_tables)
    return usage(
        "positions=dynamodb with snapshot=initial needs a database: of lines, no worker knows which load the others "
        "are at",
        "load the table with one worker, without positions=dynamodb");
  if (plan.relay.on_gap == relay::OnGap::resnapshot)
    return usage(
        "with positions=dynamodb a table is loaded once, before it is followed, and on-gap=resnapshot loads it again",
        "on-gap=stop, or on-gap=skip; to load the table again stop all workers, and start one with --reset");
  LeasePlan leases;
  leases.tables = plan.source.leases;
  if (const auto table = options.text("lease-table")) leases.table = aws::TableName(*table);
  leases.failover = options.duration("failover-time").value_or(leases.failover);
  leases.loads = plan.relay.load.snapshot == relay::Snapshot::initial;
  leases.reset = plan.relay.reset;
  plan.leases = std::move(leases);
  plan.relay.reset_command = "stop all workers, start one by " + plan.relay.reset_command + ", then the others without it";
  return {};
}

/// Also where its scheme is none, but slashes follow it.
bool is_meant_for_url(std::string_view word) {
  const size_t colon = word.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string lower = ascii_lower(word);
  return looks_like_source(lower) || looks_like_target(lower) || word.substr(colon + 1).starts_with('/');
}

}  // namespace

Status check_order(const std::string& source, const std::optional<std::string>& target) {
  if (!target || !looks_like_target(source) || !looks_like_source(*target)) return {};
  const auto scheme = [](const std::string& url) { return url.substr(0, url.find(':')); };
  return usage(fmt::format("source and target are swapped: {}: is a target's URL, and {}: a source's", scheme(source),
                           scheme(*target)),
               "the source comes first: ctk load SOURCE TARGET");
}

Result<LoadPlan> plan_load(const LoadCommand& command, const aws::Environment& environment, const IsFile& is_file) {
  LoadPlan plan;
  if (auto checked = check_order(command.source, command.target.argument); !checked)
    return forward_error(std::move(checked));
  auto source = plan_source(command.source, command.target.flags, environment, is_file);
  if (!source) return std::unexpected(source.error());
  plan.source = std::move(*source);
  const auto target_url = find_target(command.target.argument, command.target.flag, environment);
  if (!target_url) return std::unexpected(target_url.error());
  auto target = plan_target(*target_url, command.target.flags, command.dry_run ? guess_odbc() : ask_odbc());
  if (!target) return std::unexpected(target.error());
  plan.target = std::move(target->target);
  plan.target.dry_run = command.dry_run;
  if (command.dry_run) make_nothing(plan.source);

  const OptionValues& options = plan.source.options;
  if (auto read = read_selection(options, plan.target.tables); !read) return std::unexpected(read.error());
  auto start = start_of(options);
  if (!start) return std::unexpected(start.error());

  relay::RelayOptions& relay = plan.relay;
  relay.start = std::move(*start);
  relay.positions_name = options.text("positions-name");
  if (const auto& name = relay.positions_name; name && json::to_utf8(*name) != *name)
    return usage(
        fmt::format("option {}: found \"{}\", accepted is a text in UTF-8", options.spelled("positions-name"), *name));
  // A file is always read from its start.
  plan.positions_in_memory = options.text("positions") == "memory" || plan.source.is_file();
  if (plan.target.tables.history && options.text("positions") == "memory") {
    return usage(
        fmt::format("option {} cannot be had with positions=memory: nothing tells then what the history holds already",
                    target->options.spelled("history")));
  }
  relay.once = options.boolean("once", false);
  relay.reset = command.reset;
  relay.reset_command = command.reset_command;
  // Records bear the bare name.
  if (const auto table = options.text("source-table")) relay.source_table = aws::bare_name(aws::TableName(*table));
  relay.schema = plan.target.schema;
  relay.table = plan.target.table;
  relay.target = plan.target.kind;
  relay.tables = plan.target.tables;
  const std::string on_gap = options.text("on-gap").value_or("stop");
  relay.on_gap = on_gap == "skip"         ? relay::OnGap::skip
                 : on_gap == "resnapshot" ? relay::OnGap::resnapshot
                                          : relay::OnGap::stop;
  const std::string snapshot = options.text("snapshot").value_or("none");
  relay.load.snapshot = !plan.source.follow     ? relay::Snapshot::only
                        : snapshot == "initial" ? relay::Snapshot::initial
                                                : relay::Snapshot::none;
  relay.load.segments = options.integer("segments");
  relay.aggregates = strays_of(options.text("aggregates").value_or("deliver"));
  relay.on_error = options.text("on-error") == "stop" ? relay::OnError::stop : relay::OnError::park;
  relay.batch.rows = plan.target.batch_rows;
  relay.batch.bytes = plan.target.batch_bytes;
  // DynamoDB Streams bills each call.
  read_rhythm(options, target->options, relay);
  plan.target.start_timeout = relay.deadlines.start_timeout;
  if (const auto worker = options.text("worker-id")) relay.worker = coordination::WorkerName(*worker);
  if (auto planned = plan_leases(plan); !planned) return std::unexpected(planned.error());

  plan.listen = command.listen;
  plan.title = {net::redact_url(command.source), net::redact_url(*target_url)};
  plan.json_summary = command.json_summary;
  plan.dead_letters_hint = dead_letters_hint(command, plan.target);
  plan.notes = options.notes();
  plan.notes.insert(plan.notes.end(), target->options.notes().begin(), target->options.notes().end());
  return plan;
}

std::vector<Secret> known_secrets(const std::vector<std::string>& words, const aws::Environment& environment) {
  std::vector<Secret> secrets;
  const auto add = [&](std::vector<std::string> found) {
    for (std::string& secret : found) secrets.emplace_back(std::move(secret));
  };
  const auto add_text = [&](const std::string& text) {
    if (is_meant_for_url(text)) add(net::possible_secrets(text));
    add(net::possible_secrets_of_members(text));
    const auto url = net::parse_url(text);
    if (!url) return;
    if (url->password) secrets.push_back(*url->password);
    if (auto token = url->option("session-token")) secrets.emplace_back(*token);
    if (auto connection = url->option("connection")) add(net::secrets_of_connection(*connection));
  };
  for (size_t i = 0; i < words.size(); ++i) {
    const size_t equals = words[i].find('=');
    const bool is_flag = words[i].starts_with("--");
    if (!is_flag) add_text(words[i]);
    if (is_flag && is_secret_flag(words[i].substr(2, equals - 2))) {
      if (equals != std::string::npos) secrets.emplace_back(words[i].substr(equals + 1));
      if (equals == std::string::npos && i + 1 < words.size()) secrets.emplace_back(words[i + 1]);
    }
    if (is_flag && equals != std::string::npos) add_text(words[i].substr(equals + 1));
  }
  for (const char* name : {"CRATEDB_CLUSTER_URL", "CRATEDB_SQLALCHEMY_URL", "CTK_TARGET", "AWS_ENDPOINT_URL",
                           "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_KINESIS"}) {
    if (const auto url = environment.get(name)) add_text(*url);
  }
  for (const char* name :
       {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "PGPASSWORD", "MYSQL_PWD"}) {
    if (const auto secret = environment.get(name)) secrets.emplace_back(*secret);
  }
  return secrets;
}

}  // namespace ctk::cli
