#include "cli/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ctk::cli {
namespace {

using enum OptionKind;

constexpr size_t kLongestValue = 60;

const FlagInfo kTarget = {
    .name = "target",
    .value = "URL",
    .help = "the target, where no TARGET is given; else the variable CRATEDB_CLUSTER_URL, else CRATEDB_SQLALCHEMY_URL"};
const FlagInfo kYes = {.name = "yes", .letter = 'y', .kind = boolean, .help = "do not ask"};

FlagInfo format(std::string_view choices, std::string_view fallback, std::string_view help) {
  return {.name = "format", .kind = choice, .choices = choices, .fallback = fallback, .value = choices, .help = help};
}

/// And those that say where the relay can be looked at.
std::vector<FlagInfo> with_listening(std::vector<FlagInfo> flags) {
  // clang-format off
  const std::vector<FlagInfo> listening = {
             {.name = "listen", .value = "HOST:PORT",
              .help = "serve a page (/), /metrics, /healthz, /readyz and /status.json; port 0 picks a free one"},
             {.name = "listen-token", .kind = secret, .value = "TOKEN",
              .help = "what clients must send (Authorization: Bearer TOKEN); where HOST is not of this machine alone, this or "
                      "--listen-open is needed"},
             {.name = "listen-open", .kind = boolean, .help = "answer whoever can reach HOST, without a token"},
             {.name = "health-window", .kind = duration, .fallback = "60s", .value = "DURATION",
              .help = "/healthz is 503 once a shard has neither moved nor been proven empty for so long"}};
  // clang-format on
  flags.insert(flags.end(), listening.begin(), listening.end());
  return flags;
}

/// Of a target that is only reached, and of one whose bookkeeping tables are looked for.
constexpr auto kReaching =
    std::to_array<std::string_view>({"dsn", "connection", "dialect", "unix-socket", "ssl", "sslmode", "timeout"});
constexpr auto kLooking =
    std::to_array<std::string_view>({"dsn", "connection", "dialect", "unix-socket", "schema", "ssl", "sslmode", "timeout"});
/// Of a source that another engine reads.
constexpr auto kPushed = std::to_array<std::string_view>(
    {"source-table", "positions-name", "on-error", "include", "exclude", "rename", "start-timeout", "grace", "max-memory"});
/// Of a source by whose workers a lease table is used.
constexpr auto kLeases =
    std::to_array<std::string_view>({"lease-table", "failover-time", "region", "profile", "endpoint-url"});
constexpr std::string_view kOfLeases =
    "With --lease-table NAME they are the leases of positions=dynamodb. SOURCE says where DynamoDB is, as for ctk load;\n"
    "else region, profile and environment do. Leases are reset once no worker has renewed one for failover-time.";
/// Of a stream whose records are kept, in the order of the table of options.
constexpr auto kRecording = std::to_array<std::string_view>(
    {"region",        "profile",        "session-token",     "endpoint-url", "tls",       "protocol",      "compression",
     "role-arn",      "external-id",    "role-session-name", "start",        "at",        "seqno",         "once",
     "fan-out",       "positions-name", "idle-poll",         "max-lag",      "on-gap",    "enable-stream", "create",
     "create-shards", "start-timeout",  "give-up",           "grace",        "max-memory"});
/// Of two sides that are compared.
constexpr auto kVerifying = std::to_array<std::string_view>({"region",        "profile",     "session-token",
                                                             "endpoint-url",  "tls",         "compression",
                                                             "role-arn",      "external-id", "role-session-name",
                                                             "source-table",  "segments",    "read-capacity",
                                                             "include",       "exclude",     "rename",
                                                             "start-timeout", "give-up",     "dsn",
                                                             "connection",    "dialect",     "unix-socket",
                                                             "schema",        "table",       "ssl",
                                                             "sslmode",       "timeout",     "layout",
                                                             "encoding",      "deletes",     "key-type.",
                                                             "type.",         "typed",       "max-columns"});
/// Of one whose rows are written again.
constexpr auto kReplaying = std::to_array<std::string_view>(
    {"dsn", "connection", "dialect", "unix-socket", "schema", "table", "ssl", "sslmode", "timeout", "layout", "encoding",
     "deletes", "key-type.", "type.", "typed", "max-columns", "create-table", "live-view", "history"});

// clang-format off
CommandInfo simulator() {
  return {.path = "simulator", .arguments = "", .help = "a simulated DynamoDB, DynamoDB Streams and Kinesis, on one port",
   .more = "Prints \"listening on http://HOST:PORT\" and serves any AWS client, with any key, until it is ended. Nothing is\n"
           "stored. Its ARNs are of us-east-1, whatever region is asked for. POST /simulator makes something\n"
           "happen, by a JSON object:\n"
           "  {\"action\": \"roll-shard\" or \"split-shard\", \"table\": …, \"all\": true, or \"stream\": …, \"shard\": …}\n"
           "  {\"action\": \"merge-shards\", \"stream\": …, \"shard\": …, \"adjacent\": …}\n"
           "  {\"action\": \"trim\" or \"throttle\", \"table\" or \"stream\": …, \"seconds\": …}\n"
           "  {\"action\": \"expire-iterators\" or \"kill-connections\"}\n"
           "  {\"action\": \"advance-clock\", \"seconds\": …}\n"
           "  {\"action\": \"set-policy\", \"policy\": {…}}, or without \"policy\" for none\n"
           "  {\"action\": \"counts\"} gives the calls until now, by action\n",
   .flags = {{.name = "listen", .fallback = "127.0.0.1:0", .value = "HOST:PORT", .help = "where; port 0 picks a free one"},
             {.name = "seed", .value = "N", .help = "seed of all that is left to chance: the same seed, the same faults"},
             {.name = "speed", .fallback = "1", .value = "N", .help = "how much faster than real time its clock runs"},
             {.name = "table", .value = "NAME:HASH[:RANGE]", .help = "make a table with keys of type S and a stream",
              .repeatable = true},
             {.name = "stream", .value = "NAME:SHARDS", .help = "make a Kinesis stream", .repeatable = true},
             {.name = "faults", .kind = choice, .choices = "none|mild|wild", .fallback = "none",
              .value = "none|mild|wild", .help = "how often calls go wrong"},
             {.name = "limits", .kind = choice, .choices = "on|off", .fallback = "on", .value = "on|off",
              .help = "off: lift the services' read limits (Kinesis: 5 GetRecords and 2 MB a second a shard; DynamoDB "
                      "Streams: 2 readers a shard, 10 DescribeStream a second)"},
             {.name = "policy", .value = "FILE",
              .help = "an IAM policy: what it does not allow is refused with AccessDeniedException"}},
   .examples = "  ctk simulator --listen 127.0.0.1:8000 --table orders:customer:order\n"
               "  curl http://127.0.0.1:8000/simulator \\\n"
               "    -d '{\"action\": \"roll-shard\", \"table\": \"orders\"}'\n"};
}

CommandInfo check() {
  return {.path = "check", .arguments = "SOURCE [TARGET]", .least = 1, .most = 2,
   .help = "look whether a load would run: credentials, rights, stream, target",
   .more = "The command line of ctk load with another first word. Nothing is changed anywhere. A line a check:\n"
           "  ok|warn|fail NAME: what was seen (and what to do)\n"
           "Exit code 0: nothing failed; 5: something did.",
   .flags = {kTarget, format("text|json", "text", "json: an array of objects check, result, says, hint"),
             {.name = "policy", .kind = boolean,
              .help = "print the least IAM policy that the load needs, and ask nobody"},
             {.name = "reset", .kind = boolean, .help = "look for a run that forgets its stored positions"},
             {.name = "config", .value = "FILE", .help = "look at every relay of this file, instead of SOURCE and TARGET"}},
   .source_options = true, .target_options = true, .takes_config = true, .is_as_load = true,
   .examples = "  ctk check \"dynamodb+cdc://aws/orders?region=eu-central-1&snapshot=initial\" \\\n"
               "    \"postgresql://user:pw@localhost/db?table=public.orders\"\n"
               "  ctk check \"dynamodb+cdc://aws/orders?region=eu-central-1\" --policy\n"};
}

CommandInfo plan() {
  return {.path = "plan", .arguments = "SOURCE [TARGET]", .least = 1, .most = 2,
   .help = "what a load would take: hours, requests, capacity, dollars; and its DDL",
   .more = "The command line of ctk load with another first word. The source is asked how large it is; no item is read,\n"
           "nothing changed. Prices are those of us-east-1 at the date that is printed.",
   .flags = {kTarget, format("text|json", "text", "json: one object"),
             {.name = "price", .value = "NAME=DOLLARS", .help = "another price; names are in the JSON",
              .repeatable = true}},
   .source_options = true, .target_options = true, .is_as_load = true,
   .examples = "  ctk plan \"dynamodb+cdc://aws/orders?region=eu-central-1&snapshot=initial\" \\\n"
               "    \"sqlite:///orders.db\"\n"};
}

CommandInfo load() {
  return {.path = "load", .arguments = "[table] SOURCE [TARGET]", .least = 1, .most = 2,
   .help = "keep SQL tables equal to DynamoDB tables: load them, follow their changes",
   .more = "SOURCE  kinesis+dynamodb+cdc://[KEY:SECRET@](aws|host:port)/STREAM-or-ARN\n"
           "        dynamodb+cdc://[KEY:SECRET@](aws|host:port)/TABLE, or the ARN of the table or its stream\n"
           "        dynamodb://[KEY:SECRET@](aws|host:port)/TABLE-or-ARN: the table's items, once\n"
           "        file+dynamodb+cdc:///path (JSON, also gzip or zstd), :relative/path, or :- for standard input\n"
           "TARGET  crate://user:password@host:4200/schema/table?ssl=true, postgresql://host/database?table=schema.table,\n"
           "        mysql://host/database?table=name, mariadb://host/database?table=name,\n"
           "        odbc:///?dsn=NAME&table=name, odbc:///?connection=DRIVER%3D...,\n"
           "        sqlite:///file.db?table=name, ndjson:///file or ndjson:-\n"
           "\n"
           "Every option can be written in its URL (?region=eu-central-1&once=true) or as a flag, which wins.\n"
           "Durations: 250ms 5s 15m 2h 7d. Sizes: 64KB 4MB 1GB. The first SIGINT or SIGTERM stops cleanly.\n"
           "\n"
           "--config FILE: a TOML file with a [[relay]] for each of them: source, target and options by their names,\n"
           "[defaults] for all. ${VAR} and ${file:/path} stand for a variable and for what a file holds.",
   .flags = with_listening({kTarget,
             {.name = "dry-run", .kind = boolean, .help = "print the DDL and SQL that would be run, and change nothing"},
             {.name = "reset", .kind = boolean, .help = "forget the stored positions of this relay"},
             format("text|json", "text", "json: the summary as one object on standard output"),
             {.name = "config", .value = "FILE",
              .help = "run every relay of this file, instead of SOURCE and TARGET; SIGHUP reads it again"},
             {.name = "exit-on-failure", .kind = boolean,
              .help = "with --config: a relay that fails stops all, and the process ends with its code"}}),
   .source_options = true, .target_options = true, .takes_config = true,
   .examples = "  ctk load \"dynamodb+cdc://aws/orders?region=eu-central-1&snapshot=initial\" \\\n"
               "    \"postgresql://user:pw@localhost/db?table=public.orders\"\n"
               "  ctk load \"kinesis+dynamodb+cdc://aws/cdc-stream?region=eu-central-1\" \\\n"
               "    \"crate://crate@localhost:4200/testdrive/demo\" --listen 127.0.0.1:9090\n"
               "  ctk load file+dynamodb+cdc:events.ndjson \"sqlite:///orders.db\" --dry-run\n"
               "  ctk load --config relays.toml\n"};
}

CommandInfo kcl_processor() {
  return {.path = "kcl-processor", .arguments = "[TARGET]", .most = 1,
   .help = "a record processor for Amazon KCL's MultiLangDaemon",
   .more = "The daemon starts one for each shard and speaks with it over standard input and\n"
           "output: name it as executableName in the daemon's properties. TARGET and its\n"
           "options are those of ctk load; they may also stand in CTK_TARGET, and in\n"
           "CTK_OPTIONS as flags, split as a shell would. Positions are the daemon's: a\n"
           "checkpoint is made once everything before it is written. Marks of deleted\n"
           "items are swept only where delete-grace is given.",
   .flags = {kTarget}, .target_options = true, .of_source = kPushed,
   .examples = "  ctk kcl-processor \\\n"
               "    \"postgresql://user:pw@localhost/db?table=public.orders\"\n"};
}

CommandInfo lambda() {
  return {.path = "lambda", .arguments = "[TARGET]", .most = 1,
   .help = "a custom runtime of AWS Lambda, for Kinesis and DynamoDB Streams",
   .more = "Lambda starts it as bootstrap, and gives it the batches of event source\n"
           "mappings, each of which needs ReportBatchItemFailures: the answer names the\n"
           "first record of each shard that is not written. TARGET and its options are\n"
           "those of ctk load; they may also stand in CTK_TARGET, and in CTK_OPTIONS as\n"
           "flags, split as a shell would. An answer comes at least 500 ms before the\n"
           "function's time is over. Positions are Lambda's. Marks of deleted items stay:\n"
           "nothing may be under way while Lambda freezes the function.",
   .flags = {kTarget}, .target_options = true, .of_source = kPushed,
   .examples = "  CTK_TARGET=\"postgresql://user:pw@host/db?table=public.orders\" \\\n"
               "    ctk lambda\n"};
}

CommandInfo record() {
  return {.path = "record", .arguments = "SOURCE FILE", .least = 2, .most = 2,
   .help = "keep a stream's records in a file, as they are",
   .more = "SOURCE  a stream, as ctk load takes it: kinesis+dynamodb+cdc:// or dynamodb+cdc://\n"
           "FILE    what is written: a JSON object a line, each a record as AWS Lambda has it; .gz and .zst are compressed, - is "
           "standard output. ctk load file+dynamodb+cdc:FILE plays it: the same rows, in the same versions\n"
           "\n"
           "FILE.positions keeps how far the stream is recorded: the same command goes on there, no record twice.",
   .flags = with_listening({{.name = "max-records", .value = "N", .help = "stop once so many records were recorded"},
             {.name = "for", .kind = duration, .value = "DURATION", .help = "stop after that time"},
             {.name = "reset", .kind = boolean, .help = "forget how far FILE goes: what is there stays, and what the stream has follows"},
             format("text|json", "text", "json: the summary as one object on standard output")}),
   .source_options = true, .listed = kRecording,
   .examples = "  ctk record \"dynamodb+cdc://aws/orders?region=eu-central-1\" orders.json.zst\n"
               "  ctk load file+dynamodb+cdc:orders.json.zst \"sqlite:///orders.db\"\n"};
}

CommandInfo replay() {
  return {.path = "dead-letters replay", .arguments = "[ID]... [TARGET]", .most = 10'000,
   .help = "apply dead letters again, under their own versions",
   .more = "ID is that of ctk dead-letters list. A newer change is never overwritten: a dead letter that is older than its row is "
           "stale. One that was applied, or is stale, is removed; one that is refused again stays, with the new reason.\n"
           "Give the options that the load was given, too, or what removes the cause: --key-type.NAME=text, for example.\n"
           "Exit code 0: none was refused; 4: some were.",
   .flags = {{.name = "all", .kind = boolean, .help = "all dead letters; with a table, those of that table"},
             {.name = "dry-run", .kind = boolean, .help = "print the SQL, change nothing"},
             {.name = "include", .value = "PATHS", .help = "as the load has it"},
             {.name = "exclude", .value = "PATHS", .help = "as the load has it"},
             {.name = "rename", .value = "PAIRS", .help = "as the load has it"},
             format("text|json", "text", "json: the numbers as one object"), kTarget},
   .target_options = true, .of_target = kReplaying,
   .examples = "  ctk dead-letters replay --all \"sqlite:///orders.db\" --key-type.id=text\n"};
}

CommandInfo verify() {
  return {.path = "verify", .arguments = "SOURCE [TARGET]", .least = 1, .most = 2,
   .help = "compare every item of a DynamoDB table with its row",
   .more = "SOURCE and TARGET, with their options, as they were loaded: dynamodb://,\n"
           "dynamodb+cdc://, or kinesis+dynamodb+cdc:// with source-table. Both may be\n"
           "written to meanwhile. Differences are printed as JSON, one a line: {\"key\",\n"
           "\"difference\", \"paths\"}; missing is an item without a row, extra a living row\n"
           "without an item, different what is not the same in both.\n"
           "Exit code 0: equal; 5: there are differences; 1: they could not be compared.",
   .flags = {{.name = "settle", .kind = duration, .fallback = "60s, or a living relay's lag if that is more",
              .value = "DURATION", .help = "how long a difference must last: it may be a change on its way"},
             {.name = "show", .fallback = "100", .value = "N", .help = "differences that are printed at most"},
             {.name = "sample", .fallback = "100%", .value = "PERCENT", .help = "compare this share of the keys, by hash"},
             {.name = "repair", .kind = boolean,
              .help = "write the rows that differ again, never over a newer change; exit code 0 if all were"},
             format("text|json", "text", "json: the totals as one object on standard output, at the end"), kTarget},
   .source_options = true, .target_options = true, .listed = kVerifying,
   .examples = "  ctk verify \"dynamodb://aws/orders?region=eu-central-1\" \\\n"
               "    \"postgresql://user:pw@localhost/db?table=public.orders\" --sample 1%\n"};
}

const std::vector<CommandInfo>& commands() {
  static const std::vector<CommandInfo> kCommands = {
      load(),
      check(),
      plan(),
      {.path = "shell", .arguments = "[TARGET]", .most = 1, .help = "run SQL on the target",
       .more = "Statements come from --command, from standard input, or from a prompt, and end with a semicolon.\n"
               "Tables without a schema are looked for in the URL's first. At the prompt \\? lists what there is besides SQL.",
       .advice = "SQL is given by -c, or on standard input: ctk shell TARGET < FILE",
       .flags = {{.name = "command", .letter = 'c', .value = "SQL", .help = "run this; may be given more than once",
                  .repeatable = true},
                 format("table|json|csv|vertical", "table", "how to print rows"), kTarget},
       .target_options = true, .of_target = kReaching,
       .examples = "  ctk shell \"sqlite:///orders.db\" -c \"SELECT count(*) FROM orders_live;\"\n"
                   "  ctk shell \"postgresql://user:pw@localhost/db\" < queries.sql\n"},
      {.path = "show table", .arguments = "[SCHEMA.]TABLE [TARGET]", .least = 1, .most = 2,
       .help = "columns, key, rows, size, health, positions and dead letters of a table",
       .flags = {format("table|json", "table", "for people, or as one object"), kTarget}, .target_options = true,
       .of_source = kLeases, .of_target = kLooking,
       .examples = "  ctk show table public.orders \"postgresql://user:pw@localhost/db\"\n"},
      {.path = "positions list", .arguments = "[RELAY|SOURCE] [TARGET]", .most = 2, .help = "what each relay has read, by shard",
       .more = kOfLeases,
       .flags = {format("table|json", "table", "for people, or as an array of objects"), kTarget}, .target_options = true,
       .of_source = kLeases, .of_target = kLooking,
       .examples = "  ctk positions list \"sqlite:///orders.db\"\n"},
      {.path = "positions reset", .arguments = "[RELAY|SOURCE] [TARGET]", .most = 2,
       .help = "forget all positions of a relay: it begins again at its start", .more = kOfLeases,
       .flags = {kYes, format("table|json", "table", "for people, or as one object"), kTarget}, .target_options = true,
       .of_source = kLeases, .of_target = kLooking,
       .examples = "  ctk positions reset dynamodb:orders@ \"sqlite:///orders.db\"\n"},
      {.path = "positions prune", .arguments = "[RELAY] [TARGET]", .most = 2,
       .help = "remove the rows of shards that have been read to their end",
       .flags = {kYes, format("table|json", "table", "for people, or as one object"), kTarget}, .target_options = true, .of_target = kLooking,
       .examples = "  ctk positions prune \"sqlite:///orders.db\" --yes\n"},
      {.path = "dead-letters list", .arguments = "[TARGET]", .most = 1, .help = "changes that could not be applied, and why",
       .flags = {format("table|json", "table", "for people, or as an array of objects"), kTarget}, .target_options = true, .of_target = kLooking,
       .examples = "  ctk dead-letters list \"sqlite:///orders.db\"\n"},
      {.path = "dead-letters show", .arguments = "ID [TARGET]", .least = 1, .most = 2,
       .help = "one dead letter with the change's own text",
       .flags = {format("table|json", "table", "for people, or as one object"), kTarget}, .target_options = true, .of_target = kLooking,
       .examples = "  ctk dead-letters show 3f2a9c \"sqlite:///orders.db\"\n"},
      replay(),
      {.path = "status", .arguments = "[URL|TARGET]", .most = 1, .help = "how relays are: state, health, lag, shards",
       .more = "URL     http://HOST:PORT of a relay that runs with --listen; exit code 0 while it is healthy, else 1\n"
               "TARGET  what is stored there: how far each relay has read, whether it runs or not",
       .flags = {format("table|json", "table", "for people, or as the object of /status.json"),
                 {.name = "listen-token", .kind = secret, .value = "TOKEN", .help = "token of a URL that asks for one"}, kTarget},
       .target_options = true, .of_target = kLooking,
       .examples = "  ctk status http://127.0.0.1:8080\n"
                   "  ctk status \"sqlite:///orders.db\"\n"},
      {.path = "top", .arguments = "[URL]", .most = 1, .help = "relays that run with --listen, live on a terminal",
       .more = "URL is http://HOST:PORT, as --listen says it, or http://127.0.0.1:8080. Keys: q quits, s sorts the shards by id, lag or state,\n"
               "/ filters them, f shows finished ones too, l hides the log, p pauses; arrows and pages scroll.",
       .flags = {{.name = "listen-token", .kind = secret, .value = "TOKEN", .help = "token of a URL that asks for one"}},
       .examples = "  ctk top http://127.0.0.1:8080\n"},
      verify(),
      record(),
      {.path = "demo", .arguments = "", .help = "a simulated table, loaded and followed into a SQLite file",
       .more = "A simulated AWS with a DynamoDB table under load, in this process: the table is loaded, its changes are followed, a\n"
               "shard rolls, the relay stops and goes on. Then every row is compared with its item.\n"
               "Exit code 0: they are the same.",
       .flags = {{.name = "output", .fallback = "ctk-demo.db", .value = "FILE", .help = "the SQLite file to make anew"}}},
      simulator(),
      kcl_processor(),
      lambda(),
      {.path = "completion", .arguments = "bash|zsh|fish", .least = 1, .most = 1,
       .help = "print the completion script of a shell",
       .more = "zsh looks in the folders of fpath: fpath+=~/.zfunc in ~/.zshrc, before compinit.",
       .examples = "  ctk completion bash > ~/.local/share/bash-completion/completions/ctk\n"
                   "  ctk completion zsh > ~/.zfunc/_ctk\n"
                   "  ctk completion fish > ~/.config/fish/completions/ctk.fish\n"},
      {.path = "help", .arguments = "[COMMAND]", .most = 2, .help = "what a command does, and its options"},
      {.path = "version", .arguments = "", .help = "print the version"},
      {.path = "man", .arguments = "", .help = "print the manual page's source", .hidden = true},
  };
  return kCommands;
}

constexpr auto kCommonFlags = std::to_array<FlagInfo>({
    {.name = "log-format", .kind = choice, .choices = "logfmt|json", .fallback = "logfmt", .value = "logfmt|json",
     .help = "how log lines look"},
    {.name = "log-level", .kind = choice, .choices = "error|warn|info|debug", .fallback = "info",
     .value = "error|warn|info|debug", .help = "which log lines are written"},
    {.name = "quiet", .letter = 'q', .kind = boolean, .help = "warnings, errors and dead letters only, no progress, no summary line"},
});
// clang-format on

std::string_view value_name(const OptionInfo& info) {
  switch (info.kind) {
    case boolean: return "";
    case duration:
    case duration_or_never: return "DURATION";
    case OptionKind::size: return "SIZE";
    case integer: return "N";
    // Many words stand in the help's text.
    case choice: return info.choices.size() > kLongestValue ? "WORD" : info.choices;
    case text:
    case secret: return info.is_family() ? "TYPE" : "TEXT";
  }
  return "";
}

std::string_view family_member(std::string_view family) { return family == "key-type." ? "key-type.NAME" : "type.PATH"; }

}  // namespace

