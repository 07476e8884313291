// MariaDB as a target, and what is its own.
#include <utility>

#include "sink/conformance_history_test.h"
#include "sink/sql/mysql_dialect.h"
#include "sink/sql/sql_backends_test.h"
#include "sink/sql/sql_targets.h"
#include "sink/testing/mariadb_server.h"

namespace ctk::sink::testing {
namespace {

/// A database of its own in the shared server.
class MariadbBackend final : public SqlBackend {
 public:
  explicit MariadbBackend(MariadbServer& server)
      : SqlBackend(sql::make_mysql_dialect(table::Target::mariadb)), server_(server) {
    static int databases = 0;
    database_ = "Test " + std::to_string(++databases);
  }

  TargetOptions options() const override {
    TargetOptions options;
    options.kind = table::Target::mariadb;
    options.url.scheme = "mariadb";
    options.url.user = "ctk";
    options.url.password = Secret("secret");
    options.url.hosts = {{"127.0.0.1", server_.port()}};
    options.schema = database_;
    return options;
  }
  std::unique_ptr<Database> make_sink(const TargetOptions& options) override {
    return make_mysql_sink(options, environment());
  }
  /// Decimals come with all of their places.
  std::string select_rows(const table::TableSpec& spec) const override {
    std::string columns;
    for (const table::KeyColumn& key : spec.keys) {
      const std::string name = quoted({"", key.column});
      const bool decimal = key.column_type == table::ColumnType::numeric;
      columns += decimal ? "TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM " + name + ")), " : name + ", ";
    }
    return "SELECT " + columns + "data, aux, cdc_version, cdc_deleted FROM " + quoted(spec.name);
  }

 private:
  MariadbServer& server_;
  std::string database_;
};

std::unique_ptr<Backend> make_mariadb_backend() {
  MariadbServer* server = shared_mariadb_server();
  return server == nullptr ? nullptr : std::make_unique<MariadbBackend>(*server);
}

INSTANTIATE_TEST_SUITE_P(Mariadb, Conformance, ::testing::Values(BackendMaker{"mariadb", make_mariadb_backend}),
                         [](const auto& instance) { return instance.param.name; });
INSTANTIATE_TEST_SUITE_P(Mariadb, ConformanceOfNames, ::testing::Values(BackendMaker{"mariadb", make_mariadb_backend}),
                         [](const auto& instance) { return instance.param.name; });
INSTANTIATE_TEST_SUITE_P(Mariadb, ConformanceOfHistory, ::testing::Values(BackendMaker{"mariadb", make_mariadb_backend}),
                         [](const auto& instance) { return instance.param.name; });

INSTANTIATE_TEST_SUITE_P(Mariadb, ConformanceOfRefusingHistory,
                         ::testing::Values(BackendMaker{"mariadb", make_mariadb_backend}),
                         [](const auto& instance) { return instance.param.name; });

INSTANTIATE_TEST_SUITE_P(Mariadb, ConformanceOfLetters, ::testing::Values(BackendMaker{"mariadb", make_mariadb_backend}),
                         [](const auto& instance) { return instance.param.name; });

class MariadbOwn : public Conformance {};

TEST_P(MariadbOwn, TheLongestKeysThatDynamodbHas) {
  const std::string key =
      R"({"pk":{"S":")" + std::string(2048, 'p') + R"("},"sk":{"B":")" + std::string(1364, 'A') + "AA==\"}}";
  const auto change = put(1, key, R"({"v":{"S":"x"}})");
  open(*change);
  apply(Changes{change});
  EXPECT_EQ(rows().size(), 1U);
  EXPECT_TRUE(letters().empty());
}

TEST_P(MariadbOwn, TextsThatCollationsTakeForOneAreSeveralKeys) {
  open(*put(1, text_key("a"), "{}"));
  Changes changes;
  for (const char* key : {"a", "A", "a ", "a  ", "\u00e4", "a\u0308", "\U0001F600", "\U0001F601"}) {
    changes.push_back(put(1, text_key(key), "{}"));
  }
  apply(changes);
  EXPECT_EQ(rows().size(), changes.size());
}

TEST_P(MariadbOwn, ATableWithASecondUniqueKeyIsNotWrittenTo) {
  fill(1);
  change_by_hand("ALTER TABLE " + backend->quoted(name("demo")) + " ADD COLUMN mail VARCHAR(100) UNIQUE");
  const Result<OpenTable> again = open_again();
  ASSERT_FALSE(again);
  EXPECT_TRUE(again.error().message.contains("another unique key")) << to_string(again.error());
}

TEST_P(MariadbOwn, ATableOutsideOfTransactionsIsNotWrittenTo) {
  const auto change = put(1, text_key("a"), "{}");
  open(*change);
  ASSERT_TRUE(query("CREATE TABLE " + backend->quoted(name("foreign")) +
                    " (pk VARBINARY(100) PRIMARY KEY, data LONGTEXT) ENGINE = Aria"));
  const Result<OpenTable> other = open(*sink, "foreign", *change);
  ASSERT_FALSE(other);
  EXPECT_TRUE(other.error().message.contains("a table of the engine Aria")) << to_string(other.error());
}

TEST_P(MariadbOwn, LocksOfRegistrationAreGivenBack) {
  const auto change = put(1, text_key("a"), "{}");
  open(*change, "earlier");
  open(*change);
  const std::unique_ptr<Database> other = backend->make_sink(options);
  EXPECT_TRUE(open(*other, "demo", *change)) << "and every lock was given back";
}

INSTANTIATE_TEST_SUITE_P(Sql, MariadbOwn, ::testing::Values(BackendMaker{"mariadb", make_mariadb_backend}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace ctk::sink::testing
