// What the SQL sinks do beyond the conformance suite: taking tables over, refusals of the database itself, lost
// connections.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

#include "sink/conformance_test.h"
#include "sink/sql/dialect.h"
#include "sink/sql/sql_backends_test.h"
#include "sink/testing/postgres_server.h"

namespace ctk::sink::testing {
namespace {

using Changes = std::vector<std::shared_ptr<const dynamodb::Change>>;
using OutcomeKind = ChangeOutcome::Kind;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class SqlTarget : public Conformance {
 protected:
  bool postgres() const { return options.kind == table::Target::postgres; }
  std::string quoted(const std::string& table) const { return backend->quoted(name(table)); }
  void run(const std::string& sql) {
    Result<ResultSet> result = query(sql);
    ASSERT_TRUE(result) << sql << ": " << to_string(result.error());
  }
  /// A database that has been used before.
  void make_place() {
    if (postgres()) {
      run("CREATE SCHEMA \"" + options.schema + "\"");
    } else {
      open(*put(1, text_key("a"), "{}"), "some_other_table");
    }
  }
  std::string json_type() const { return postgres() ? "jsonb" : "TEXT"; }
  /// Makes the database refuse rows of a table for what they are.
  void refuse(const std::string& table, const std::string& condition) {
    if (postgres()) {
      run("ALTER TABLE " + quoted(table) + " ADD CONSTRAINT picky CHECK (NOT (" + condition + "))");
    } else {
      for (const char* event : {"INSERT", "UPDATE"}) {
        std::string body = condition;
        for (size_t at = 0; (at = body.find("\"data\"", at)) != std::string::npos; at += 10)
          body.replace(at, 6, "NEW.\"data\"");
        run(std::string("CREATE TRIGGER picky_") + event + " BEFORE " + event + " ON " + quoted(table) + " WHEN " + body +
            " BEGIN SELECT RAISE(ABORT, 'too picky'); END");
      }
    }
  }
};

TEST_P(SqlTarget, AnExistingTableIsTakenOver) {
  make_place();
  run("CREATE TABLE " + quoted("demo") + " (pk text PRIMARY KEY, data " + json_type() + ", note text DEFAULT 'x')");
  run("INSERT INTO " + quoted("demo") + " (pk, data) VALUES ('a', '{\"old\":1}'), ('b', '{\"old\":2}')");
  auto change = put(1, text_key("a"), R"({"v":{"N":"1"}})");
  open(*change);
  ASSERT_TRUE(opened);
  EXPECT_EQ(apply(Changes{change}).tables[0][0].kind, OutcomeKind::applied)
      << "any change wins over a row without a version";
  auto stored = items();
  EXPECT_EQ(stored["a"], expected(R"({"v":{"N":"1"}})"));
  EXPECT_EQ(stored["b"], expected(R"({"old":{"N":"2"}})"));
  EXPECT_EQ(count(quoted("demo_live")), 2);
  apply(Changes{removal(2, text_key("b"))});
  EXPECT_EQ(count(quoted("demo_live")), 1);
}

TEST_P(SqlTarget, AKeyThatTakesDifferentTextsForOneIsRefused) {
  make_place();
  if (postgres())
    run("CREATE COLLATION " + quoted("folds") + " (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
  const std::string folds = " COLLATE " + (postgres() ? quoted("folds") : "NOCASE");
  const std::string cases[] = {"(pk text" + folds + " PRIMARY KEY, data " + json_type() + ")",
                               "(pk text PRIMARY KEY, data " + json_type() + ")"};
  int tables = 0;
  for (const std::string& columns : cases) {
    const std::string table = "case " + std::to_string(++tables);
    run("CREATE TABLE " + quoted(table) + " " + columns);
    run("CREATE UNIQUE INDEX " + (postgres() ? "i" + std::to_string(tables) : quoted("i " + table)) + " ON " +
        quoted(table) + " (pk" + folds + ")");
    const Result<OpenTable> refused = open(*sink, table, *put(1, text_key("a"), "{}"));
    ASSERT_FALSE(refused) << columns;
    EXPECT_THAT(refused.error().message, HasSubstr("to which different keys may be one"));
  }
}

TEST_P(SqlTarget, WithoutDdlMissingColumnsAreAnError) {
  open(*put(1, text_key("a"), "{}"), "another");
  run("CREATE TABLE " + quoted("demo") + " (pk text PRIMARY KEY, data " + json_type() + ")");
  options.tables.create_table = false;
  sink = backend->make_sink(options);
  Result<OpenTable> refused = open(*sink, "demo", *put(1, text_key("a"), "{}"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::refused);
  EXPECT_THAT(refused.error().message, HasSubstr("\"aux\", \"cdc_version\", \"cdc_deleted\", \"cdc_time\""));
  EXPECT_THAT(refused.error().hint, HasSubstr("ALTER TABLE"));
}

TEST_P(SqlTarget, WhatIsInTheWayIsShown) {
  make_place();
  auto change = put(1, text_key("a"), "{}");
  std::string data = ", data " + json_type();
  const std::pair<std::string, std::string> cases[] = {
      {"(id integer PRIMARY KEY, name text)", "\"pk\" is missing"},
      {"(pk text PRIMARY KEY, name text)", "\"data\" is missing"},
      {"(pk integer PRIMARY KEY" + data + ")", "\"pk\" has another type"},
      {"(pk text" + data + ")", "its key is another one"},
      {"(pk text, sk text NOT NULL" + data + ", PRIMARY KEY (pk, sk))", "\"sk\" must have a value"},
      {"(pk text PRIMARY KEY" + data + " NOT NULL)", "\"data\" is NOT NULL"},
      {"(pk text PRIMARY KEY" + data + ", must text NOT NULL)", "\"must\" must have a value"},
  };
  int tables = 0;
  for (const auto& [columns, log_lines] : cases) {
    std::string table = "case " + std::to_string(++tables);
    run("CREATE TABLE " + quoted(table) + " " + columns);
    Result<OpenTable> refused = open(*sink, table, *change);
    ASSERT_FALSE(refused) << columns;
    EXPECT_EQ(refused.error().kind, ErrorKind::refused);
    EXPECT_THAT(refused.error().message, HasSubstr(log_lines));
    EXPECT_THAT(refused.error().message, HasSubstr("should be: CREATE TABLE"));
    EXPECT_FALSE(record_of(*sink, table)) << "what was not opened is not registered";
  }
  run("CREATE VIEW " + quoted("a view") + " AS SELECT 1 AS x");
  EXPECT_FALSE(open(*sink, "a view", *change));
}

TEST_P(SqlTarget, RowsThatTheDatabaseRefusesAreFoundAndParked) {
  Changes changes;
  for (uint64_t i = 1; i <= 300; ++i) {
    bool bad = i % 97 == 0;
    changes.push_back(put(i, text_key("k" + std::to_string(i)), bad ? R"({"v":{"S":"bad"}})" : R"({"v":{"S":"good"}})"));
  }
  changes.push_back(put(400, text_key("k97"), R"({"v":{"S":"bad again"}})"));
  changes.push_back(put(50, text_key("k194"), R"({"v":{"S":"older and good"}})"));
  open(*changes[0]);
  refuse("demo", "CAST(\"data\" AS text) LIKE '%bad%'");
  auto acquired = acquire(*sink, "a", {{aws::ShardId("s"), shards::Position::trim_horizon()}});
  auto batch = batch_of(changes);
  batch->moves = {{aws::ShardId("s"),
                   shards::Position::trim_horizon(),
                   shards::Position::after(aws::SequenceNumber("9")),
                   kNoTime,
                   {},
                   acquired.fence}};
  for (bool lost : {false, true}) {
    Result<BatchOutcome> outcome = apply(batch);
    ASSERT_TRUE(outcome) << to_string(outcome.error());
    int parked = 0;
    for (const ChangeOutcome& each : outcome->tables[0]) parked += each.parked;
    EXPECT_EQ(parked, 4) << "k97 twice, k194, k291" << (lost ? ", also where the answer was lost" : "");
    EXPECT_EQ(outcome->dead_letters.size(), 4u);
  }
  auto stored = items();
  EXPECT_EQ(stored.size(), 298u);
  EXPECT_FALSE(stored.contains("k97"));
  EXPECT_FALSE(stored.contains("k291"));
  EXPECT_EQ(stored["k194"], expected(R"({"v":{"S":"older and good"}})"));
  std::vector<DeadLetter> kept = letters();
  ASSERT_EQ(kept.size(), 4u);
  EXPECT_THAT(kept[0].reason, HasSubstr("pick"));
  EXPECT_EQ(stored_at(*sink, aws::ShardId("s")).position, shards::Position::after(aws::SequenceNumber("9")));
}

TEST_P(SqlTarget, WhereARefusalStopsTheRunTheDatabasesCountsToo) {
  auto change = put(1, text_key("a"), R"({"v":{"S":"bad"}})");
  open(*change);
  refuse("demo", "CAST(\"data\" AS text) LIKE '%bad%'");
  auto batch = batch_of({change, put(2, text_key("b"), "{}")});
  batch->stop_on_refusal = true;
  Result<BatchOutcome> outcome = apply(batch);
  ASSERT_TRUE(outcome) << to_string(outcome.error());
  ASSERT_EQ(outcome->refused.size(), 1u);
  EXPECT_EQ(outcome->refused[0].change, change);
  EXPECT_THAT(outcome->refused[0].reason, HasSubstr("pick"));
  EXPECT_TRUE(rows().empty());
  EXPECT_TRUE(letters().empty());
}

TEST_P(SqlTarget, AKeyIsNeverCutAtAZero) {
  auto plain = put(1, text_key("a"), R"({"v":{"N":"1"}})"),
       zero = put(2, text_key(std::string("a\0b", 3)), R"({"v":{"N":"2"}})");
  open(*plain);
  BatchOutcome outcome = apply(Changes{plain, zero});
  EXPECT_EQ(items()["a"], expected(R"({"v":{"N":"1"}})"));
  if (postgres()) {  // its text holds no U+0000
    EXPECT_EQ(outcome.tables[0][1].kind, OutcomeKind::parked);
    EXPECT_TRUE(outcome.tables[0][1].key_refused);
    EXPECT_EQ(rows().size(), 1u);
  } else {
    EXPECT_EQ(items()[std::string("a\0b", 3)], expected(R"({"v":{"N":"2"}})"));
  }
}

TEST_P(SqlTarget, ADroppedTableStopsTheBatchAndParksNothing) {
  auto change = put(1, text_key("a"), "{}");
  open(*change);
  run("DROP VIEW " + quoted("demo_live"));
  run("ALTER TABLE " + quoted("demo") + " RENAME TO demo_old");
  Result<BatchOutcome> outcome = apply(batch_of({change}));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::not_found) << to_string(outcome.error());
  run("ALTER TABLE " + quoted("demo_old") + " RENAME TO demo");
  ASSERT_TRUE(apply(batch_of({change})));
  EXPECT_TRUE(letters().empty());
}

INSTANTIATE_TEST_SUITE_P(Sql, SqlTarget,
                         ::testing::Values(BackendMaker{"sqlite", make_sqlite_backend},
                                           BackendMaker{"postgres", make_postgres_backend}),
                         [](const auto& instance) { return instance.param.name; });

class Postgres : public SqlTarget {};

std::string random_text(size_t size) {
  Random random(size);
  std::string text;
  while (text.size() < size) text += random.hex(16);  // nothing that could be compressed to fit
  return text;
}

TEST_P(Postgres, KeysTooLongForTheIndexAreParked) {
  auto change = put(1, text_key("fits"), "{}");
  open(*change);
  Result<BatchOutcome> outcome =
      apply(batch_of({change, put(2, text_key(random_text(8000)), "{}"), put(3, text_key("too"), "{}")}));
  ASSERT_TRUE(outcome) << to_string(outcome.error());
  EXPECT_EQ(outcome->tables[0][0].kind, OutcomeKind::applied);
  EXPECT_EQ(outcome->tables[0][1].kind, OutcomeKind::parked);
  EXPECT_TRUE(outcome->tables[0][1].key_refused);
  EXPECT_EQ(outcome->tables[0][2].kind, OutcomeKind::applied);
  EXPECT_EQ(rows().size(), 2u);
}

TEST_P(Postgres, ALostConnectionIsMadeAgain) {
  auto change = put(1, text_key("a"), "{}");
  open(*change);
  auto acquired = acquire(*sink, "a", {{aws::ShardId("s"), shards::Position::trim_horizon()}});
  auto batch = batch_of({change});
  batch->moves = {{aws::ShardId("s"),
                   shards::Position::trim_horizon(),
                   shards::Position::after(aws::SequenceNumber("9")),
                   kNoTime,
                   {},
                   acquired.fence}};
  auto other = backend->make_sink(options);
  Result<ResultSet> killed = await<ResultSet>([&](auto done) {
    other->query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client "
        "backend'",
        std::move(done));
  });
  ASSERT_TRUE(killed);
  // A user's statement is not run again: it says what became of it.
  Result<ResultSet> asked = await<ResultSet>([&](auto done) { sink->query("SELECT 1", std::move(done)); });
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().kind, ErrorKind::unreachable);
  EXPECT_THAT(to_string(asked.error()), HasSubstr("127.0.0.1:"));
  Result<BatchOutcome> outcome = apply(batch);
  ASSERT_TRUE(outcome) << to_string(outcome.error());
  EXPECT_EQ(rows().size(), 1u);
  EXPECT_EQ(stored_at(*sink, aws::ShardId("s")).position, shards::Position::after(aws::SequenceNumber("9")));
}

TEST_P(Postgres, ACrashOfTheServerLosesNothing) {
  auto change = put(1, text_key("a"), "{}");
  open(*change);
  apply(Changes{change});
  shared_postgres_server()->restart();
  apply(Changes{put(2, text_key("b"), "{}")});
  EXPECT_EQ(rows().size(), 2u);
}

TEST_P(Postgres, SilenceEndsACall) {
  auto change = put(1, text_key("a"), "{}");
  open(*change);
  auto other = backend->make_sink(options);
  auto elsewhere = [&](const std::string& sql) {
    ASSERT_TRUE(await<ResultSet>([&](auto done) { other->query(sql, std::move(done)); })) << sql;
  };
  elsewhere("BEGIN");
  elsewhere("LOCK TABLE " + quoted("demo") + " IN SHARE ROW EXCLUSIVE MODE");  // a view's definition can be read
  options.timeout = std::chrono::seconds(1);
  sink = backend->make_sink(options);
  Result<OpenTable> again = open(*sink, "demo", *change);
  ASSERT_TRUE(again) << to_string(again.error());
  Result<BatchOutcome> outcome = apply(batch_of({change}));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::unreachable);
  EXPECT_THAT(outcome.error().message, HasSubstr("gave no answer for 1s"));
  elsewhere("COMMIT");
  apply(Changes{change});
  EXPECT_EQ(rows().size(), 1u);
}