FlagInfo as_flag(const OptionInfo& info) {
  return {.name = info.is_family() ? family_member(info.name) : info.name,
          .kind = info.kind,
          .choices = info.choices,
          .fallback = info.fallback,
          .value = value_name(info),
          .help = info.help};
}

bool is_shown(const OptionInfo& info) { return info.fate == OptionFate::works && info.stands_for.empty(); }

std::span<const CommandInfo> all_commands() { return commands(); }

std::span<const FlagInfo> common_flags() { return kCommonFlags; }

bool is_secret_flag(std::string_view name) {
  const OptionInfo* option = find_option(name);
  if (option != nullptr && option->kind == secret) return true;
  return std::ranges::any_of(commands(), [&](const CommandInfo& command) {
    return std::ranges::any_of(command.flags,
                               [&](const FlagInfo& flag) { return flag.kind == secret && flag.name == name; });
  });
}

const CommandInfo* find_command(std::string_view path) {
  const auto found = std::ranges::find(commands(), path, &CommandInfo::path);
  return found == commands().end() ? nullptr : &*found;
}

std::string_view group_help(std::string_view word) {
  if (word == "show") return "what a table of the target holds";
  if (word == "positions") return "what has been read: list it, or forget it";
  if (word == "dead-letters") return "changes that could not be applied";
  return "";
}

