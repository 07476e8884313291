// Rows that a database refuses for reasons of its user's: row security, triggers, constraints, time-outs. They are parked,
// the others are written, and what refuses everything parks nothing.
#include <gmock/gmock.h>

#include "sink/conformance_test.h"
#include "sink/sql/dialect.h"
#include "sink/sql/refusals.h"
#include "sink/sql/sql_backends_test.h"

namespace ctk::sink::testing {
namespace {

using Changes = std::vector<std::shared_ptr<const dynamodb::Change>>;
using OutcomeKind = ChangeOutcome::Kind;
using ::testing::HasSubstr;

class Refusals : public Conformance {
 protected:
  bool postgres() const { return options.kind == table::Target::postgres; }
  std::string quoted(const std::string& table) const { return backend->quoted(name(table)); }
  void run(const std::string& sql) {
    Result<ResultSet> result = query(sql);
    ASSERT_TRUE(result) << sql << ": " << to_string(result.error());
  }
  /// The same, as the sink that was there first.
  void run_as_admin(const std::string& sql) {
    Result<ResultSet> result = await<ResultSet>([&](auto done) { admin->query(sql, std::move(done)); });
    ASSERT_TRUE(result) << sql << ": " << to_string(result.error());
  }
  std::shared_ptr<const dynamodb::Change> row(uint64_t version, const std::string& key, const std::string& value) {
    return put(version, text_key(key), R"({"v":{"S":")" + value + R"("}})");
  }
  /// Nine good rows and a bad one.
  Changes one_bad_of_ten(uint64_t from = 1) {
    Changes changes;
    for (uint64_t i = from; i < from + 10; ++i) {
      changes.push_back(row(i, "k" + std::to_string(i), i == from + 6 ? "bad" : "good"));
    }
    return changes;
  }
  /// PostgreSQL: a trigger in plpgsql, before each row.
  void add_trigger(const std::string& body, const std::string& kind = "TRIGGER", const std::string& when = "BEFORE",
                   const std::string& deferred = "") {
    const std::string function = backend->quoted({options.schema, "picky"});
    run("CREATE OR REPLACE FUNCTION " + function + "() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN " + body +
        " RETURN NEW; END $f$");
    run("CREATE " + kind + " picky " + when + " INSERT OR UPDATE ON " + quoted("demo") + " " + deferred +
        " FOR EACH ROW EXECUTE FUNCTION " + function + "()");
  }
  /// A role that may write what is there. The sink is its own from here on.
  void become_writer(const std::string& role, const std::string& setting = "") {
    const std::string schema = "\"" + options.schema + "\"";
    run("CREATE ROLE " + role + " LOGIN PASSWORD 'secret'");
    run("GRANT USAGE ON SCHEMA " + schema + " TO " + role);
    run("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + schema + " TO " + role);
    if (!setting.empty()) run("ALTER ROLE " + role + " SET " + setting);
    role_ = role;
    options.url.user = role;
    admin = std::move(sink);
    sink = backend->make_sink(options);
  }
  void TearDown() override {
    if (!admin) return;
    run_as_admin("DROP OWNED BY " + role_);
    run_as_admin("DROP ROLE " + role_);
  }
  void expect_one_parked(const BatchOutcome& outcome, const std::string& reason) {
    ASSERT_EQ(outcome.tables[0].size(), 10u);
    for (size_t i = 0; i < 10; ++i) {
      EXPECT_EQ(outcome.tables[0][i].kind, i == 6 ? OutcomeKind::parked : OutcomeKind::applied) << i;
    }
    const std::vector<DeadLetter> kept = letters();
    ASSERT_EQ(kept.size(), 1u);
    EXPECT_THAT(kept[0].reason, HasSubstr(reason));
    EXPECT_EQ(rows().size(), 9u);
  }

  /// The same batch again and again, as a relay gives it.
  void expect_one_parked_at_try(int number, const std::string& reason) {
    auto batch = batch_of(one_bad_of_ten());
    int tries = 1;
    Result<BatchOutcome> outcome = apply(batch);
    for (; !outcome && tries < 100; ++tries) outcome = apply(batch);
    EXPECT_EQ(tries, number);
    ASSERT_TRUE(outcome) << to_string(outcome.error());
    expect_one_parked(*outcome, reason);
  }

  std::unique_ptr<Database> admin;

 private:
  std::string role_;
};

class PostgresRefusals : public Refusals {};

TEST_P(PostgresRefusals, ARowThatRowSecurityRefusesIsParked) {
  open(*row(1, "k1", "good"));
  run("ALTER TABLE " + quoted("demo") + " ENABLE ROW LEVEL SECURITY");
  run("CREATE POLICY picky ON " + quoted("demo") + " USING (true) WITH CHECK (data->>'v' IS DISTINCT FROM 'bad')");
  become_writer("guarded");
  open(*row(1, "k1", "good"));
  expect_one_parked(apply(one_bad_of_ten()), "row-level security");
  EXPECT_EQ(apply(Changes{row(40, "alone", "bad")}).tables[0][0].kind, OutcomeKind::parked);
  EXPECT_EQ(apply(Changes{row(41, "x", "bad"), row(42, "y", "bad")}).dead_letters.size(), 2u);
}

TEST_P(PostgresRefusals, WhereRowSecurityRefusesAllRowsOfTheFirstBatchNothingIsParked) {
  open(*row(1, "k1", "good"));
  run("ALTER TABLE " + quoted("demo") + " ENABLE ROW LEVEL SECURITY");
  become_writer("shut_out");
  open(*row(1, "k1", "good"));
  Result<BatchOutcome> outcome = apply(batch_of(one_bad_of_ten()));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::denied) << to_string(outcome.error());
  EXPECT_TRUE(letters().empty());
}

TEST_P(PostgresRefusals, RowsThatRowSecurityHidesAreNotTakenForLost) {
  open(*row(1, "k1", "good"));
  apply(Changes{row(1, "k1", "good")});
  run("ALTER TABLE " + quoted("demo") + " ENABLE ROW LEVEL SECURITY");
  become_writer("blind");
  const auto change = row(1, "k1", "good");
  const Result<OpenTable> refused = open(*sink, "demo", *change);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::denied) << to_string(refused.error());
  EXPECT_THAT(to_string(refused.error()), HasSubstr("row-level security"));
  run_as_admin("CREATE POLICY all_of_it ON " + quoted("demo") + " USING (true)");
  EXPECT_TRUE(open(*sink, "demo", *change));
}

TEST_P(PostgresRefusals, WhateverRefusesOneRowParksThatRow) {
  const std::string bad = "IF NEW.data->>'v' = 'bad' THEN ";
  const std::pair<std::string, std::string> bodies[] = {
      {bad + "RAISE EXCEPTION 'too picky'; END IF;", "too picky"},
      {bad + "RAISE EXCEPTION 'quite picky' USING ERRCODE = '42501'; END IF;", "quite picky"},
      {bad + "RAISE EXCEPTION 'own code' USING ERRCODE = 'ZZ123'; END IF;", "own code"},
      {bad + "PERFORM 1 FROM no_such_table; END IF;", "no_such_table"},
      {bad + "PERFORM 1 / 0; END IF;", "division by zero"},
      {bad + "PERFORM no_such_function(); END IF;", "no_such_function"},
      {bad + "ASSERT false, 'not asserted'; END IF;", "not asserted"},
  };
  for (const auto& [body, log_lines] : bodies) {
    SetUp();
    open(*row(1, "k1", "good"));
    add_trigger(body);
    expect_one_parked(apply(one_bad_of_ten()), log_lines);
  }
}

TEST_P(PostgresRefusals, WhatOnlyTheCommitWouldRefuseIsFoundToo) {
  open(*row(1, "k1", "good"));
  add_trigger("IF NEW.data->>'v' = 'bad' THEN RAISE EXCEPTION 'late' USING ERRCODE = '23514'; END IF;",
              "CONSTRAINT TRIGGER", "AFTER", "DEFERRABLE INITIALLY DEFERRED");
  expect_one_parked(apply(one_bad_of_ten()), "late");
}

TEST_P(PostgresRefusals, ConstraintsColumnsAndPartitionsOfTheUsers) {
  const std::string columns =
      " (pk text COLLATE \"C\" NOT NULL, data jsonb, aux json, cdc_version text COLLATE \"C\", "
      "cdc_deleted boolean, cdc_time timestamptz";
  const std::pair<std::string, std::string> tables[] = {
      {columns +
           ", v int GENERATED ALWAYS AS (1 / (CASE WHEN data->>'v' = 'bad' THEN 0 ELSE 1 END)) STORED, PRIMARY KEY (pk))",
       "division by zero"},
      {columns + ", PRIMARY KEY (pk)) PARTITION BY RANGE (pk)", "no partition"},
      {columns + ", PRIMARY KEY (pk), EXCLUDE USING btree ((CASE WHEN data->>'v' = 'bad' THEN 'k1' ELSE pk END) WITH =))",
       "exclusion"},
      {columns + ", PRIMARY KEY (pk), CHECK (data->>'v' <> 'bad'))", "check"},
  };
  for (const auto& [ddl, log_lines] : tables) {
    SetUp();
    run("CREATE SCHEMA \"" + options.schema + "\"");
    run("CREATE TABLE " + quoted("demo") + ddl);
    if (ddl.contains("PARTITION")) {
      run("CREATE TABLE " + quoted("low") + " PARTITION OF " + quoted("demo") + " FOR VALUES FROM ('k') TO ('k7')");
      run("CREATE TABLE " + quoted("high") + " PARTITION OF " + quoted("demo") + " FOR VALUES FROM ('k70') TO ('z')");
    }
    open(*row(1, "k1", "good"));
    expect_one_parked(apply(one_bad_of_ten()), log_lines);
  }
}

TEST_P(PostgresRefusals, ATriggerThatRefusesEverythingIsWaitedOutAtFirst) {
  open(*row(1, "k0", "good"));
  apply(Changes{row(1, "k0", "good")});
  add_trigger("PERFORM 1 FROM no_such_table;");
  auto batch = batch_of(one_bad_of_ten(2));
  for (int i = 1; i < sql::kPatience; ++i) {
    Result<BatchOutcome> outcome = apply(batch);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, ErrorKind::not_found) << to_string(outcome.error());
  }
  EXPECT_TRUE(letters().empty());
  Result<BatchOutcome> outcome = apply(batch);
  ASSERT_TRUE(outcome) << to_string(outcome.error());
  EXPECT_EQ(letters().size(), 10u) << "but not for ever";
}