TEST_P(Postgres, WithdrawnRightsArePausedFor) {
  auto change = put(1, text_key("a"), "{}");
  open(*change);
  std::string schema = "\"" + options.schema + "\"";
  run("DROP ROLE IF EXISTS writer");
  run("CREATE ROLE writer LOGIN PASSWORD 'secret'");
  run("GRANT USAGE ON SCHEMA " + schema + " TO writer");
  run("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + schema + " TO writer");
  options.url.user = "writer";
  auto admin = std::move(sink);
  sink = backend->make_sink(options);
  // Everything is there: no right to create is needed.
  open(*change);
  ASSERT_TRUE(opened);
  apply(Changes{change});
  auto as_admin = [&](const std::string& sql) {
    ASSERT_TRUE(await<ResultSet>([&](auto done) { admin->query(sql, std::move(done)); })) << sql;
  };
  as_admin("REVOKE INSERT ON ALL TABLES IN SCHEMA " + schema + " FROM writer");
  Result<BatchOutcome> outcome = apply(batch_of({put(2, text_key("b"), "{}")}));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::denied) << to_string(outcome.error());
  as_admin("GRANT INSERT ON ALL TABLES IN SCHEMA " + schema + " TO writer");
  apply(Changes{put(2, text_key("b"), "{}")});
  EXPECT_EQ(rows().size(), 2u);
  EXPECT_TRUE(letters().empty());
  as_admin("DROP OWNED BY writer");
}

