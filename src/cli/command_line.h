// From the words of a command line to a command. Pure.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/time.h"
#include "cli/options.h"
#include "observe/door.h"
#include "observe/log_format.h"

namespace ctk::cli {

/// What is said of the target, in all the places where it may be said.
struct TargetWords {
  std::optional<std::string> argument;
  std::optional<std::string> flag;  ///< --target
  FlagValues flags;                 ///< options of source, target and run
};

/// --listen and what belongs to it.
struct ListenOptions {
  std::string host;
  int port = 0;  ///< 0: a free one
  observe::Door door;
  Duration health_window = std::chrono::seconds(60);
};

struct LoadCommand {
  std::string source;
  TargetWords target;
  bool dry_run = false;
  bool reset = false;
  bool json_summary = false;
  std::string reset_command;  ///< this command line with --reset, without its secrets
  std::optional<ListenOptions> listen;
};

/// `ctk load --config FILE`: several relays.
struct LoadConfigCommand {
  std::string file;
  FlagValues flags;  ///< of the process, and of every relay
  bool json_summary = false;
};

struct CheckConfigCommand {
  std::string file;
  FlagValues flags;
  bool json = false;
  bool policy = false;
};

struct CheckCommand {
  LoadCommand load;  ///< the run that is looked into; its reset_command is one of `ctk load`
  bool json = false;
  bool policy = false;  ///< only say which rights at AWS it takes
};

struct PlanCommand {
  LoadCommand load;
  bool json = false;
  std::vector<std::string> prices;  ///< NAME=VALUE
};

struct ShellCommand {
  std::vector<std::string> statements;  ///< of --command
  std::string format = "table";
  TargetWords target;
};

struct ShowTableCommand {
  std::string table;
  bool json = false;
  TargetWords target;
};

struct PositionsCommand {
  enum class Verb { list, reset, prune };
  Verb verb = Verb::list;
  std::optional<std::string> relay;
  bool json = false;
  bool yes = false;
  TargetWords target;
};

struct DeadLettersCommand {
  std::optional<std::string> id;  ///< `show`; nothing: `list`
  bool json = false;
  TargetWords target;
};

struct ReplayCommand {
  std::vector<std::string> ids;  ///< none: all of them
  bool dry_run = false;
  bool json = false;
  TargetWords target;
};

struct StatusCommand {
  std::optional<std::string> url;  ///< of a --listen; nothing: what is stored in the target
  std::optional<Secret> token;
  bool json = false;
  TargetWords target;
};

struct TopCommand {
  std::string url;  ///< of a --listen
  std::optional<Secret> token;
};

struct VerifyCommand {
  std::string source;
  TargetWords target;
  std::optional<Duration> settle;
  size_t show = 100;
  double sample = 1;  ///< of the keys
  bool repair = false;
  bool json = false;
};

/// A record processor for KCL's MultiLangDaemon.
struct KclProcessorCommand {
  LoadCommand load;  ///< of a file: standard input
};

/// A custom runtime of AWS Lambda.
struct LambdaCommand {
  LoadCommand load;  ///< likewise: Lambda gives the records
};

struct RecordCommand {
  std::string source;
  std::string file;  ///< "-": standard output
  FlagValues flags;  ///< options of the source and of the run
  std::optional<uint64_t> max_records;
  std::optional<Duration> time;  ///< --for
  bool reset = false;
  bool json = false;
  std::string reset_command;  ///< as LoadCommand has it
  std::optional<ListenOptions> listen;
};

struct CompletionCommand {
  std::string shell;
};

struct ManCommand {};

struct DemoCommand {
  std::string output;  ///< the SQLite file
};

struct SimulatorCommand {
  std::string host = "127.0.0.1";
  int port = 0;                      ///< 0: a free one
  std::optional<uint64_t> seed;      ///< none: another one each time
  double speed = 1;                  ///< seconds of the simulated clock in a second
  std::vector<std::string> tables;   ///< NAME:HASH[:RANGE]
  std::vector<std::string> streams;  ///< NAME:SHARDS
  std::string faults = "none";
  bool limits = true;                      ///< the services' own read limits
  std::optional<std::string> policy = {};  ///< a file
};

/// Help, version: text for standard output.
struct PrintCommand {
  std::string text;
};

using Command = std::variant<LoadCommand, LoadConfigCommand, CheckCommand, CheckConfigCommand, PlanCommand, ShellCommand,
                             ShowTableCommand, PositionsCommand, DeadLettersCommand, ReplayCommand, StatusCommand,
                             TopCommand, VerifyCommand, RecordCommand, CompletionCommand, ManCommand, DemoCommand,
                             SimulatorCommand, KclProcessorCommand, LambdaCommand, PrintCommand>;

/// How the program talks.
struct OutputOptions {
  observe::LogFormat log_format = observe::LogFormat::logfmt;
  LogLevel log_level = LogLevel::info;
  bool quiet = false;
};

struct CommandLine {
  OutputOptions output;
  Command command;
};

/// `words` without the program's name. Nothing at all asks for the help. Errors are `usage`.
Result<CommandLine> parse_command_line(const std::vector<std::string>& words);

/// The words as a shell would take them, each quoted where it must be, secrets as `***`.
std::string shown_command(const std::vector<std::string>& words);

}  // namespace ctk::cli
