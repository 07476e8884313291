// The frugal database as a target, and what is its own: DDL that commits.
#include <algorithm>
#include <utility>

#include "base/testing/temporary_folder.h"
#include "sink/conformance_history_test.h"
#include "sink/sql/sql_backends_test.h"
#include "sink/sql/sql_sink.h"
#include "sink/sql/sqlite_driver.h"
#include "sink/testing/frugal_database.h"

namespace ctk::sink::testing {
namespace {

class FrugalBackend final : public SqlBackend {
 public:
  FrugalBackend() : SqlBackend(make_frugal_dialect()) {}

  TargetOptions options() const override {
    TargetOptions options;
    options.kind = kFrugalTraits;
    return options;
  }

  std::unique_ptr<Database> make_sink(const TargetOptions& options) override {
    sql::SqlSinkParts parts;
    parts.dialect = make_frugal_dialect();
    std::unique_ptr<sql::Driver> keeper = sql::make_sqlite_driver(folder_ / "test.db", std::chrono::seconds(10));
    parts.drivers.push_back(make_frugal_driver(server, std::move(keeper)));
    return sql::make_sql_sink(options, environment(), std::move(parts));
  }

  FrugalServer server;

 private:
  TemporaryFolder folder_;
};

std::unique_ptr<Backend> make_frugal_backend() { return std::make_unique<FrugalBackend>(); }

INSTANTIATE_TEST_SUITE_P(Frugal, Conformance, ::testing::Values(BackendMaker{"frugal", make_frugal_backend}),
                         [](const auto& instance) { return instance.param.name; });
INSTANTIATE_TEST_SUITE_P(Frugal, ConformanceOfNames, ::testing::Values(BackendMaker{"frugal", make_frugal_backend}),
                         [](const auto& instance) { return instance.param.name; });
INSTANTIATE_TEST_SUITE_P(Frugal, ConformanceOfHistory, ::testing::Values(BackendMaker{"frugal", make_frugal_backend}),
                         [](const auto& instance) { return instance.param.name; });

INSTANTIATE_TEST_SUITE_P(Frugal, ConformanceOfLetters, ::testing::Values(BackendMaker{"frugal", make_frugal_backend}),
                         [](const auto& instance) { return instance.param.name; });

class Frugal : public Conformance {
 protected:
  FrugalServer& server() { return static_cast<FrugalBackend&>(*backend).server; }
};

TEST_P(Frugal, ATableIsRegisteredUnderALockThatItsDdlDoesNotEnd) {
  open(*put(1, text_key("a"), "{}"), "earlier");
  const std::unique_ptr<Database> other = backend->make_sink(options);
  std::optional<Result<OpenTable>> opened_meanwhile;
  const auto change = put(1, text_key("a"), "{}");
  const table::TableSpec spec = spec_of("demo", *change);
  server().on_ddl = [&](const std::string& sql) {
    if (sql.starts_with("CREATE TABLE")) {
      other->open(spec, registration_of(spec), [&](Result<OpenTable> result) { opened_meanwhile = std::move(result); });
    }
    return true;
  };
  open(*change);
  server().on_ddl = {};
  ASSERT_TRUE(backend->run_until([&] { return opened_meanwhile.has_value(); }));
  ASSERT_FALSE(*opened_meanwhile) << "two programs register one table";
  EXPECT_EQ(opened_meanwhile->error().kind, ErrorKind::throttled) << to_string(opened_meanwhile->error());
  EXPECT_TRUE(server().locks.empty());
  EXPECT_TRUE(open(*other, "demo", *change)) << "and then the other has its turn";
}

TEST_P(Frugal, ATableThatWasNotMadeWholeIsMadeByTheNextStart) {
  const auto change = put(1, text_key("a"), R"({"v":{"S":"x"}})");
  for (const char* lost : {"CREATE TABLE IF NOT EXISTS `ctk_dead_letters`", "CREATE TABLE IF NOT EXISTS `demo`",
                           "CREATE INDEX", "CREATE VIEW"}) {
    server().on_ddl = [&](const std::string& sql) { return !sql.starts_with(lost); };
    EXPECT_FALSE(open_again()) << lost;
    EXPECT_TRUE(server().locks.empty()) << lost;
  }
  server().on_ddl = {};
  open(*change);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->record.epoch, 1);
  EXPECT_EQ(opened->view, name("demo_live").str());
  apply(Changes{change});
  EXPECT_EQ(rows().size(), 1u);
}

TEST_P(Frugal, ATableThatIsBegunAnewIsOnRecordBeforeItIsMade) {
  fill(3);
  drop_table();
  incarnation = coordination::Incarnation("arn:aws:kinesis:eu-central-1:1:stream/s/2026-02-02T00:00:00.000000Z");
  server().on_ddl = [](const std::string& sql) { return !sql.starts_with("CREATE INDEX"); };
  EXPECT_FALSE(open_again([](auto& registration) { registration.reset = true; }));
  server().on_ddl = {};
  const std::optional<coordination::TableRecord> record = record_of(*sink, "demo");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->epoch, 2) << "what is there by now is no table of the first epoch";
  EXPECT_TRUE(record->witnesses.empty());
  EXPECT_TRUE(open_again());
}

INSTANTIATE_TEST_SUITE_P(Sql, Frugal, ::testing::Values(BackendMaker{"frugal", make_frugal_backend}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace ctk::sink::testing
