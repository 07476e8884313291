#include "cli/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "cli/numbers.h"
#include "cli/suggest.h"

namespace ctk::cli {
namespace {

using enum OptionKind;
using enum OptionScope;
constexpr OptionFate kNoEffect = OptionFate::no_effect;

// A new one is a row here. A source's is read in source_url.cc, a target's in target_url.cc, the engine's in load_plan.cc.
// clang-format off
constexpr auto kOptions = std::to_array<OptionInfo>({
    // The source: who, where.
    {.name = "region", .help = "AWS region of the stream or table; else AWS_REGION, AWS_DEFAULT_REGION, the profile's"},
    {.name = "profile", .help = "profile of the AWS shared configuration files; else AWS_PROFILE"},
    {.name = "session-token", .kind = secret, .help = "session token of temporary credentials"},
    {.name = "endpoint-url", .help = "address of the service, http:// or https://; else AWS_ENDPOINT_URL[_SERVICE]"},
    {.name = "tls", .kind = boolean, .fallback = "false", .help = "the URL's host:port speaks https"},
    {.name = "protocol", .kind = choice, .fallback = "cbor, or json where the endpoint does not know it",
     .help = "form of requests to Kinesis", .choices = "json|cbor", .sources = SourceSet::kinesis},
    {.name = "compression", .kind = choice, .fallback = "auto",
     .help = "DynamoDB's answers in gzip: fewer bytes, more CPU; auto: where long ones come slowly",
     .choices = "auto|on|off"},
    {.name = "role-arn", .help = "role to assume with the credentials that are found"},
    {.name = "external-id", .help = "external id that the trust policy of role-arn asks for"},
    {.name = "role-session-name", .fallback = "ctk-SECONDS", .help = "session name under role-arn, as CloudTrail shows it"},
    // The source: what.
    {.name = "start", .kind = choice, .fallback = "earliest",
     .help = "where to begin without a stored position",
     .choices = "earliest|latest|timestamp|seqno-at|seqno-after"},
    {.name = "at", .help = "moment for start=timestamp: ISO-8601, or seconds since 1970"},
    {.name = "seqno", .help = "number for start=seqno-at and seqno-after: N, or SHARD:N,..."},
    {.name = "once", .kind = boolean, .fallback = "false",
     .help = "stop at the newest record that there is when a shard is reached"},
    {.name = "source-table", .help = "take this DynamoDB table's changes only; the table that snapshot loads"},
    {.name = "snapshot", .kind = choice, .fallback = "none",
     .help = "load the table: before following its changes (unless it was loaded), or alone",
     .choices = "none|initial|only"},
    {.name = "segments", .kind = integer, .fallback = "by the table's size", .help = "segments of a load's parallel Scan",
     .min = 1, .max = 1'000'000},
    {.name = "read-capacity", .fallback = "as much as the table gives",
     .help = "what a load may use of the table's read capacity: units a second, or 50% of the provisioned"},
    {.name = "fan-out", .help = "read by enhanced fan-out, as this consumer; it is registered if it is not there",
     .sources = SourceSet::kinesis},
    {.name = "positions", .kind = choice, .fallback = "target", .help = "where to keep what has been read",
     .choices = "target|dynamodb|memory"},
    {.name = "positions-name", .fallback = "SERVICE:STREAM@SCHEMA[.TABLE]", .help = "the relay's name in the position store"},
    {.name = "lease-table", .fallback = "the relay's name",
     .help = "table for positions=dynamodb, whose leases many workers share"},
    {.name = "worker-id", .fallback = "HOST/PROCESS/RANDOM", .help = "this process's name among the workers"},
    {.name = "failover-time", .kind = duration, .fallback = "10s",
     .help = "how long a worker may be silent before others take its shards", .min = 1},
    {.name = "idle-poll", .kind = duration, .fallback = "1s for Kinesis, 5s for DynamoDB Streams",
     .help = "longest pause between reads of an idle shard"},
    {.name = "max-lag", .kind = duration, .help = "how long a change may wait to be read: a long one makes reads fewer and cheaper, a short one more frequent"},
    {.name = "on-gap", .kind = choice, .fallback = "stop", .help = "when the source no longer has records that were not read yet",
     .choices = "stop|skip|resnapshot"},
    {.name = "on-error", .kind = choice, .fallback = "park", .help = "a change that cannot be applied: dead letter, or stop",
     .choices = "park|stop"},
    {.name = "aggregates", .kind = choice, .fallback = "deliver",
     .help = "records out of KPL aggregates that belong to another shard by their hash key",
     .choices = "deliver|drop|dead-letter", .sources = SourceSet::kinesis},
    {.name = "include", .help = "only these attribute paths, comma-separated"},
    {.name = "exclude", .help = "not these attribute paths, comma-separated"},
    {.name = "rename", .help = "give attribute paths other names: old:new,..."},
    {.name = "enable-stream", .kind = boolean, .fallback = "false",
     .help = "switch the DynamoDB table's stream on if it is off", .sources = SourceSet::table},
    {.name = "create", .kind = boolean, .fallback = "false", .help = "make the Kinesis stream if it is not there",
     .sources = SourceSet::kinesis},
    {.name = "create-shards", .kind = integer, .fallback = "1", .help = "shards of a stream that create makes",
     .min = 1, .max = 100'000, .sources = SourceSet::kinesis},
    // The source: names of old command lines.
    {.name = "checkpointer", .kind = choice, .help = "older name of positions", .choices = "cratedb|memory",
     .stands_for = "positions"},
    {.name = "checkpointer-name", .help = "older name of positions-name", .stands_for = "positions-name"},
    {.name = "checkpointer-schema", .help = "accepted", .fate = kNoEffect},
    {.name = "checkpointer-interval", .help = "accepted", .fate = kNoEffect},
    {.name = "describe-timeout", .help = "accepted", .fate = kNoEffect},
    {.name = "batch-size", .help = "accepted", .fate = kNoEffect},
    {.name = "buffer-time", .help = "accepted", .fate = kNoEffect},
    {.name = "idle-sleep", .kind = duration, .help = "upper bound of idle-poll, for old command lines"},
    // The target: where.
    {.name = "dsn", .scope = target, .help = "ODBC data source, by its name in odbc.ini", .targets = TargetSet::odbc},
    {.name = "connection", .scope = target, .kind = secret, .help = "ODBC connection string: DRIVER=...;SERVER=...",
     .targets = TargetSet::odbc},
    {.name = "dialect", .scope = target, .kind = choice, .fallback = "what the ODBC driver says of its database",
     .help = "SQL of an ODBC data source: postgresql, mysql, sqlite, sqlserver, oracle, db2, duckdb, snowflake or generic",
     .choices = "postgresql|mysql|sqlite|sqlserver|oracle|db2|duckdb|snowflake|generic", .targets = TargetSet::odbc},
    {.name = "unix-socket", .scope = target, .help = "socket of a MySQL or MariaDB server on this machine, in place of a host",
     .targets = TargetSet::mysql},
    {.name = "schema", .scope = target, .fallback = "doc on CrateDB, public on PostgreSQL", .help = "schema of the tables",
     .targets = TargetSet::sql_servers},
    {.name = "database", .scope = target, .help = "older name of schema", .targets = TargetSet::cratedb,
     .stands_for = "schema"},
    {.name = "table", .scope = target, .fallback = "the source table's name", .help = "table, or schema.table"},
    {.name = "ssl", .scope = target, .kind = boolean, .fallback = "false", .help = "speak TLS",
     .targets = TargetSet::sql_servers},
    {.name = "sslmode", .scope = target, .kind = choice, .help = "how far TLS is wanted and certificates are checked",
     .choices = "disable|allow|prefer|require|verify-ca|verify-full", .targets = TargetSet::sql_servers},
    {.name = "timeout", .scope = target, .kind = duration, .fallback = "90s, 10s on SQLite",
     .help = "longest wait for one answer; on SQLite for the database's lock", .targets = TargetSet::databases},
    // The target: what the rows look like.
    {.name = "layout", .scope = target, .kind = choice, .fallback = "ctk on CrateDB, columns elsewhere",
     .help = "shape of the tables", .choices = "ctk|columns|document"},
    {.name = "encoding", .scope = target, .kind = choice, .fallback = "plain", .help = "values in data: plain or typed JSON",
     .choices = "plain|dynamodb"},
    {.name = "deletes", .scope = target, .kind = choice, .fallback = "mark",
     .help = "keep a mark of a deleted item until it can be swept; soft: for ever, with the last content",
     .choices = "mark|soft"},
    {.name = "delete-grace", .scope = target, .kind = duration_or_never, .fallback = "15m for Kinesis, 0s for DynamoDB Streams, never for files",
     .help = "how late an older change may come before a mark is swept", .targets = TargetSet::databases},
    {.name = "delete-floor", .scope = target, .kind = duration, .fallback = "15m",
     .help = "added to delete-grace where writes cannot be fenced (CrateDB)", .targets = TargetSet::databases},
    {.name = "key-type.", .scope = target, .help = "column type of the key NAME: text, bigint, numeric, ...", .targets = TargetSet::databases},
    {.name = "type.", .scope = target, .help = "type of the attribute PATH in data: text, double, bigint, boolean",
     .targets = TargetSet::cratedb},
    {.name = "typed", .scope = target, .kind = boolean, .fallback = "true", .help = "data takes any shape, without columns or index",
     .targets = TargetSet::cratedb},
    {.name = "max-columns", .scope = target, .kind = integer, .fallback = "800", .help = "columns of a table at most",
     .min = 1, .max = 100'000, .targets = TargetSet::cratedb},
    {.name = "create-table", .scope = target, .kind = boolean, .fallback = "true", .help = "never run DDL", .targets = TargetSet::databases},
    {.name = "live-view", .scope = target, .kind = boolean, .fallback = "true", .help = "no TABLE_live view", .targets = TargetSet::databases},
    {.name = "adopt", .scope = target, .kind = boolean, .fallback = "false",
     .help = "of a table that was there before: a complete load removes rows of items that are gone", .targets = TargetSet::databases},
    {.name = "history", .scope = target, .help = "also keep every change, as a row of this table", .targets = TargetSet::databases},
    // The target: bounds of one write.
    {.name = "batch-rows", .scope = target, .kind = integer, .help = "rows of one write", .min = 1, .max = 1'000'000},
    {.name = "batch-bytes", .scope = target, .kind = OptionKind::size, .help = "bytes of one write", .min = 1024},
    {.name = "batch-age", .scope = target, .kind = duration,
     .fallback = "200ms for CrateDB and ndjson, 10ms for others", .help = "how long a batch that is not full waits for more"},
    {.name = "connections", .scope = target, .kind = integer, .help = "writes under way at once", .min = 1, .max = 256, .targets = TargetSet::sql_servers},
    {.name = "dead-letters", .scope = target, .fallback = "standard error", .help = "file for changes that cannot be applied",
     .targets = TargetSet::ndjson},
    // The run.
    {.name = "start-timeout", .scope = run, .kind = duration, .fallback = "30s",
     .help = "how long to try to reach source and target at start"},
    {.name = "give-up", .scope = run, .kind = duration, .fallback = "15m", .help = "longest outage in a bounded run"},
    {.name = "grace", .scope = run, .kind = duration, .fallback = "30s", .help = "time for a clean stop"},
    {.name = "max-memory", .scope = run, .kind = OptionKind::size, .fallback = "32MB",
     .help = "bytes read and not yet written", .min = 1 << 20, .max = 1l << 40},
});
// clang-format on

std::string_view side_name(OptionScope side) { return side == target ? "target" : "source"; }

bool belongs(const OptionInfo& info, OptionScope side) { return info.scope == side || info.scope == run; }

/// "--start" or "start in the source's URL".
std::string spell(std::string_view name, OptionScope side, bool flag) {
  return flag ? fmt::format("--{}", name) : fmt::format("{} in the {}'s URL", name, side_name(side));
}

std::unexpected<Error> unknown_option(std::string_view name, OptionScope side, const std::vector<std::string>& also) {
  std::vector<std::string> names;
  for (const OptionInfo& info : kOptions) {
    if (belongs(info, side) && info.fate == OptionFate::works) names.emplace_back(info.name);
  }
  std::vector<std::string> all = names;
  all.insert(all.end(), also.begin(), also.end());
  return usage(fmt::format("unknown option \"{}\" in the {}'s URL{}", name, side_name(side), did_you_mean(name, all)),
               fmt::format("options of a {}: {}", side_name(side), fmt::join(names, ", ")));
}

bool holds_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

bool in_range(const OptionInfo& info, long value) { return value >= info.min && value <= info.max; }

bool is_one_of(const std::string& value, std::string_view choices) {
  const auto words = split_choices(choices);
  return std::ranges::find(words, value) != words.end();
}

bool is_duration(const OptionInfo& info, const std::string& value) {
  const auto parsed = parse_duration(value);
  return parsed && *parsed >= std::chrono::seconds(info.min);
}

/// Whether the value is one of the option's kind.
bool fits(const OptionInfo& info, const std::string& value) {
  switch (info.kind) {
    case boolean: return parse_boolean(value).has_value();
    case duration: return is_duration(info, value);
    case duration_or_never: return value == "never" || is_duration(info, value);
    case OptionKind::size: {
      const auto parsed = parse_size(value);
      return parsed && *parsed <= static_cast<size_t>(info.max) && in_range(info, static_cast<long>(*parsed));
    }
    case integer: {
      const auto parsed = parse_number<long>(value);
      return parsed && in_range(info, *parsed);
    }
    case choice: return is_one_of(value, info.choices);
    case text:
    case secret: return !value.empty() && !holds_nul(value);
  }
  return false;
}

/// An older option's value in the words of the one it stands for.
std::string translated(const OptionInfo& info, const std::string& value) {
  return info.name == "checkpointer" && value == "cratedb" ? "target" : value;
}

/// What libraries of C take ends at a NUL: the rest of a name would be lost, and something else be read or written.
Status check_ends_nowhere(OptionScope side, const net::Url& url) {
  const bool place = holds_nul(url.path) || holds_nul(url.user) || (url.password && holds_nul(url.password->reveal()));
  if (place) return usage(fmt::format("the {}'s URL holds %00, which no name and no path can", side_name(side)));
  for (const auto& [name, value] : url.query) {
    if (holds_nul(name) || holds_nul(value)) {
      return usage(fmt::format("option {} in the {}'s URL holds %00, which no value can", name, side_name(side)));
    }
  }
  return {};
}

/// A URL that says two things of one option is not understood: which of them counts may be the user's secret, or data.
/// Values are not repeated: they may be secrets.
Status check_given_once(OptionScope side, const net::Url& url) {
  std::map<std::string_view, std::pair<std::string_view, std::string_view>> given;  // option → name, value
  for (const auto& [name, value] : url.query) {
    const OptionInfo* info = find_option(name);
    const std::string_view known_as =
        info == nullptr || info->stands_for.empty() ? std::string_view(name) : info->stands_for;
    const auto [first, fresh] = given.try_emplace(known_as, name, value);
    if (fresh || first->second.second == value) continue;
    if (first->second.first == name) {
      return usage(fmt::format("option {} in the {}'s URL is given twice, with two values", name, side_name(side)));
    }
    return usage(fmt::format("options {} and {} in the {}'s URL are two names of one, with two values", first->second.first,
                             name, side_name(side)));
  }
  return {};
}

}  // namespace

std::span<const OptionInfo> all_options() { return kOptions; }

const OptionInfo* find_option(std::string_view name) {
  const auto found = std::ranges::find_if(kOptions, [&](const OptionInfo& info) {
    return info.is_family() ? name.starts_with(info.name) && name.size() > info.name.size() : info.name == name;
  });
  return found == kOptions.end() ? nullptr : &*found;
}

std::vector<std::string> split_choices(std::string_view choices) {
  std::vector<std::string> words;
  while (!choices.empty()) {
    const size_t bar = std::min(choices.find('|'), choices.size());
    words.emplace_back(choices.substr(0, bar));
    choices.remove_prefix(std::min(bar + 1, choices.size()));
  }
  return words;
}

std::string accepted_values(const OptionInfo& info) {
  switch (info.kind) {
    case boolean: return "true or false";
    case duration:
      return info.min == 0 ? "a duration such as 250ms, 5s, 15m, 2h or 7d"
                           : fmt::format("a duration such as 5s, 15m, 2h or 7d, at least {}s", info.min);
    case duration_or_never: return "a duration such as 250ms, 5s, 15m, 2h or 7d, or never";
    case OptionKind::size: return fmt::format("a size such as 64KB, 4MB or 1GB, from {} to {} bytes", info.min, info.max);
    case integer: return fmt::format("a number from {} to {}", info.min, info.max);
    case choice: return one_of(split_choices(info.choices));
    case text:
    case secret: return "a text";
  }
  return "";
}

Status check_option(const OptionInfo& info, const std::string& spelled, const std::string& value) {
  if (info.fate == OptionFate::no_effect || fits(info, value)) return {};
  const auto choices = split_choices(info.choices);
  const std::string found = info.kind == secret ? "nothing" : fmt::format("\"{}\"", value);
  return usage(fmt::format("option {}: found {}, accepted is {}{}", spelled, found, accepted_values(info),
                           did_you_mean(value, choices)));
}

bool means_something(SourceSet set, std::string_view source_scheme) {
  switch (set) {
    case SourceSet::all: return true;
    case SourceSet::kinesis: return source_scheme.starts_with("kinesis+");
    case SourceSet::table: return source_scheme.starts_with("dynamodb");
  }
  return false;
}

std::optional<bool> parse_boolean(std::string_view text) {
  const std::string lower = ascii_lower(text);
  if (lower == "true" || lower == "1" || lower == "yes") return true;
  if (lower == "false" || lower == "0" || lower == "no") return false;
  return std::nullopt;
}

std::unexpected<Error> usage(std::string message, std::string hint) {
  return fail(ErrorKind::usage, std::move(message), "", std::move(hint));
}

std::unexpected<Error> not_in_this_version(const std::string& what) { return usage(what + " is not in this version"); }

Result<OptionValues> read_options(OptionScope side, const net::Url& url, const FlagValues& flags,
                                  const std::vector<std::string>& also) {
  if (auto whole = check_ends_nowhere(side, url); !whole) return std::unexpected(whole.error());
  OptionValues values;
  const auto take = [&](const OptionInfo& info, const std::string& name, const std::string& value, bool flag) -> Status {
    const std::string spelled = spell(name, side, flag);
    if (auto checked = check_option(info, spelled, value); !checked) return checked;
    if (info.fate == OptionFate::no_effect) {
      values.notes_.push_back(fmt::format("option {} is accepted and has no effect", spelled));
      return {};
    }
    const std::string known_as = info.stands_for.empty() ? name : std::string(info.stands_for);
    values.values_[known_as] = {translated(info, value), spelled};
    return {};
  };
  if (auto once = check_given_once(side, url); !once) return std::unexpected(once.error());
  for (const auto& [name, value] : url.query) {
    const OptionInfo* info = find_option(name);
    if (info == nullptr && std::ranges::find(also, name) != also.end()) {
      values.others_.emplace_back(name, value);
      continue;
    }
    if (info == nullptr) return unknown_option(name, side, also);
    if (!belongs(*info, side)) {
      return usage(
          fmt::format("option \"{}\" in the {}'s URL belongs to the {}", name, side_name(side), side_name(info->scope)),
          fmt::format("write it in the {}'s URL, or as the flag --{}", side_name(info->scope), name));
    }
    if (auto taken = take(*info, name, value, false); !taken) return std::unexpected(taken.error());
  }
  for (const auto& [name, value] : flags) {
    const OptionInfo* info = find_option(name);
    if (info == nullptr || !belongs(*info, side)) continue;
    if (auto taken = take(*info, name, value, true); !taken) return std::unexpected(taken.error());
  }
  return values;
}

std::optional<std::string> OptionValues::text(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  return found->second.value;
}

bool OptionValues::boolean(std::string_view name, bool fallback) const {
  const auto value = text(name);
  return value ? parse_boolean(*value).value_or(fallback) : fallback;
}

std::optional<Duration> OptionValues::duration(std::string_view name) const {
  const auto value = text(name);
  if (!value) return std::nullopt;
  if (*value == "never") return Duration::max();
  return parse_duration(*value).value();
}

std::optional<size_t> OptionValues::size(std::string_view name) const {
  const auto value = text(name);
  if (!value) return std::nullopt;
  return parse_size(*value).value();
}

std::optional<int> OptionValues::integer(std::string_view name) const {
  const auto value = text(name);
  if (!value) return std::nullopt;
  return static_cast<int>(parse_number<long>(*value).value());
}

std::map<std::string, std::string> OptionValues::family(std::string_view name) const {
  std::map<std::string, std::string> members;
  for (const auto& [key, given] : values_) {
    if (key.starts_with(name)) members[key.substr(name.size())] = given.value;
  }
  return members;
}

std::string OptionValues::spelled(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string(name) : found->second.spelled;
}

}  // namespace ctk::cli