TEST_P(PostgresRefusals, ALockedRowIsWaitedForAndParkedNever) {
  open(*row(1, "k3", "good"));
  apply(Changes{row(1, "k3", "good")});
  become_writer("hasty", "lock_timeout = '20ms'");
  open(*row(1, "k3", "good"));
  run_as_admin("BEGIN");
  run_as_admin("SELECT 1 FROM " + quoted("demo") + " WHERE pk = 'k3' FOR UPDATE");
  auto batch = batch_of(one_bad_of_ten(2));
  Result<BatchOutcome> outcome = apply(batch);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::throttled) << to_string(outcome.error());
  run_as_admin("COMMIT");
  ASSERT_TRUE(apply(batch));
  EXPECT_TRUE(letters().empty());
}

TEST_P(PostgresRefusals, AMarkThatAUsersRowRefersToStaysAndTheOthersGo) {
  for (const char* constraint : {"", " DEFERRABLE INITIALLY DEFERRED"}) {
    open(*row(1, "k0", "good"));
    Changes gone;
    for (uint64_t i = 0; i < 9; ++i) {
      const std::string key = "k" + std::to_string(i);
      apply(Changes{row(10, key, "good")});
      gone.push_back(removal(20, text_key(key)));
    }
    run("CREATE TABLE " + quoted("orders") + " (pk text REFERENCES " + quoted("demo") + " (pk)" + constraint + ")");
    run("INSERT INTO " + quoted("orders") + " VALUES ('k4')");
    apply(std::move(gone));
    const aws::ShardId shard("s");
    const coordination::Acquired acquired = acquire(*sink, "worker", {{shard, shards::Position::trim_horizon()}}, true);
    const Timestamp late = from_micros(1'900'000'000'000'000);
    const auto there = shards::Position::after(aws::SequenceNumber("9"));
    ASSERT_TRUE(move_alone(*sink, acquired.fence, {{shard, shards::Position::trim_horizon(), there, late, {}}}));
    const Result<SweepOutcome> swept = sweep(Duration{});
    ASSERT_TRUE(swept) << to_string(swept.error());
    EXPECT_EQ(swept->swept, 8u);
    EXPECT_EQ(swept->tombstones_left, 1u);
    run("DROP TABLE " + quoted("orders"));
  }
}

TEST_P(PostgresRefusals, ATransactionNeitherWaitsNorIsWaitedForForEver) {
  const std::string settings =
      "NEW.data = jsonb_build_object('lock', current_setting('lock_timeout'), "
      "'idle', current_setting('idle_in_transaction_session_timeout'));";
  open(*row(1, "k1", "good"));
  add_trigger(settings);
  apply(Changes{row(1, "k1", "good")});
  EXPECT_THAT(items().at("k1"), AllOf(HasSubstr("20s"), HasSubstr("1min")));
  const Result<ResultSet> after = query("SELECT current_setting('lock_timeout')");
  ASSERT_TRUE(after);
  EXPECT_EQ(after->rows.at(0).at(0), "0") << "the session keeps nothing of it";
  become_writer("hasty", "lock_timeout = '70ms'");
  open(*row(1, "k1", "good"));
  apply(Changes{row(2, "k1", "good")});
  EXPECT_THAT(items().at("k1"), HasSubstr("70ms")) << "what the role has set stands";
}

TEST_P(PostgresRefusals, ARowThatTakesTooLongEachTimeIsParkedInTheEnd) {
  open(*row(1, "k1", "good"));
  add_trigger("IF NEW.data->>'v' = 'bad' THEN PERFORM pg_sleep(60); END IF;");
  become_writer("limited", "statement_timeout = '50ms'");
  open(*row(1, "k1", "good"));
  expect_one_parked_at_try(sql::kPatience, "statement timeout");
}

TEST_P(PostgresRefusals, AConflictThatOneRowMeetsEachTimeParksIt) {
  for (const char* code : {"40001", "40P01"}) {
    SetUp();
    open(*row(1, "k1", "good"));
    add_trigger(std::string("IF NEW.data->>'v' = 'bad' THEN RAISE EXCEPTION 'in the way' USING ERRCODE = '") + code +
                "'; END IF;");
    expect_one_parked_at_try(sql::kConflictPatience, "in the way");
  }
}

TEST_P(PostgresRefusals, ARowThatATriggerSuppressesIsParked) {
  open(*row(1, "k1", "good"));
  add_trigger("IF NEW.data->>'v' = 'bad' THEN RETURN NULL; END IF;");
  expect_one_parked(apply(one_bad_of_ten()), "did not keep it");
  apply(Changes{row(40, "k1", "good")});
  const BatchOutcome late = apply(Changes{row(39, "k1", "good")});
  EXPECT_EQ(late.tables[0][0].kind, OutcomeKind::stale) << "a newer row is there";
  EXPECT_EQ(apply(Changes{row(41, "k1", "bad")}).tables[0][0].kind, OutcomeKind::parked) << "as an update, too";
}

TEST_P(PostgresRefusals, AMissingRightIsNamedWhenTheTableIsOpened) {
  auto change = row(1, "k1", "good");
  open(*change);
  become_writer("reader");
  for (const char* right : {"INSERT", "UPDATE", "SELECT", "DELETE"}) {
    run_as_admin("REVOKE " + std::string(right) + " ON " + quoted("demo") + " FROM reader");
    Result<OpenTable> denied = open(*sink, "demo", *change);
    ASSERT_FALSE(denied) << right;
    EXPECT_EQ(denied.error().kind, ErrorKind::denied) << to_string(denied.error());
    EXPECT_THAT(denied.error().message, HasSubstr(right + std::string(" on ") + name("demo").str()));
    EXPECT_THAT(denied.error().hint, HasSubstr("GRANT " + std::string(right) + " ON " + quoted("demo") + " TO \"reader\""));
    run_as_admin("GRANT " + std::string(right) + " ON " + quoted("demo") + " TO reader");
  }
  run_as_admin("REVOKE INSERT ON " + quoted("ctk_dead_letters") + " FROM reader");
  EXPECT_EQ(open(*sink, "demo", *change).error().kind, ErrorKind::denied);
  run_as_admin("GRANT INSERT ON " + quoted("ctk_dead_letters") + " TO reader");
  Result<OpenTable> denied = open(*sink, "new", *change);
  ASSERT_FALSE(denied) << "nothing may be made in the schema";
  EXPECT_EQ(denied.error().kind, ErrorKind::denied);
  EXPECT_THAT(denied.error().hint, ::testing::AllOf(HasSubstr("reader"), HasSubstr("CREATE")));
  EXPECT_TRUE(open(*sink, "demo", *change));
}

TEST_P(PostgresRefusals, ForgottenStatementsArePreparedAgain) {
  open(*row(1, "k1", "good"));
  apply(Changes{row(1, "k1", "good")});
  run("DEALLOCATE ALL");
  apply(Changes{row(2, "k1", "good")});
  apply(Changes{row(3, "k2", "good")});
  EXPECT_EQ(rows().size(), 2u);
}

INSTANTIATE_TEST_SUITE_P(Sql, PostgresRefusals, ::testing::Values(BackendMaker{"postgres", make_postgres_backend}),
                         [](const auto& instance) { return instance.param.name; });

class SqliteRefusals : public Refusals {
 protected:
  void add_trigger(const std::string& body) {
    run("CREATE TRIGGER picky BEFORE INSERT ON demo WHEN NEW.data LIKE '%bad%' BEGIN " + body + "; END");
  }
};

TEST_P(SqliteRefusals, WhateverATriggerDoesParksItsRow) {
  const std::pair<std::string, std::string> bodies[] = {
      {"SELECT RAISE(ABORT, 'picky')", "picky"},           {"SELECT RAISE(FAIL, 'picky')", "picky"},
      {"SELECT RAISE(ROLLBACK, 'picky')", "picky"},        {"SELECT RAISE(IGNORE)", "did not keep it"},
      {"SELECT json_extract('{', '$')", "malformed JSON"},
  };
  for (const auto& [body, log_lines] : bodies) {
    SetUp();
    open(*row(1, "k1", "good"));
    add_trigger(body);
    expect_one_parked(apply(one_bad_of_ten()), log_lines);
  }
}

TEST_P(SqliteRefusals, ConstraintsOfTheUsersParkTheirRow) {
  for (const char* conflict : {"", " ON CONFLICT ROLLBACK", " ON CONFLICT FAIL"}) {
    SetUp();
    open(*row(1, "k1", "good"), "another");
    run("CREATE TABLE demo (pk TEXT NOT NULL PRIMARY KEY, data TEXT, aux TEXT, cdc_version TEXT, cdc_deleted BOOLEAN, "
        "cdc_time TEXT, v TEXT GENERATED ALWAYS AS (CASE WHEN data LIKE '%bad%' THEN 'k1' ELSE pk END) STORED UNIQUE" +
        std::string(conflict) + ")");
    open(*row(1, "k1", "good"));
    expect_one_parked(apply(one_bad_of_ten()), "UNIQUE");
  }
}

TEST_P(SqliteRefusals, ATriggerThatEndsTheTransactionForManyRows) {
  open(*row(1, "k1", "good"));
  add_trigger("SELECT RAISE(ROLLBACK, 'picky')");
  Changes changes;
  for (uint64_t i = 1; i <= 60; ++i) changes.push_back(row(i, "k" + std::to_string(i), i % 2 == 0 ? "bad" : "good"));
  EXPECT_EQ(apply(changes).dead_letters.size(), 30u);
  EXPECT_EQ(rows().size(), 30u);
}

INSTANTIATE_TEST_SUITE_P(Sql, SqliteRefusals, ::testing::Values(BackendMaker{"sqlite", make_sqlite_backend}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace ctk::sink::testing