std::vector<std::string> first_words() {
  std::vector<std::string> words;
  for (const CommandInfo& command : commands()) {
    const std::string word(command.path.substr(0, command.path.find(' ')));
    const bool listed = !words.empty() && words.back() == word;
    if (!listed && !command.hidden) words.push_back(word);
  }
  return words;
}

std::vector<std::string> second_words(std::string_view first) {
  std::vector<std::string> words;
  for (const CommandInfo& command : commands()) {
    const size_t blank = command.path.find(' ');
    const bool below = blank != std::string_view::npos && command.path.substr(0, blank) == first;
    if (below) words.emplace_back(command.path.substr(blank + 1));
  }
  return words;
}

bool counts(const CommandInfo& command, const OptionInfo& option) {
  const std::string_view name = option.stands_for.empty() ? option.name : option.stands_for;
  if (option.scope != OptionScope::target) {
    return command.source_options || std::ranges::find(command.of_source, name) != command.of_source.end();
  }
  return command.target_options &&
         (command.of_target.empty() || std::ranges::find(command.of_target, name) != command.of_target.end());
}

std::vector<FlagInfo> flags_of(const CommandInfo& command) {
  std::vector<FlagInfo> flags(command.flags.begin(), command.flags.end());
  for (const OptionInfo& info : all_options()) {
    if (counts(command, info) && is_shown(info)) flags.push_back(as_flag(info));
  }
  flags.insert(flags.end(), kCommonFlags.begin(), kCommonFlags.end());
  return flags;
}

std::string_view version() { return CTK_VERSION; }

}  // namespace ctk::cli
