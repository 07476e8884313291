#include "sink/sql/sql_backends_test.h"

#include "base/testing/temporary_folder.h"
#include "sink/conformance_history_test.h"
#include "sink/sql/postgres_dialect.h"
#include "sink/sql/sql_targets.h"
#include "sink/sql/sqlite_dialect.h"

namespace ctk::sink::testing {
namespace {

class SqliteBackend final : public SqlBackend {
 public:
  SqliteBackend() : SqlBackend(sql::make_sqlite_dialect()) {}

  TargetOptions options() const override {
    TargetOptions options;
    options.kind = table::Target::sqlite;
    options.url.scheme = "sqlite";
    options.url.path = "/" + (folder_ / "test.db").string();
    return options;
  }
  std::unique_ptr<Database> make_sink(const TargetOptions& options) override {
    return make_sqlite_sink(options, environment());
  }

 private:
  TemporaryFolder folder_;
};

/// A schema of its own in the shared server.
class PostgresBackend final : public SqlBackend {
 public:
  explicit PostgresBackend(DatabaseServer& server) : SqlBackend(sql::make_postgres_dialect()), server_(server) {
    static int schemas = 0;
    schema_ = "Test " + std::to_string(++schemas);
  }
  TargetOptions options() const override { return postgres_options(server_, schema_); }
  std::unique_ptr<Database> make_sink(const TargetOptions& options) override {
    return make_postgres_sink(options, environment());
  }

 private:
  DatabaseServer& server_;
  std::string schema_;
};

}  // namespace

std::string SqlBackend::select_rows(const table::TableSpec& spec) const {
  std::vector<std::string> columns;
  for (const table::KeyColumn& key : spec.keys) columns.push_back(key.column);
  for (const char* other : {"data", "aux", "cdc_version", "cdc_deleted"}) columns.emplace_back(other);
  return "SELECT " + dialect_->quote_list(columns) + " FROM " + quoted(spec.name);
}

std::string SqlBackend::select_trimmed_rows(const table::TableSpec& spec) const {
  std::string columns;
  for (const table::KeyColumn& key : spec.keys) {
    const std::string name = quoted({"", key.column});
    const bool decimal = key.column_type == table::ColumnType::numeric;
    columns += decimal ? "TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM " + name + ")), " : name + ", ";
  }
  return "SELECT " + columns + "data, aux, cdc_version, cdc_deleted FROM " + quoted(spec.name);
}

SinkEnvironment SqlBackend::environment() {
  return {loop_, loop_, random_, log_, nullptr, [this](const char*) { return std::make_unique<InlineExecutor>(loop_); }};
}

TargetOptions postgres_options(const DatabaseServer& server, const std::string& schema) {
  TargetOptions options;
  options.kind = table::Target::postgres;
  options.url.scheme = "postgresql";
  options.url.user = "postgres";
  options.url.password = Secret("secret");
  options.url.hosts = {{"127.0.0.1", server.port()}};
  options.url.path = "/postgres";
  options.schema = schema;
  return options;
}

std::unique_ptr<Backend> make_postgres_backend() {
  DatabaseServer* server = shared_postgres_server();
  return server == nullptr ? nullptr : std::make_unique<PostgresBackend>(*server);
}

std::unique_ptr<Backend> make_sqlite_backend() { return std::make_unique<SqliteBackend>(); }

INSTANTIATE_TEST_SUITE_P(Sql, Conformance,
                         ::testing::Values(BackendMaker{"sqlite", make_sqlite_backend},
                                           BackendMaker{"postgres", make_postgres_backend}),
                         [](const auto& instance) { return instance.param.name; });

INSTANTIATE_TEST_SUITE_P(Sql, ConformanceOfNames,
                         ::testing::Values(BackendMaker{"sqlite", make_sqlite_backend},
                                           BackendMaker{"postgres", make_postgres_backend}),
                         [](const auto& instance) { return instance.param.name; });

INSTANTIATE_TEST_SUITE_P(Sql, ConformanceOfHistory,
                         ::testing::Values(BackendMaker{"sqlite", make_sqlite_backend},
                                           BackendMaker{"postgres", make_postgres_backend}),
                         [](const auto& instance) { return instance.param.name; });

INSTANTIATE_TEST_SUITE_P(Sql, ConformanceOfRefusingHistory,
                         ::testing::Values(BackendMaker{"sqlite", make_sqlite_backend},
                                           BackendMaker{"postgres", make_postgres_backend}),
                         [](const auto& instance) { return instance.param.name; });

INSTANTIATE_TEST_SUITE_P(Sql, ConformanceOfLetters,
                         ::testing::Values(BackendMaker{"sqlite", make_sqlite_backend},
                                           BackendMaker{"postgres", make_postgres_backend}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace ctk::sink::testing
