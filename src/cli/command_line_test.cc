#include "cli/command_line.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <sstream>

#include "cli/commands.h"

namespace ctk::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::StartsWith;
using Words = std::vector<std::string>;

template <class T>
T parsed(const Words& words) {
  auto line = parse_command_line(words);
  if (!line) {
    ADD_FAILURE() << to_string(line.error());
    return T{};
  }
  if (!std::holds_alternative<T>(line->command)) {
    ADD_FAILURE() << "another command";
    return T{};
  }
  return std::get<T>(line->command);
}

/// The sentence of a usage error.
std::string refused(const Words& words) {
  const auto line = parse_command_line(words);
  if (line) return "accepted";
  EXPECT_EQ(line.error().kind, ErrorKind::usage);
  return line.error().message;
}

constexpr const char* kSource = "kinesis+dynamodb+cdc://k:s@aws/cdc-stream?region=eu-central-1";

TEST(CommandLine, HelpAndVersionAreCommandsToo) {
  EXPECT_EQ(parsed<PrintCommand>({"help"}).text, help_text(""));
  EXPECT_EQ(parsed<PrintCommand>({"help", "load"}).text, help_text("load"));
  EXPECT_EQ(parsed<PrintCommand>({"help", "positions"}).text, help_text("positions"));
  EXPECT_EQ(parsed<PrintCommand>({"help", "positions", "list"}).text, help_text("positions list"));
  EXPECT_EQ(parsed<PrintCommand>({"-q", "help"}).text, help_text(""));
  EXPECT_EQ(parsed<PrintCommand>({"version"}).text, parsed<PrintCommand>({"--version"}).text);
  EXPECT_THAT(refused({"help", "laod"}), HasSubstr("did you mean \"load\"?"));
}

TEST(CommandLine, EachCommandTakesWhatCountsForIt) {
  EXPECT_EQ(refused({"shell", "sqlite:///x.db", "--layout", "document"}), "unknown option --layout");
  EXPECT_EQ(refused({"shell", "sqlite:///x.db", "--key-type.id", "text"}), "unknown option --key-type.id");
  EXPECT_EQ(refused({"positions", "list", "--batch-rows", "5"}), "unknown option --batch-rows");
  EXPECT_EQ(parsed<ShowTableCommand>({"show", "table", "x", "--schema", "s", "--timeout", "5s"}).table, "x");
  EXPECT_THAT(help_text("shell"), AllOf(HasSubstr("--timeout"), testing::Not(HasSubstr("--schema"))));
  EXPECT_THAT(help_text("show table"), AllOf(HasSubstr("--schema"), testing::Not(HasSubstr("--layout"))));
  EXPECT_THAT(help_text("load"), AllOf(HasSubstr("--schema"), HasSubstr("--layout")));
  for (const CommandInfo& command : all_commands()) {
    if (!command.target_options) continue;
    EXPECT_THAT(help_text(std::string(command.path)) + (command.is_as_load ? help_text("load") : ""),
                AllOf(HasSubstr("--dsn"), HasSubstr("--connection"), HasSubstr("--dialect"), HasSubstr("--unix-socket")))
        << command.path;
  }
}

TEST(CommandLine, LoadTakesBothSpellings) {
  for (const Words& words : {Words{"load", kSource}, Words{"load", "table", kSource}}) {
    const auto load = parsed<LoadCommand>(words);
    EXPECT_EQ(load.source, kSource);
    EXPECT_EQ(load.target.argument, std::nullopt);
    EXPECT_FALSE(load.dry_run || load.reset || load.json_summary);
  }
  const auto load = parsed<LoadCommand>({"load", "table", kSource, "sqlite:///demo.db"});
  EXPECT_EQ(load.target.argument, "sqlite:///demo.db");
}

TEST(CommandLine, FlagsStandAnywhere) {
  for (const Words& words :
       {Words{"--quiet", "load", "--once", kSource, "--region", "eu-west-1", "ndjson:-"},
        Words{"load", kSource, "ndjson:-", "--region=eu-west-1", "--once", "--quiet"},
        Words{"load", "--region", "eu-west-1", "-q", "table", "--once", "true", kSource, "ndjson:-"}}) {
    const auto line = parse_command_line(words);
    ASSERT_TRUE(line) << line.error().message;
    EXPECT_TRUE(line->output.quiet);
    EXPECT_EQ(line->output.log_level, LogLevel::warn);
    const auto& load = std::get<LoadCommand>(line->command);
    EXPECT_EQ(load.source, kSource);
    EXPECT_EQ(load.target.argument, "ndjson:-");
    EXPECT_THAT(load.target.flags, testing::IsSupersetOf({Pair("region", "eu-west-1"), Pair("once", "true")}));
  }
}

