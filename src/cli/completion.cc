#include "cli/completion.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"

namespace ctk::cli {
namespace {

std::string joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, " ")); }

bool is_offered(const CommandInfo& command) { return !command.hidden; }

/// A family's flag is offered up to the name that the user has to add.
std::string flag_word(const FlagInfo& flag) {
  const std::string name(flag.name);
  if (name == "key-type.NAME") return "--key-type.";
  if (name == "type.PATH") return "--type.";
  return "--" + name;
}

std::string flag_words(const CommandInfo& command) {
  std::vector<std::string> words = {"--help"};
  for (const FlagInfo& flag : flags_of(command)) words.push_back(flag_word(flag));
  return joined(words);
}

/// Every flag with a closed set of values, once.
std::vector<FlagInfo> flags_with_choices(const CommandInfo& command) {
  auto flags = flags_of(command);
  std::erase_if(flags, [](const FlagInfo& flag) { return flag.choices.empty(); });
  return flags;
}

/// What may stand as an argument of a command.
std::string argument_words(const CommandInfo& command) {
  if (command.source_options)
    return "table kinesis+dynamodb+cdc:// dynamodb+cdc:// dynamodb:// file+dynamodb+cdc: crate:// postgresql:// mysql:// "
           "mariadb:// sqlite:/// odbc:/// ndjson:-";
  if (command.path == "completion") return "bash zsh fish";
  if (command.path == "help") return joined(first_words());
  return command.target_options ? "crate:// postgresql:// mysql:// mariadb:// sqlite:/// odbc:///" : "";
}

std::string single_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string second_word_cases() {
  std::string text;
  for (const std::string& word : first_words()) {
    const auto seconds = second_words(word);
    if (!seconds.empty()) text += fmt::format("    {}) words='{}' ;;\n", word, joined(seconds));
  }
  return text;
}

/// `table` of `load` is a word of the argument list, every other second word a command's.
std::string bash_command_cases() {
  std::string text;
  for (const CommandInfo& command : all_commands()) {
    if (!is_offered(command)) continue;
    const bool single = command.path.find(' ') == std::string_view::npos;
    text += fmt::format("    '{}'{}) flags='{}'; words='{}'\n      case $previous in\n", command.path, single ? "*" : "",
                        flag_words(command), argument_words(command));
    for (const FlagInfo& flag : flags_with_choices(command)) {
      text += fmt::format("        --{}) values='{}' ;;\n", flag.name, joined(split_choices(flag.choices)));
    }
    text += "      esac ;;\n";
  }
  return text;
}

std::string troff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
  return out;
}

std::string manual_flag(const FlagInfo& flag) {
  std::string left = flag.letter != 0 ? fmt::format("\\fB\\-{}\\fR, ", flag.letter) : "";
  left += fmt::format("\\fB\\-\\-{}\\fR", troff(flag.name));
  const bool on_by_default = flag.kind == OptionKind::boolean && flag.fallback == "true";
  if (on_by_default) left += "\\fB=false\\fR";
  if (flag.kind != OptionKind::boolean) left += fmt::format(" \\fI{}\\fR", troff(flag.value));
  std::string text = fmt::format(".TP\n{}\n{}", left, troff(flag.help));
  if (!flag.fallback.empty()) text += fmt::format(" [{}]", troff(flag.fallback));
  return text + "\n";
}

std::string manual_commands() {
  std::string text = ".SH COMMANDS\n";
  for (const CommandInfo& command : all_commands()) {
    if (!is_offered(command)) continue;
    text += fmt::format(".SS ctk {} {}\n{}.\n", troff(command.path), troff(command.arguments), troff(command.help));
    if (!command.of_target.empty()) {
      text += fmt::format("Of the options of a target these count: {}.\n",
                          troff(fmt::format("{}", fmt::join(command.of_target, ", "))));
    }
    for (const FlagInfo& flag : command.flags) {
      if (flag.name != "target") text += manual_flag(flag);
    }
  }
  return text;
}

std::string manual_options(std::string_view title, OptionScope scope) {
  std::string text = fmt::format(".SH {}\n", title);
  const CommandInfo& load = *find_command("load");
  for (const FlagInfo& flag : flags_of(load)) {
    const OptionInfo* info = find_option(flag.name);
    if (info != nullptr && info->scope == scope) text += manual_flag(flag);
  }
  return text;
}

