// Databases that are reached through ODBC, by Debian's drivers, as targets.
#include <utility>

#include "sink/sql/odbc_dialects.h"
#include "sink/sql/odbc_targets.h"
#include "sink/sql/sql_backends_test.h"
#include "sink/testing/mariadb_server.h"
#include "sink/testing/postgres_server.h"

namespace ctk::sink::testing {
namespace {

using table::OdbcDialect;

/// A place of its own behind a connection string.
class OdbcBackend : public SqlBackend {
 public:
  OdbcBackend(const table::OdbcKind& kind, std::string connection, std::string schema)
      : SqlBackend(sql::make_odbc_dialect(kind, false)), connection_(std::move(connection)), schema_(std::move(schema)) {}

  TargetOptions options() const override {
    TargetOptions options;
    options.kind = kind();
    options.url.scheme = "odbc";
    options.settings.emplace_back(kOdbcConnection, connection_);
    options.schema = schema_;
    return options;
  }
  std::unique_ptr<Database> make_sink(const TargetOptions& options) override {
    return make_odbc_sink(options, environment());
  }

 private:
  std::string connection_, schema_;
};

class OdbcSqliteBackend final : private TemporaryFolder, public OdbcBackend {
 public:
  explicit OdbcSqliteBackend(bool believed)
      : OdbcBackend({OdbcDialect::sqlite, true, believed}, "DRIVER=SQLite3;DATABASE=" + path() + "/test.db", "") {}
};

/// Decimals come with all of their places.
class OdbcMariadbBackend final : public OdbcBackend {
 public:
  using OdbcBackend::OdbcBackend;
  std::string select_rows(const table::TableSpec& spec) const override {
    std::string columns;
    for (const table::KeyColumn& key : spec.keys) {
      const std::string name = quoted({"", key.column});
      const bool decimal = key.column_type == table::ColumnType::numeric;
      columns += decimal ? "TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM " + name + ")), " : name + ", ";
    }
    return "SELECT " + columns + "data, aux, cdc_version, cdc_deleted FROM " + quoted(spec.name);
  }
};

std::string next_name() {
  static int names = 0;
  return "Odbc " + std::to_string(++names);
}

std::unique_ptr<Backend> make_sqlite() { return std::make_unique<OdbcSqliteBackend>(true); }
/// The same driver as one that nobody knows: it takes arrays of parameters, says that all is well, and cuts what is in
/// them.
std::unique_ptr<Backend> make_unknown() { return std::make_unique<OdbcSqliteBackend>(false); }

std::unique_ptr<Backend> make_postgres() {
  PostgresServer* server = shared_postgres_server();
  if (server == nullptr) return nullptr;
  return std::make_unique<OdbcBackend>(table::OdbcKind{OdbcDialect::postgresql, true, true},
                                       "DRIVER=PostgreSQL Unicode;SERVER=127.0.0.1;PORT=" + std::to_string(server->port()) +
                                           ";DATABASE=postgres;UID=postgres;PWD=secret",
                                       next_name());
}

std::unique_ptr<Backend> make_mariadb() {
  MariadbServer* server = shared_mariadb_server();
  if (server == nullptr) return nullptr;
  return std::make_unique<OdbcMariadbBackend>(
      table::OdbcKind{OdbcDialect::mariadb, true, true},
      "DRIVER=MariaDB Unicode;SERVER=127.0.0.1;PORT=" + std::to_string(server->port()) + ";UID=ctk;PWD=secret",
      next_name());
}

const auto kBackends =
    ::testing::Values(BackendMaker{"odbc_sqlite", make_sqlite}, BackendMaker{"odbc_postgres", make_postgres},
                      BackendMaker{"odbc_mariadb", make_mariadb}, BackendMaker{"odbc_unknown", make_unknown});
const auto kName = [](const auto& instance) { return instance.param.name; };

INSTANTIATE_TEST_SUITE_P(Odbc, Conformance, kBackends, kName);
INSTANTIATE_TEST_SUITE_P(Odbc, ConformanceOfNames, kBackends, kName);
INSTANTIATE_TEST_SUITE_P(Odbc, ConformanceOfLetters, kBackends, kName);

}  // namespace
}  // namespace ctk::sink::testing

#ifdef __SANITIZE_ADDRESS__
/// PostgreSQL's ODBC driver keeps a little memory for each connection and never frees it (48 bytes, psqlodbc 13.02).
extern "C" const char* __lsan_default_suppressions() { return "leak:psqlodbcw.so\n"; }
#endif