TEST(CommandLine, BooleansNeedNoValue) {
  const auto load = parsed<LoadCommand>({"load", "--once", kSource, "--typed=no", "--adopt", "0", "--dry-run", "--reset"});
  EXPECT_THAT(load.target.flags, testing::IsSupersetOf({Pair("once", "true"), Pair("typed", "no"), Pair("adopt", "0")}));
  EXPECT_TRUE(load.dry_run);
  EXPECT_TRUE(load.reset);
  EXPECT_FALSE(parsed<LoadCommand>({"load", kSource, "--dry-run=false"}).dry_run);
}

TEST(CommandLine, TakesTheOpenFamilies) {
  const auto load =
      parsed<LoadCommand>({"load", "--key-type.id", "bigint", kSource, "--type.a.b=text", "--key-type.x=y=numeric"});
  EXPECT_EQ(load.source, kSource);
  EXPECT_THAT(load.target.flags, testing::IsSupersetOf({Pair("key-type.id", "bigint"), Pair("type.a.b", "text"),
                                                        Pair("key-type.x=y", "numeric")}));
  EXPECT_THAT(refused({"load", kSource, "--key-type.id"}), HasSubstr("--key-type.id needs a value"));
  EXPECT_THAT(refused({"completion", "bash", "--key-type.id", "text"}), HasSubstr("unknown option --key-type.id"));
}

TEST(CommandLine, TheIssuesOwnLines) {
  parsed<LoadCommand>(
      {"load", "table", "kinesis+dynamodb+cdc://AWS_ACCESS_KEY:AWS_SECRET_ACCESS_KEY@aws/cdc-stream?region=eu-central-1"});
  parsed<LoadCommand>(
      {"load", "table", "kinesis+dynamodb+cdc://LSIAQAAAAAAVNCBMPNSG:dummy@localhost:4566/cdc-stream?region=eu-central-1"});
  parsed<LoadCommand>({"load", "file+dynamodb+cdc:///path/events.ndjson", "sqlite:///demo.db?table=demo"});
  const auto dry = parsed<LoadCommand>(
      {"load", "file+dynamodb+cdc:///path/events.ndjson", "--dry-run", "--target", "crate://localhost:4200/doc/demo"});
  EXPECT_TRUE(dry.dry_run);
  EXPECT_EQ(dry.target.flag, "crate://localhost:4200/doc/demo");
  EXPECT_THAT(parsed<ShellCommand>({"shell", "--command", "SELECT * FROM testdrive.demo;"}).statements,
              ElementsAre("SELECT * FROM testdrive.demo;"));
  EXPECT_EQ(parsed<ShowTableCommand>({"show", "table", "testdrive.demo"}).table, "testdrive.demo");
}

TEST(CommandLine, ShellTakesManyCommands) {
  const auto shell = parsed<ShellCommand>({"shell", "-c", "SELECT 1", "sqlite:///x.db", "-cSELECT 2", "--format", "csv"});
  EXPECT_THAT(shell.statements, ElementsAre("SELECT 1", "SELECT 2"));
  EXPECT_EQ(shell.format, "csv");
  EXPECT_EQ(shell.target.argument, "sqlite:///x.db");
}

TEST(CommandLine, ATableMayBeCalledLikeACommand) {
  EXPECT_EQ(parsed<ShowTableCommand>({"show", "table", "demo"}).table, "demo");
  EXPECT_EQ(parsed<ShowTableCommand>({"show", "table", "shell", "sqlite:///x.db"}).table, "shell");
  EXPECT_EQ(parsed<ShowTableCommand>({"show", "table", "--", "--odd"}).table, "--odd");
}