constexpr std::string_view kManualHead = R"(.SH NAME
ctk \- keep SQL tables equal to DynamoDB tables
.SH SYNOPSIS
.B ctk
.I COMMAND
[\fIARGUMENT\fR]... [\fIOPTION\fR]...
.SH DESCRIPTION
.B ctk
reads the changes of DynamoDB tables from a Kinesis Data Stream, from DynamoDB Streams or from a file and applies them to
tables in CrateDB, PostgreSQL, MySQL, MariaDB, SQLite or any database with an ODBC driver, so that replays, duplicates and
reordering do no harm.
Options may stand before or after the arguments. Every option of a source or target can also be written in its URL
(\fI?region=eu\-central\-1&once=true\fR); the flag wins.
Durations are 250ms, 5s, 15m, 2h or 7d, a bare number is seconds; sizes are 64KB, 4MB or 1GB, a bare number is bytes.
.SH SOURCES
.TP
\fBkinesis+dynamodb+cdc://\fR[\fIKEY\fB:\fISECRET\fB@\fR](\fBaws\fR|\fIhost\fB:\fIport\fR)\fB/\fISTREAM\fR
A Kinesis Data Stream, by name or ARN. It is asked in CBOR, and in JSON where the endpoint does not know that;
\fBprotocol=\fR\fIjson\fR|\fIcbor\fR decides it.
.TP
\fBdynamodb+cdc://\fR[\fIKEY\fB:\fISECRET\fB@\fR](\fBaws\fR|\fIhost\fB:\fIport\fR)\fB/\fITABLE\fR
The stream of a DynamoDB table, by the table's name or ARN, or by its own ARN.
Without stored positions it begins with the oldest change that the stream still has: a day's at most.
With \fBsnapshot=initial\fR the table is loaded beside it.
.TP
\fBdynamodb://\fR[\fIKEY\fB:\fISECRET\fB@\fR](\fBaws\fR|\fIhost\fB:\fIport\fR)\fB/\fITABLE\fR
The table's items, once, by parallel Scan.
.TP
\fBfile+dynamodb+cdc:///\fIpath\fR
Recorded events: JSON objects, one or many a line, or over many lines, or in arrays; also gzip or zstd. \fB:\-\fR is standard input.
.SH TARGETS
.TP
\fBcrate://\fIuser\fB:\fIpassword\fB@\fIhost\fB:4200/\fIschema\fB/\fItable\fR
CrateDB over HTTP; \fB?ssl=true\fR for TLS.
.TP
\fBpostgresql://\fIuser\fB:\fIpassword\fB@\fIhost\fB/\fIdatabase\fB?table=\fIschema.table\fR
PostgreSQL.
.TP
\fBmysql://\fIuser\fB:\fIpassword\fB@\fIhost\fB/\fIdatabase\fB?table=\fIname\fR, \fBmariadb://\fR…
MySQL 8, MariaDB from 10.6 on.
.TP
\fBodbc:///?dsn=\fINAME\fB&table=\fIname\fR, \fBodbc:///?connection=\fRDRIVER%3D…
An ODBC data source, whatever its database is; \fB\-\-dialect\fR names its SQL.
.TP
\fBsqlite:///\fIfile.db\fB?table=\fIname\fR
SQLite; four slashes begin an absolute path.
.TP
\fBndjson:///\fIfile\fR, \fBndjson:\-\fR
One JSON object a change.
.PP
Without a second argument the target is \fB\-\-target\fR, else \fBCRATEDB_CLUSTER_URL\fR, else
\fBCRATEDB_SQLALCHEMY_URL\fR.
)";

constexpr std::string_view kManualTail = R"(.SH EXIT STATUS
.TP
0
Done, or stopped cleanly by SIGINT or SIGTERM.
.TP
1
Something outside did not do what was needed, or a load was stopped before its end.
.TP
2
Usage or configuration error; nothing was touched.
.TP
3
The source no longer has what is needed, or is another one than before.
.TP
4
A bounded run finished, and some changes are in the dead letters.
.TP
5
\fBctk verify\fR found differences, or \fBctk check\fR a failure.
.SH ENVIRONMENT
CRATEDB_CLUSTER_URL, CRATEDB_SQLALCHEMY_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE,
AWS_DEFAULT_PROFILE, AWS_REGION, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_KINESIS, AWS_ENDPOINT_URL_DYNAMODB,
AWS_ENDPOINT_URL_DYNAMODB_STREAMS, AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL_SSO, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS,
AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT, AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE,
AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI,
AWS_CONTAINER_CREDENTIALS_FULL_URI, AWS_CONTAINER_AUTHORIZATION_TOKEN, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE,
AWS_EC2_METADATA_DISABLED, AWS_EC2_METADATA_SERVICE_ENDPOINT, AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE, AWS_CA_BUNDLE, HTTPS_PROXY,
NO_PROXY, SSL_CERT_FILE, PGPASSWORD, MYSQL_PWD, NO_COLOR.
\fBctk lambda\fR and \fBctk kcl\-processor\fR take CTK_TARGET and CTK_OPTIONS, too.
A file \fB.env\fR in the working directory is read and never overrides what is set.
.SH EXAMPLES
.nf
ctk check \e
  "dynamodb+cdc://aws/orders?region=eu\-central\-1&snapshot=initial" \e
  "postgresql://user:pw@localhost/db?table=public.orders"
