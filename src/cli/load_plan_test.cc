#include "cli/load_plan.h"

#include <gmock/gmock.h>

#include "cli/exit_code.h"

namespace ctk::cli {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

Result<LoadPlan> plan(const Words& words, std::map<std::string, std::string> variables = {}) {
  const auto line = parse_command_line(words);
  if (!line) return std::unexpected(line.error());
  return plan_load(std::get<LoadCommand>(line->command),
                   {std::move(variables), "/nowhere", [](const std::string&) { return std::nullopt; }},
                   [](const std::string& path) { return path == "/path/events.ndjson"; });
}

LoadPlan planned(const Words& words, std::map<std::string, std::string> variables = {}) {
  auto result = plan(words, std::move(variables));
  if (result) return *result;
  ADD_FAILURE() << to_string(result.error());
  return {};
}

std::string refused(const Words& words) {
  const auto result = plan(words);
  if (result) return "accepted";
  EXPECT_EQ(exit_code(result.error().kind), 2) << to_string(result.error());
  return result.error().message;
}

const std::string kSource = "kinesis+dynamodb+cdc://k:s@localhost:4568/cdc?region=us-east-1";

TEST(LoadPlan, TheIssuesOwnLines) {
  const std::map<std::string, std::string> variables = {
      {"CRATEDB_SQLALCHEMY_URL", "crate://crate@localhost:4200/testdrive/demo"}};
  auto load = planned(
      {"load", "table", "kinesis+dynamodb+cdc://AWS_ACCESS_KEY:AWS_SECRET_ACCESS_KEY@aws/cdc-stream?region=eu-central-1"},
      variables);
  EXPECT_EQ(load.relay.schema, "testdrive");
  EXPECT_EQ(load.relay.table, "demo");
  EXPECT_EQ(load.relay.target, table::Target::cratedb);
  EXPECT_EQ(load.relay.tables.layout, table::Layout::ctk);
  EXPECT_FALSE(load.relay.once);
  EXPECT_FALSE(load.relay.start.given);

  load = planned({"load", "file+dynamodb+cdc:///path/events.ndjson", "sqlite:///demo.db?table=demo"}, variables);
  EXPECT_TRUE(load.source.is_file());
  EXPECT_EQ(load.relay.target, table::Target::sqlite);
  EXPECT_EQ(load.relay.table, "demo");

  load = planned({"load", "kinesis+dynamodb+cdc://k:s@localhost:4568/cdc?region=us-east-1&once=true",
                  "postgresql://user:pw@localhost/db?table=public.demo"});
  EXPECT_TRUE(load.relay.once);
  EXPECT_EQ(load.relay.schema, "public");
  EXPECT_EQ(load.relay.table, "demo");

  load = planned(
      {"load", "file+dynamodb+cdc:///path/events.ndjson", "--dry-run", "--target", "crate://localhost:4200/doc/demo"});
  EXPECT_TRUE(load.target.dry_run);

  load =
      planned({"load", "table", kSource},
              {{"CRATEDB_SQLALCHEMY_URL", "crate://admin:dZ6LqB@testdrive.eks1.eu-west-1.aws.cratedb.net:4200/?ssl=true"}});
  EXPECT_TRUE(load.target.ssl);
  EXPECT_EQ(load.relay.schema, "doc");
  EXPECT_EQ(load.relay.table, std::nullopt);
}

TEST(LoadPlan, OptionsReachTheRelay) {
  const auto load = planned({"load",
                             kSource + "&start=timestamp&at=2026-11-22T03:32:55Z&idle-poll=5s&max-lag=2s",
                             "sqlite:///x.db?delete-grace=never&batch-age=1s&batch-rows=10&max-memory=8MB",
                             "--on-gap",
                             "skip",
                             "--on-error=stop",
                             "--source-table",
                             "demo",
                             "--positions",
                             "memory",
                             "--positions-name",
                             "r",
                             "--start-timeout",
                             "5",
                             "--give-up=1m",
                             "--grace=2s",
                             "--include",
                             "a,b",
                             "--rename=a:c",
                             "--reset"});
  const auto& relay = load.relay;
  EXPECT_EQ(relay.start.kind, relay::StartPoint::Kind::timestamp);
  EXPECT_TRUE(relay.start.given);
  EXPECT_EQ(format_iso8601(relay.start.at), "2026-11-22T03:32:55.000000Z");
  EXPECT_EQ(relay.poll.idle_poll, 5s);
  EXPECT_EQ(relay.poll.max_lag, 2s);
  EXPECT_EQ(relay.sweep.grace, Duration::max());
  EXPECT_EQ(relay.batch.age, 1s);
  EXPECT_EQ(relay.batch.rows, 10u);
  EXPECT_EQ(relay.max_memory, 8u << 20);
  EXPECT_EQ(relay.on_gap, relay::OnGap::skip);
  EXPECT_EQ(relay.on_error, relay::OnError::stop);
  EXPECT_EQ(relay.source_table, "demo");
  EXPECT_TRUE(load.positions_in_memory);
  EXPECT_EQ(relay.positions_name, "r");
  EXPECT_EQ(relay.deadlines.start_timeout, 5s);
  EXPECT_EQ(load.target.start_timeout, 5s);
  EXPECT_EQ(relay.deadlines.give_up, 1min);
  EXPECT_EQ(relay.deadlines.grace, 2s);
  EXPECT_THAT(relay.tables.include, testing::ElementsAre("a", "b"));
  EXPECT_EQ(relay.tables.rename.size(), 1u);
  EXPECT_TRUE(relay.reset);
  EXPECT_THAT(relay.reset_command, HasSubstr("--reset"));
}

TEST(LoadPlan, SharedPositionsAreForgottenByOneWorkerWhileNoOtherRuns) {
  const LoadPlan shared = planned({"load", kSource, "sqlite:///x.db", "--positions=dynamodb"});
  EXPECT_THAT(shared.relay.reset_command, testing::MatchesRegex("stop all workers, start one by ctk load .* --reset, .*"));
  EXPECT_FALSE(shared.leases->reset);
  EXPECT_TRUE(planned({"load", kSource, "sqlite:///x.db", "--positions=dynamodb", "--reset"}).leases->reset);
  EXPECT_THAT(
      refused({"load", kSource, "sqlite:///x.db", "--positions=dynamodb", "--on-gap=resnapshot", "--source-table=demo"}),
      HasSubstr("on-gap=resnapshot loads it again"));
}

TEST(LoadPlan, AHistoryIsKeptWithPositions) {
  EXPECT_EQ(planned({"load", kSource, "sqlite:///x.db?history=h"}).relay.tables.history, "h");
  EXPECT_THAT(refused({"load", kSource, "sqlite:///x.db?history=h", "--positions=memory"}),
              testing::AllOf(HasSubstr("history"), HasSubstr("positions=memory")));
}

TEST(LoadPlan, SaysWhereDeadLettersAreWithoutSecrets) {
  const auto hint = [](const std::vector<std::string>& target) {
    std::vector<std::string> words = {"load", kSource};
    words.insert(words.end(), target.begin(), target.end());
    return planned(words).dead_letters_hint;
  };
  EXPECT_EQ(hint({"postgresql://u:geheim@h/d?schema=s"}),
            "list them with: ctk dead-letters list 'postgresql://u:***@h/d?schema=s'");
  EXPECT_EQ(hint({"sqlite:///a.db"}), "list them with: ctk dead-letters list sqlite:///a.db");
  EXPECT_EQ(hint({"postgresql://h/d", "--schema", "s"}),
            "list them with: ctk dead-letters list postgresql://h/d --schema=s");
  EXPECT_EQ(hint({"ndjson:-?dead-letters=x.ndjson"}), "they are in x.ndjson");
  EXPECT_THAT(hint({"ndjson:-"}), HasSubstr("dead-letters=FILE"));
}

TEST(LoadPlan, IdleSleepIsAnUpperBound) {
  EXPECT_EQ(planned({"load", kSource + "&idle-sleep=0.5", "ndjson:-"}).relay.poll.longest_idle_poll, 500ms);
  EXPECT_EQ(planned({"load", kSource + "&idle-sleep=60", "ndjson:-"}).relay.poll.idle_poll, std::nullopt);
  EXPECT_EQ(planned({"load", kSource + "&buffer-time=1", "ndjson:-"}).notes.size(), 1u);
}

TEST(LoadPlan, Refusals) {
  EXPECT_THAT(refused({"load", kSource}), HasSubstr("no target"));
  EXPECT_THAT(refused({"load", kSource + "&start=timestamp&at=yesterday", "ndjson:-"}),
              AllOf(HasSubstr("option at in the source's URL"), HasSubstr("yesterday")));
  EXPECT_THAT(refused({"load", kSource, "ndjson:-", "--start", "seqno-at", "--seqno", "12x"}),
              AllOf(HasSubstr("--seqno"), HasSubstr("SHARD:N")));
  EXPECT_THAT(refused({"load", kSource, "ndjson:-", "--positions-name=\xff\xfe"}),
              HasSubstr("accepted is a text in UTF-8"));
  EXPECT_THAT(refused({"load", kSource, "ndjson:-", "--include", "\"a"}), HasSubstr("--include"));
  EXPECT_THAT(refused({"load", kSource, "ndjson:-", "--snapshot", "initial"}), HasSubstr("does not name it"));
  EXPECT_THAT(refused({"load", kSource, "ndjson:-", "--on-gap", "resnapshot"}), HasSubstr("does not name it"));
  EXPECT_THAT(refused({"load", "dynamodb://aws/tab?region=x", "ndjson:-", "--snapshot", "initial"}),
              AllOf(HasSubstr("--snapshot"), HasSubstr("dynamodb+cdc://")));
  EXPECT_THAT(refused({"load", "dynamodb://aws/tab?region=x", "ndjson:-", "--read-capacity", "half"}),
              AllOf(HasSubstr("--read-capacity"), HasSubstr("50%")));
  EXPECT_THAT(refused({"load", "dynamodb://aws/tab?region=x", "ndjson:-", "--segments", "0"}), HasSubstr("--segments"));
}

TEST(LoadPlan, ALoadAloneOrBeforeTheStream) {
  const std::string cdc = "dynamodb+cdc://k:s@localhost:8000/demo?region=us-east-1";
  LoadPlan load = planned(
      {"load", "dynamodb://k:s@localhost:8000/demo?region=us-east-1&segments=7&read-capacity=50%25", "sqlite:///demo.db"});
  EXPECT_EQ(load.relay.load.snapshot, relay::Snapshot::only);
  EXPECT_EQ(load.relay.load.segments, 7);
  EXPECT_FALSE(load.source.follow);
  EXPECT_EQ(load.source.scan->table, "demo");
  EXPECT_EQ(load.source.scan->read_capacity, (ctk::load::ReadCapacity{50, true}));

  load = planned({"load", cdc + "&snapshot=initial", "sqlite:///demo.db"});
  EXPECT_EQ(load.relay.load.snapshot, relay::Snapshot::initial);
  EXPECT_TRUE(load.source.follow);
  EXPECT_EQ(load.source.scan->tables.url, "http://localhost:8000");
  EXPECT_FALSE(load.source.scan->read_capacity);

  load = planned({"load", cdc, "sqlite:///demo.db", "--snapshot", "only"});
  EXPECT_EQ(load.relay.load.snapshot, relay::Snapshot::only);
  EXPECT_FALSE(load.source.follow);

  load = planned({"load", cdc, "sqlite:///demo.db"});
  EXPECT_EQ(load.relay.load.snapshot, relay::Snapshot::none);
  EXPECT_FALSE(load.source.scan);

  load = planned({"load", cdc, "sqlite:///demo.db", "--on-gap", "resnapshot"});
  EXPECT_EQ(load.relay.on_gap, relay::OnGap::resnapshot);
  EXPECT_EQ(load.relay.load.snapshot, relay::Snapshot::none);
  EXPECT_TRUE(load.source.scan);
}

TEST(LoadPlan, AStreamsArnNamesItsTable) {
  const std::string table = "arn:aws:dynamodb:eu-central-1:123456789012:table/demo";
  const LoadPlan load =
      planned({"load", "dynamodb+cdc://aws/" + table + "/stream/2026-01-01T00:00:00.000?snapshot=initial", "ndjson:-"});
  EXPECT_EQ(load.source.scan->table, table);
}

TEST(LoadPlan, KinesisAndItsTable) {
  const Words words = {"load", kSource, "ndjson:-", "--snapshot", "initial", "--source-table", "orders"};
  EXPECT_EQ(planned(words).source.scan->tables.url, "http://localhost:4568");
  EXPECT_EQ(planned(words).source.scan->table, "orders");
  const std::string arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders";
  const LoadPlan by_arn = planned({"load", kSource, "ndjson:-", "--snapshot", "initial", "--source-table", arn});
  EXPECT_EQ(by_arn.source.scan->table, arn);
  EXPECT_EQ(by_arn.relay.source_table, "orders") << "as the records name it";
  // An address for Kinesis alone does not have to be DynamoDB's.
  EXPECT_EQ(planned(words, {{"AWS_ENDPOINT_URL_DYNAMODB", "http://localhost:8000"}}).source.scan->tables.url,
            "http://localhost:8000");
}

TEST(LoadPlan, TheLeasesAreWhereTheVariableOfDynamoDbSaysElseWhereTheUrlDoes) {
  const auto place = [](const std::string& source, std::map<std::string, std::string> variables = {}) {
    return planned({"load", source, "ndjson:-", "--positions", "dynamodb"}, std::move(variables)).leases->tables.url;
  };
  const std::string table = "dynamodb+cdc://k:s@localhost:8000/demo?region=us-east-1";
  for (const std::string& source : {kSource, table}) {
    EXPECT_EQ(place(source, {{"AWS_ENDPOINT_URL_DYNAMODB", "http://leases:1"}}), "http://leases:1");
    EXPECT_EQ(place(source, {{"AWS_ENDPOINT_URL", "http://all:1"}}), place(source));
  }
  EXPECT_EQ(place(kSource), "http://localhost:4568");
  EXPECT_EQ(place(table), "http://localhost:8000");
  EXPECT_EQ(place("dynamodb+cdc://aws/demo?region=eu-central-1"), "https://dynamodb.eu-central-1.amazonaws.com");
  const LoadPlan apart = planned({"load", table, "ndjson:-"}, {{"AWS_ENDPOINT_URL_DYNAMODB", "http://leases:1"}});
  EXPECT_EQ(std::get<TablePlan>(apart.source.from).tables.url, "http://localhost:8000")
      << "the table is where its URL says";
}

TEST(ParseSequences, LoneOrByShard) {
  using aws::SequenceNumber;
  using aws::ShardId;
  EXPECT_EQ(parse_sequences("12")->at(ShardId("")), SequenceNumber("12"));
  const auto two = parse_sequences("shardId-000000000000:12,shardId-000000000001:0");
  ASSERT_TRUE(two);
  EXPECT_EQ(two->size(), 2u);
  EXPECT_EQ(two->at(ShardId("shardId-000000000001")), SequenceNumber("0"));
  for (const char* bad : {"", "x", "a:", "a:1,", "a:1,2", "a:1,a:2", ":1", "1,2"})
    EXPECT_FALSE(parse_sequences(bad)) << bad;
}

TEST(LoadPlan, SourceAndTargetInEachOthersPlace) {
  EXPECT_EQ(refused({"load", "sqlite:///x.db", "file+dynamodb+cdc:///path/events.ndjson"}),
            "source and target are swapped: sqlite: is a target's URL, and file+dynamodb+cdc: a source's");
  EXPECT_THAT(refused({"load", "sqlite:///x.db", "sqlite:///y.db"}), HasSubstr("unknown scheme \"sqlite\" of the source"));
}

TEST(KnownSecrets, OfWordsAndEnvironment) {
  std::vector<std::string> found;
  for (const Secret& secret : known_secrets(
           {"load", "kinesis+dynamodb+cdc://k:one@aws/s?session-token=two", "--session-token", "three",
            "--session-token=four", "--listen-token", "eight", "--target=crate://u:five@h",
            "odbc:///?connection=DRIVER%3Dx%3BPWD%3Dten"},
           {{{"CRATEDB_CLUSTER_URL", "crate://u:six@h"}, {"PGPASSWORD", "seven"}, {"MYSQL_PWD", "nine"}}, "", {}})) {
    found.push_back(secret.reveal());
  }
  EXPECT_THAT(found,
              testing::IsSupersetOf({"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}));
}

TEST(KnownSecrets, OfWordsThatAreNoUrl) {
  const auto is_known = [](const std::string& word) {
    const auto secrets = known_secrets({"load", word}, {});
    return std::ranges::find(secrets, Secret("Sup3rS3cret")) != secrets.end();
  };
  for (const char* word : {"dynamodb+cdc:/AKIA:Sup3rS3cret@aws/orders", "POSTGRESQL:u:Sup3rS3cret@h/db",
                           "postgras:///u:Sup3rS3cret@h/db", "--target=mysql:/u:Sup3rS3cret@h/db", "x;PWD=Sup3rS3cret",
                           "--dsn=x;PWD=Sup3rS3cret", "odbc:///?dsn=x;PWD=Sup3rS3cret"})
    EXPECT_TRUE(is_known(word)) << word;
  for (const char* word : {"copy:Sup3rS3cret@host", "--positions=copy:Sup3rS3cret@host", "sqlite:////data/u:Sup3rS3cret@h"})
    EXPECT_FALSE(is_known(word)) << word;
}

TEST(ExitCode, FollowsTheKind) {
  EXPECT_EQ(exit_code(ErrorKind::usage), 2);
  EXPECT_EQ(exit_code(ErrorKind::gap), 3);
  EXPECT_EQ(exit_code(ErrorKind::mismatch), 3);
  EXPECT_EQ(exit_code(ErrorKind::unreachable), 1);
  EXPECT_EQ(exit_code(ErrorKind::fenced), 1);
}

TEST(ErrorText, OneSentenceAndAHint) {
  EXPECT_EQ(error_text({ErrorKind::denied, "the target refuses us", "bad\npassword", "look\nhere"}),
            "ctk: the target refuses us: bad password\n  hint: look here\n");
  EXPECT_EQ(error_text({ErrorKind::usage, "no", "", ""}), "ctk: no\n");
}

}  // namespace
}  // namespace ctk::cli