TEST(CommandLine, PositionsTellRelayFromTarget) {
  using Verb = PositionsCommand::Verb;
  auto list = parsed<PositionsCommand>({"positions", "list", "sqlite:///x.db", "--format", "json"});
  EXPECT_EQ(list.verb, Verb::list);
  EXPECT_EQ(list.target.argument, "sqlite:///x.db");
  EXPECT_EQ(list.relay, std::nullopt);
  EXPECT_TRUE(list.json);
  auto reset = parsed<PositionsCommand>({"positions", "reset", "kinesis:cdc@doc.demo", "crate://localhost", "--yes"});
  EXPECT_EQ(reset.verb, Verb::reset);
  EXPECT_EQ(reset.relay, "kinesis:cdc@doc.demo");
  EXPECT_EQ(reset.target.argument, "crate://localhost");
  EXPECT_TRUE(reset.yes);
  EXPECT_EQ(parsed<PositionsCommand>({"positions", "prune", "-y"}).verb, Verb::prune);
}

TEST(CommandLine, DeadLetters) {
  EXPECT_EQ(parsed<DeadLettersCommand>({"dead-letters", "list"}).id, std::nullopt);
  const auto show = parsed<DeadLettersCommand>({"dead-letters", "show", "abc123", "sqlite:///x.db"});
  EXPECT_EQ(show.id, "abc123");
  EXPECT_EQ(show.target.argument, "sqlite:///x.db");
}

TEST(CommandLine, TopAsksWhereTheExamplesListen) {
  EXPECT_EQ(parsed<TopCommand>({"top"}).url, "http://127.0.0.1:8080");
  EXPECT_EQ(parsed<TopCommand>({"top", "http://[::1]:9"}).url, "http://[::1]:9");
}

TEST(CommandLine, TopAndStatusSayWhichUrlIsWanted) {
  EXPECT_EQ(parsed<TopCommand>({"top", "localhost:9"}).url, "http://localhost:9");
  EXPECT_EQ(parsed<TopCommand>({"top", "https://h/behind/a/proxy/"}).url, "https://h/behind/a/proxy/");
  for (const char* url : {"http://", "http://:80", "http://h:0x", "http://a:1,b:2", "http://h:1?x", "sqlite:///x.db",
                          "postgresql://u:hidden@h/d"}) {
    const std::string text = refused({"top", url});
    EXPECT_THAT(text, HasSubstr("accepted is http://HOST:PORT, as --listen says it"));
    EXPECT_EQ(text.find("hidden"), std::string::npos);
  }
  for (const char* url : {"http://", "https://:80"})
    EXPECT_THAT(refused({"status", url}), HasSubstr("accepted is http://HOST:PORT, as --listen says it"));
}

TEST(CommandLine, ReplayTakesIdsOrAll) {
  const auto some = parsed<ReplayCommand>(
      {"dead-letters", "replay", "abc", "sqlite:///x.db", "def", "abc", "--key-type.id=text", "--include", "a,b"});
  EXPECT_EQ(some.ids, (Words{"abc", "def"}));
  EXPECT_EQ(some.target.argument, "sqlite:///x.db");
  EXPECT_THAT(some.target.flags, testing::IsSupersetOf({Pair("key-type.id", "text"), Pair("include", "a,b")}));
  EXPECT_FALSE(some.dry_run || some.json);
  const auto all = parsed<ReplayCommand>({"dead-letters", "replay", "--all", "--dry-run", "--format", "json"});
  EXPECT_TRUE(all.ids.empty() && all.dry_run && all.json);
  EXPECT_THAT(refused({"dead-letters", "replay"}), HasSubstr("needs the ids of dead letters, or --all"));
  EXPECT_THAT(refused({"dead-letters", "replay", "sqlite:///x.db"}), HasSubstr("found neither"));
  EXPECT_THAT(refused({"dead-letters", "replay", "abc", "--all"}), HasSubstr("found both"));
  EXPECT_THAT(refused({"dead-letters", "replay", "--all", "--adopt"}), HasSubstr("unknown option --adopt"));
}

TEST(CommandLine, OutputOptions) {
  const auto line =
      parse_command_line({"load", kSource, "--log-format", "json", "--log-level", "debug", "--format", "json"});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->output.log_format, observe::LogFormat::json);
  EXPECT_EQ(line->output.log_level, LogLevel::debug);
  EXPECT_TRUE(std::get<LoadCommand>(line->command).json_summary);
}

TEST(CommandLine, OneNameMayTakeAValueInOneCommandOnly) {
  EXPECT_TRUE(parsed<CheckCommand>({"check", "--policy", kSource, "ndjson:-"}).policy);
  EXPECT_EQ(parsed<SimulatorCommand>({"simulator", "--policy", "true"}).policy, "true");
}