TEST_P(Postgres, StartFailuresAreToldApart) {
  auto connect = [&](const TargetOptions& with) {
    auto made = backend->make_sink(with);
    Result<bool> connected = await<bool>([&](auto done) { made->connect(std::move(done)); });
    EXPECT_FALSE(connected);
    return connected ? Error{} : connected.error();
  };
  TargetOptions wrong = options;
  wrong.url.password = Secret("guess-me");
  Error error = connect(wrong);
  EXPECT_EQ(error.kind, ErrorKind::denied) << to_string(error);
  EXPECT_THAT(to_string(error), ::testing::Not(HasSubstr("guess-me")));
  wrong = options;
  wrong.url.path = "/no such database";
  EXPECT_EQ(connect(wrong).kind, ErrorKind::not_found);
  wrong = options;
  wrong.url.password.reset();
  EXPECT_EQ(connect(wrong).kind, ErrorKind::denied);
  wrong = options;
  wrong.url.hosts = {{"127.0.0.1", 1}};
  EXPECT_EQ(connect(wrong).kind, ErrorKind::unreachable);
}

TEST_P(Postgres, SettingsThatLibpqCannotUseAreNotWaitedFor) {
  auto connect = [&](const char* name, const char* value) {
    TargetOptions with = options;
    with.settings = {{name, value}};
    auto made = backend->make_sink(with);
    Result<bool> connected = await<bool>([&](auto done) { made->connect(std::move(done)); });
    return connected ? "" : to_string(connected.error().kind);
  };
  EXPECT_EQ(connect("application_name", "mine"), "");
  EXPECT_EQ(connect("target_session_attrs", "read-write"), "");
  EXPECT_EQ(connect("options", "-c search_path=nowhere -c DateStyle=German -c TimeZone=Asia/Tokyo"), "");
  EXPECT_EQ(connect("target_session_attrs", "best"), "usage");
  EXPECT_EQ(connect("port", "1,2"), "usage");
  EXPECT_EQ(connect("sslmode", "sometimes"), "usage");
  EXPECT_EQ(connect("service", "no_such_service"), "usage");
  EXPECT_EQ(connect("sslmode", "require"), "refused") << "the server has no TLS";
  EXPECT_EQ(connect("host", "/no/such/folder"), "unreachable");
}