ctk load \e
  "dynamodb+cdc://aws/orders?region=eu\-central\-1&snapshot=initial" \e
  "postgresql://user:pw@localhost/db?table=public.orders"
ctk load file+dynamodb+cdc:///path/events.ndjson \e
  "sqlite:///demo.db?table=demo"
export CRATEDB_SQLALCHEMY_URL=crate://crate@localhost:4200/testdrive/demo
ctk load "kinesis+dynamodb+cdc://aws/cdc\-stream?region=eu\-central\-1"
ctk shell \-\-command "SELECT * FROM testdrive.demo;"
ctk show table testdrive.demo
.fi
)";

}  // namespace

std::string bash_completion() {
  return fmt::format(R"bash(# bash completion of ctk: eval "$(ctk completion bash)"
_ctk() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}
  local words='{}' flags='--help --version' values='' command=''
  local word count=0 i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${{COMP_WORDS[i]}}
    case $word in -*) continue ;; esac
    count=$((count + 1))
    [ $count -le 2 ] && command="$command${{command:+ }}$word"
  done
  case $command in
{}  esac
  case $command in
{}  esac
  [ -n "$values" ] && words=$values flags=''
  case $current in -*) words=$flags ;; esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ ${{#COMPREPLY[@]}} -eq 1 ] && case ${{COMPREPLY[0]}} in *: | */ | *.) compopt -o nospace 2>/dev/null ;; esac
  return 0
}}
complete -o default -F _ctk ctk
)bash",
                     joined(first_words()), second_word_cases(), bash_command_cases());
}

std::string zsh_completion() {
  // zsh reads bash's completion functions itself.
  return "#compdef ctk\n# zsh completion of ctk: eval \"$(ctk completion zsh)\"\n"
         "autoload -Uz bashcompinit && bashcompinit\n" +
         bash_completion();
}

std::string fish_completion() {
  std::string text = "# fish completion of ctk: ctk completion fish | source\ncomplete -c ctk -f\n";
  const std::string firsts = joined(first_words());
  for (const std::string& word : first_words()) {
    const CommandInfo* command = find_command(word);
    text += fmt::format("complete -c ctk -n 'not __fish_seen_subcommand_from {}' -a {} -d {}\n", firsts, word,
                        single_quoted(command == nullptr ? group_help(word) : command->help));
  }
  for (const CommandInfo& command : all_commands()) {
    if (!is_offered(command)) continue;
    const size_t blank = command.path.find(' ');
    const std::string first(command.path.substr(0, blank));
    std::string when = "__fish_seen_subcommand_from " + first;
    if (blank != std::string_view::npos) {
      const std::string second(command.path.substr(blank + 1));
      text += fmt::format(
          "complete -c ctk -n '__fish_seen_subcommand_from {}; and not __fish_seen_subcommand_from {}' -a {} -d {}\n",
          first, joined(second_words(first)), second, single_quoted(command.help));
      when += "; and __fish_seen_subcommand_from " + second;
    } else if (const std::string words = argument_words(command); !words.empty()) {
      text += fmt::format("complete -c ctk -F -n '{}' -a {}\n", when, single_quoted(words));
    }
    for (const FlagInfo& flag : flags_of(command)) {
      if (flag_word(flag).ends_with('.')) continue;
      text += fmt::format("complete -c ctk -n '{}' -l {}", when, flag.name);
      if (flag.letter != 0) text += fmt::format(" -s {}", flag.letter);
      if (flag.kind != OptionKind::boolean) text += " -x";
      if (!flag.choices.empty()) text += fmt::format(" -a {}", single_quoted(joined(split_choices(flag.choices))));
      text += fmt::format(" -d {}\n", single_quoted(flag.help));
    }
  }
  return text;
}

std::string manual_page() {
  std::string text = fmt::format(
      ".\\\" Made by `ctk man` from the program's own tables.\n.TH CTK 1 \"\" \"ctk {}\" "
      "\"User Commands\"\n",
      version());
  text += kManualHead;
  text += manual_commands();
  text += manual_options("OPTIONS OF A SOURCE", OptionScope::source);
  text += manual_options("OPTIONS OF A TARGET", OptionScope::target);
  text += manual_options("OPTIONS OF A RUN", OptionScope::run);
  text += ".SH OPTIONS OF EVERY COMMAND\n";
  for (const FlagInfo& flag : common_flags()) text += manual_flag(flag);
  return text + std::string(kManualTail);
}

}  // namespace ctk::cli