TEST(CommandLine, ACheckIsOfTheSameLoad) {
  const auto check = parsed<CheckCommand>({"check", "table", kSource, "ndjson:-", "--once", "--format", "json"});
  EXPECT_TRUE(check.json);
  EXPECT_FALSE(check.policy);
  EXPECT_EQ(check.load.source, kSource);
  EXPECT_EQ(check.load.target.argument, "ndjson:-");
  EXPECT_THAT(check.load.reset_command, testing::EndsWith("ndjson:- --once=true --reset"));
}

TEST(CommandLine, HelpAndVersion) {
  EXPECT_EQ(parsed<PrintCommand>({"--version"}).text, "ctk 0.1.0\n");
  EXPECT_EQ(parsed<PrintCommand>({}).text, help_text(""));
  EXPECT_EQ(parsed<PrintCommand>({"--help"}).text, help_text(""));
  EXPECT_EQ(parsed<PrintCommand>({"load", "--help"}).text, help_text("load"));
  EXPECT_EQ(parsed<PrintCommand>({"load", "table", "-h"}).text, help_text("load"));
  EXPECT_EQ(parsed<PrintCommand>({"positions", "--help"}).text, help_text("positions"));
  EXPECT_EQ(parsed<PrintCommand>({"positions", "list", "--help"}).text, help_text("positions list"));
  EXPECT_THAT(parsed<PrintCommand>({"lambda", "--help"}).text, HasSubstr("ReportBatchItemFailures"));
}

TEST(CommandLine, SlipsAreNamed) {
  EXPECT_THAT(refused({"laod", kSource}), AllOf(HasSubstr("\"laod\""), HasSubstr("did you mean \"load\"?")));
  EXPECT_THAT(refused({"load", kSource, "--regoin", "x"}), AllOf(HasSubstr("--regoin"), HasSubstr("\"--region\"")));
  EXPECT_EQ(refused({"--once", "load", kSource}), "option --once stands before its command: expected ctk load ... --once");
  EXPECT_THAT(refused({"load", kSource, "--regoin=x"}), HasSubstr("unknown option --regoin (did you mean \"--region\"?)"));
  EXPECT_THAT(refused({"load", kSource, "--region"}), HasSubstr("--region needs a value"));
  EXPECT_THAT(refused({"load"}), "ctk load needs [table] SOURCE [TARGET], or --config FILE, found nothing");
  EXPECT_THAT(refused({"load", "table"}), HasSubstr("needs [table] SOURCE"));
  EXPECT_THAT(refused({"load", kSource, "ndjson:-", "x"}), HasSubstr("found one more: \"x\""));
  EXPECT_EQ(refused({"demo", "x"}), "ctk demo takes no arguments, found \"x\"");
  EXPECT_THAT(refused({"show"}), "ctk show needs a command: table");
  EXPECT_THAT(refused({"positions"}), HasSubstr("list, reset or prune"));
  EXPECT_THAT(refused({"positions", "lst"}), AllOf(HasSubstr("\"positions lst\""), HasSubstr("did you mean \"list\"?")));
  EXPECT_THAT(refused({"shell", "--format", "jsn"}),
              "option --format: found \"jsn\", accepted is table, json, csv or vertical (did you mean \"json\"?)");
  EXPECT_THAT(refused({"load", kSource, "--log-level", "verbose"}), HasSubstr("error, warn, info or debug"));
  EXPECT_THAT(refused({"load", kSource, "--dry-run=maybe"}),
              HasSubstr("--dry-run: found \"maybe\", accepted is true or false"));
  EXPECT_THAT(refused({"completion", "tcsh"}), HasSubstr("bash, zsh or fish"));
  EXPECT_THAT(refused({"--verison"}), HasSubstr("--verison"));
}

TEST(CommandLine, HelpEndsWithExamples) {
  for (const CommandInfo& command : all_commands()) {
    const bool says_all =
        command.hidden || (command.arguments.empty() && command.path != "simulator") || command.path == "help";
    const std::string help = help_text(command.path);
    const size_t examples = help.find("\nExamples:\n");
    ASSERT_EQ(examples == std::string::npos, says_all) << command.path;
    if (says_all) continue;
    EXPECT_THAT(help.substr(examples), HasSubstr(fmt::format("ctk {}", command.path)));
  }
}

TEST(CommandLine, HelpFitsATerminalOf80Columns) {
  std::vector<std::string> paths = first_words();
  paths.emplace_back("");
  for (const CommandInfo& command : all_commands()) paths.emplace_back(command.path);
  for (const std::string& path : paths) {
    std::istringstream lines(help_text(path));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << path << ": " << line;
  }
}