TEST_P(Postgres, AHostThatIsSilentIsPassedOver) {
  const int silent = ::socket(AF_INET, SOCK_STREAM, 0);  // it is connected to, and never answers
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(silent, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(silent, 8), 0);
  ASSERT_EQ(::getsockname(silent, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const net::Endpoint there = options.url.hosts.front(), dead{"127.0.0.1", ntohs(address.sin_port)};
  options.settings = {{"connect_timeout", "1"}};
  for (const std::vector<net::Endpoint>& hosts :
       {std::vector<net::Endpoint>{dead, there}, std::vector<net::Endpoint>{{"127.0.0.1", 1}, dead, there}}) {
    options.url.hosts = hosts;
    auto made = backend->make_sink(options);
    Result<bool> connected = await<bool>([&](auto done) { made->connect(std::move(done)); });
    EXPECT_TRUE(connected) << to_string(connected.error());
  }
  options.url.hosts = {dead, dead};
  auto made = backend->make_sink(options);
  Result<bool> connected = await<bool>([&](auto done) { made->connect(std::move(done)); });
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().kind, ErrorKind::unreachable);
  EXPECT_THAT(connected.error().message, HasSubstr("does not answer within 1s"));
  options.url.hosts = {dead};
  options.settings = {};
  options.start_timeout = std::chrono::milliseconds(300);
  made = backend->make_sink(options);
  connected = await<bool>([&](auto done) { made->connect(std::move(done)); });
  ASSERT_FALSE(connected);
  EXPECT_THAT(to_string(connected.error()), EndsWith("does not answer within 300ms"));
  ::close(silent);
}

TEST_P(Postgres, TimesDoNotDependOnTheSession) {
  options.settings = {{"options", "-c DateStyle=German -c TimeZone=Asia/Tokyo"}};
  sink = backend->make_sink(options);
  run("SET DateStyle = 'German'; SET TimeZone = 'Asia/Tokyo'");
  auto change = put(1, text_key("a"), "{}");
  open_loading(from_micros(1'700'000'000'123'456), coordination::LoadRequest::Kind::initial);
  EXPECT_EQ(record_of(*sink, "demo")->cut, from_micros(1'700'000'000'123'456));
}

TEST_P(Postgres, CopyIsNotForTheShell) {
  EXPECT_FALSE(query("COPY (SELECT 1) TO STDOUT"));
  EXPECT_TRUE(query("SELECT 1"));
}

INSTANTIATE_TEST_SUITE_P(Sql, Postgres, ::testing::Values(BackendMaker{"postgres", make_postgres_backend}),
                         [](const auto& instance) { return instance.param.name; });

class Sqlite : public SqlTarget {};

TEST_P(Sqlite, ConnectingMakesNoFile) {
  std::string file = options.url.path.substr(1);
  EXPECT_NE(::access(file.c_str(), F_OK), 0);
  EXPECT_TRUE(stored(*sink).empty());
  Result<ResultSet> nothing = query("SELECT 1");
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().kind, ErrorKind::not_found);
  EXPECT_NE(::access(file.c_str(), F_OK), 0);
  open(*put(1, text_key("a"), "{}"));
  EXPECT_EQ(::access(file.c_str(), F_OK), 0);
}

TEST_P(Sqlite, AMissingFolderIsSaid) {
  options.url.path = "//no/such/folder/x.db";
  auto made = backend->make_sink(options);
  Result<bool> connected = await<bool>([&](auto done) { made->connect(std::move(done)); });
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().kind, ErrorKind::not_found);
  EXPECT_THAT(connected.error().message, HasSubstr("/no/such/folder"));
}

TEST_P(Sqlite, AFileThatIsNoDatabaseIsRefused) {
  std::string file = options.url.path.substr(1);
  std::ofstream(file) << "this is no database, only a text that is longer than the header";
  auto made = backend->make_sink(options);
  Result<bool> connected = await<bool>([&](auto done) { made->connect(std::move(done)); });
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().kind, ErrorKind::refused);
}

TEST_P(Sqlite, TablesThatDifferInCaseAreOne) {
  auto change = put(1, text_key("a"), "{}");
  open(*change, "Demo");
  table::TableSpec spec = spec_of("demo", *change);
  spec.source_table = "another";
  Result<OpenTable> refused =
      await<OpenTable>([&](auto done) { sink->open(spec, registration_of(spec), std::move(done)); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::refused);
}

TEST_P(Sqlite, ALockedFileIsTriedAgainLater) {
  auto change = put(1, text_key("a"), "{}");
  open(*change);
  options.timeout = std::chrono::milliseconds(1);
  auto other = backend->make_sink(options);
  ASSERT_TRUE(query("BEGIN IMMEDIATE"));
  table::TableSpec spec = spec_of("demo", *change);
  auto busy = await<OpenTable>([&](auto done) { other->open(spec, registration_of(spec), std::move(done)); });
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().kind, ErrorKind::unreachable) << to_string(busy.error());
  ASSERT_TRUE(query("COMMIT"));
  EXPECT_TRUE(await<OpenTable>([&](auto done) { other->open(spec, registration_of(spec), std::move(done)); }));
}

TEST_P(Sqlite, AFullDiskParksNothing) {
  auto change = put(1, text_key("a"), "{}");
  open(*change);
  Result<ResultSet> pages = query("PRAGMA page_count");
  ASSERT_TRUE(query("PRAGMA max_page_count = " + *pages->rows[0][0]));
  auto large = put(2, text_key("large"), R"({"s":{"S":")" + std::string(100'000, 'x') + R"("}})");
  Result<BatchOutcome> outcome = apply(batch_of({large}));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::throttled) << to_string(outcome.error());
  EXPECT_THAT(outcome.error().message, HasSubstr("disk is full"));
  query("PRAGMA max_page_count = 1000000");
  ASSERT_TRUE(apply(batch_of({large})));
  EXPECT_TRUE(letters().empty());
}

INSTANTIATE_TEST_SUITE_P(Sql, Sqlite, ::testing::Values(BackendMaker{"sqlite", make_sqlite_backend}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace ctk::sink::testing