TEST(CommandLine, OtherPeoplesEnginesTakeATargetAndNoSource) {
  const auto lambda = parsed<LambdaCommand>({"lambda", "sqlite:///x.db", "--on-error=stop", "--table", "x"});
  EXPECT_EQ(lambda.load.target.argument, "sqlite:///x.db");
  EXPECT_THAT(lambda.load.target.flags, testing::Contains(std::pair<std::string, std::string>("on-error", "stop")));
  EXPECT_THAT(refused({"lambda", "sqlite:///x.db", "--once"}), HasSubstr("--once"));
  EXPECT_THAT(refused({"lambda", "sqlite:///x.db", "sqlite:///y.db"}), HasSubstr("found one more"));
}

TEST(CommandLine, AFileOfRelaysStandsForSourceAndTarget) {
  const auto load = parsed<LoadConfigCommand>({"load", "--config", "x.toml", "--once", "--exit-on-failure"});
  EXPECT_EQ(load.file, "x.toml");
  EXPECT_THAT(load.flags, testing::Contains(std::pair<std::string, std::string>("once", "true")));
  EXPECT_THAT(load.flags, testing::Contains(std::pair<std::string, std::string>("exit-on-failure", "true")));
  EXPECT_EQ(parsed<CheckConfigCommand>({"check", "--config=x.toml", "--policy"}).policy, true);
  EXPECT_THAT(refused({"load", kSource, "--config", "x.toml"}), HasSubstr("found both"));
  EXPECT_THAT(refused({"load", "--config", "x.toml", "--reset"}), HasSubstr("--reset is for one relay"));
  EXPECT_THAT(refused({"load", kSource, "--exit-on-failure"}), HasSubstr("goes with --config"));
}

TEST(CommandLine, Record) {
  const auto plain = parsed<RecordCommand>({"record", kSource, "x.json"});
  EXPECT_EQ(plain.file, "x.json");
  EXPECT_FALSE(plain.max_records || plain.time);
  const auto bounded = parsed<RecordCommand>({"record", kSource, "-", "--max-records", "7", "--for", "2m"});
  EXPECT_EQ(bounded.max_records, 7u);
  EXPECT_EQ(bounded.time, std::chrono::minutes(2));
  EXPECT_THAT(refused({"record", kSource}), HasSubstr("needs SOURCE FILE"));
  EXPECT_THAT(refused({"record", kSource, "x", "--max-records", "0"}), HasSubstr("accepted is a whole number above 0"));
  EXPECT_THAT(refused({"record", kSource, "x", "--for", "soon"}), HasSubstr("accepted is a duration"));
}

TEST(CommandLine, Verify) {
  const auto plain = parsed<VerifyCommand>({"verify", kSource, "sqlite:///x.db"});
  EXPECT_EQ(plain.source, kSource);
  EXPECT_EQ(plain.target.argument, "sqlite:///x.db");
  EXPECT_EQ(plain.settle, std::nullopt);
  EXPECT_EQ(plain.show, 100u);
  EXPECT_EQ(plain.sample, 1);
  EXPECT_FALSE(plain.repair);
  const auto given =
      parsed<VerifyCommand>({"verify", kSource, "--settle", "5s", "--show=0", "--sample", "1%", "--format=json"});
  EXPECT_EQ(given.settle, std::chrono::seconds(5));
  EXPECT_EQ(given.show, 0u);
  EXPECT_EQ(given.sample, 0.01);
  EXPECT_TRUE(given.json);
  EXPECT_TRUE(parsed<VerifyCommand>({"verify", kSource, "--repair"}).repair);
  EXPECT_THAT(refused({"verify", kSource, "--settle", "soon"}), AllOf(HasSubstr("--settle"), HasSubstr("soon")));
  EXPECT_THAT(refused({"verify", kSource, "--show", "-1"}), HasSubstr("--show: found \"-1\""));
  for (const char* share : {"0%", "101%", "few"})
    EXPECT_THAT(refused({"verify", kSource, "--sample", share}), AllOf(HasSubstr("--sample"), HasSubstr("100%")));
}

TEST(ResetCommand, IsTheSameLineWithoutSecrets) {
  const auto load =
      parsed<LoadCommand>({"load", "table", "kinesis+dynamodb+cdc://AKID:wJalr/secret@aws/cdc?region=x&session-token=tok",
                           "--session-token", "other", "--type.a=text", "--rename", "it's:its"});
  EXPECT_THAT(load.reset_command, StartsWith("ctk load table "));
  EXPECT_THAT(load.reset_command, testing::EndsWith("'***' --type.a=text --rename 'it'\\''s:its' --reset"));
  for (const char* secret : {"wJalr", "tok", "other"})
    EXPECT_THAT(load.reset_command, Not(HasSubstr(secret + std::string("@"))));
  EXPECT_THAT(load.reset_command, AllOf(HasSubstr("AKID:***@aws/cdc"), Not(HasSubstr("wJalr")), Not(HasSubstr("=tok'"))));
}

TEST(Listen, IsFreeOnLoopbackAndElsewhereAsksWhoMayCome) {
  const auto listen = [](const Words& more) {
    Words words = {"load", kSource, "ndjson:-"};
    words.insert(words.end(), more.begin(), more.end());
    return parsed<LoadCommand>(words).listen;
  };
  EXPECT_FALSE(listen({}));
  EXPECT_EQ(listen({"--listen", "127.0.0.1:0"})->host, "127.0.0.1");
  EXPECT_EQ(listen({"--listen", "localhost:8080"})->port, 8080);
  EXPECT_EQ(listen({"--listen", "[::1]:8080"})->host, "::1");
  EXPECT_EQ(listen({"--listen", "127.0.0.1:0"})->health_window, std::chrono::seconds(60));
  EXPECT_EQ(listen({"--listen", "127.0.0.1:0", "--health-window", "5m"})->health_window, std::chrono::minutes(5));
  EXPECT_EQ(listen({"--listen", "0.0.0.0:1", "--listen-token", "long-enough"})->door.token->reveal(), "long-enough");
  EXPECT_EQ(listen({"--listen", "0.0.0.0:1", "--listen-token", "short"})->door.token->reveal(), "short");
  EXPECT_TRUE(listen({"--listen", "0.0.0.0:1", "--listen-open"})->door.open);
}

TEST(Listen, SaysWhatIsAccepted) {
  const auto refusal = [](const Words& more) {
    Words words = {"load", kSource, "ndjson:-"};
    words.insert(words.end(), more.begin(), more.end());
    return refused(words);
  };
  for (const char* host : {"0.0.0.0", "[::]", "10.0.0.1", "example.com"})
    EXPECT_THAT(refusal({"--listen", std::string(host) + ":8080"}), HasSubstr("nothing says who may ask")) << host;
  for (const char* address : {"8080", ":8080", "localhost", "localhost:", "localhost:65536", "::1:80", "localhost:-1"})
    EXPECT_THAT(refusal({"--listen", address}), HasSubstr("accepted is HOST:PORT")) << address;
  EXPECT_THAT(refusal({"--listen-token", "long-enough"}), HasSubstr("--listen, which is not given"));
  EXPECT_THAT(refusal({"--listen", "0.0.0.0:1", "--listen-token", ""}), HasSubstr("--listen-token: found \"\""));
  for (const char* token : {" ", "\t", "a\nb", "a\r", " abc", "abc "})
    EXPECT_THAT(refusal({"--listen", "0.0.0.0:1", "--listen-token", token}), HasSubstr("a header of HTTP")) << token;
  EXPECT_THAT(refused({"top", "--listen-token", " "}), HasSubstr("a header of HTTP"));
  EXPECT_THAT(refused({"status", "http://h", "--listen-token", "a\nb"}), HasSubstr("a header of HTTP"));
  EXPECT_THAT(refusal({"--listen", "0.0.0.0:1", "--listen-token", "long-enough", "--listen-open"}),
              HasSubstr("accepted is one of them"));
  EXPECT_THAT(refusal({"--listen", "127.0.0.1:0", "--health-window", "soon"}),
              HasSubstr("--health-window: found \"soon\""));
}

TEST(ShownCommand, HidesTheTokenInBothForms) {
  EXPECT_EQ(shown_command({"load", "--listen-token=abc", "--listen-token", "def", "x"}),
            "load '--listen-token=***' --listen-token '***' x");
  EXPECT_EQ(shown_command({"load", "--session-token=abc", "--session-token", "def", "x"}),
            "load '--session-token=***' --session-token '***' x");
}

}  // namespace
}  // namespace ctk::cli
