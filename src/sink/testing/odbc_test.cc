// Databases that are reached through ODBC, by Debian's drivers, as targets.
#include <utility>

#include "base/testing/temporary_folder.h"
#include "net/url.h"
#include "sink/conformance_history_test.h"
#include "sink/sql/odbc_driver.h"
#include "sink/sql/odbc_site.h"
#include "sink/testing/mysql_server.h"
#include "sink/testing/odbc_backend.h"
#include "sink/testing/postgres_server.h"

namespace ctk::sink::testing {
namespace {

using table::OdbcDialect;

class OdbcSqliteBackend final : private TemporaryFolder, public OdbcBackend {
 public:
  explicit OdbcSqliteBackend(bool believed)
      : OdbcBackend({OdbcDialect::sqlite, true, believed}, "DRIVER=SQLite3;DATABASE=" + (path() / "test.db").string(), "") {
  }
};

class OdbcMariadbBackend final : public OdbcBackend {
 public:
  using OdbcBackend::OdbcBackend;
  std::string select_rows(const table::TableSpec& spec) const override { return select_trimmed_rows(spec); }
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
  DatabaseServer* server = shared_postgres_server();
  if (server == nullptr) return nullptr;
  return std::make_unique<OdbcBackend>(table::OdbcKind{OdbcDialect::postgresql, true, true},
                                       "DRIVER=PostgreSQL Unicode;SERVER=127.0.0.1;PORT=" + std::to_string(server->port()) +
                                           ";DATABASE=postgres;UID=postgres;PWD=secret",
                                       next_name());
}

std::unique_ptr<Backend> make_mariadb() {
  DatabaseServer* server = shared_mariadb_server();
  if (server == nullptr) return nullptr;
  return std::make_unique<OdbcMariadbBackend>(
      table::OdbcKind{OdbcDialect::mariadb, true, true},
      "DRIVER=MariaDB Unicode;SERVER=127.0.0.1;PORT=" + std::to_string(server->port()) + ";UID=ctk;PWD=secret",
      next_name());
}

std::string mysql_connection(const DatabaseServer& server) {
  return "DRIVER=MariaDB Unicode;SERVER=127.0.0.1;PORT=" + std::to_string(server.port()) + ";UID=ctk;PWD=secret";
}

sql::OdbcAddress address_by(const std::string& connection) {
  net::Url url;
  url.scheme = "odbc";
  return *sql::odbc_address(url, std::nullopt, connection);
}

/// By MariaDB's driver, which tells the two apart.
std::unique_ptr<Backend> make_mysql() {
  DatabaseServer* server = shared_mysql_server();
  if (server == nullptr) return nullptr;
  const std::string connection = mysql_connection(*server);
  const Result<sql::OdbcSite> site = sql::ask_odbc_site(address_by(connection), std::nullopt, std::chrono::seconds(30));
  EXPECT_TRUE(site) << to_string(site.error());
  EXPECT_EQ(site->kind.dialect, OdbcDialect::mysql);
  return std::make_unique<OdbcMariadbBackend>(site->kind, connection, next_name());
}

/// Standard SQL, and the driver's own catalogue.
constexpr table::OdbcKind kGeneric{OdbcDialect::generic, true, false};

class GenericSqliteBackend final : private TemporaryFolder, public OdbcBackend {
 public:
  GenericSqliteBackend() : OdbcBackend(kGeneric, "DRIVER=SQLite3;DATABASE=" + (path() / "test.db").string(), "") {}
};

std::unique_ptr<Backend> make_generic_sqlite() { return std::make_unique<GenericSqliteBackend>(); }

/// Schemas are made by hand there.
std::unique_ptr<Backend> make_generic_postgres() {
  DatabaseServer* server = shared_postgres_server();
  if (server == nullptr) return nullptr;
  const std::string connection = "DRIVER=PostgreSQL Unicode;SERVER=127.0.0.1;PORT=" + std::to_string(server->port()) +
                                 ";DATABASE=postgres;UID=postgres;PWD=secret";
  const std::string schema = next_name();
  const std::unique_ptr<sql::Driver> driver = sql::make_odbc_driver({address_by(connection), kGeneric, std::nullopt});
  EXPECT_TRUE(driver->connect(sql::Reach::existing));
  EXPECT_TRUE(driver->run(sql::statement("CREATE SCHEMA \"" + schema + "\"")));
  return std::make_unique<OdbcBackend>(kGeneric, connection, schema);
}

TEST(OdbcSession, OfMysqlSeesSizesOfNow) {
  DatabaseServer* server = shared_mysql_server();
  if (server == nullptr) GTEST_SKIP() << "no MySQL here";
  const auto driver =
      sql::make_odbc_driver({address_by(mysql_connection(*server)), {OdbcDialect::mysql, true, true}, std::nullopt});
  ASSERT_TRUE(driver->connect(sql::Reach::existing));
  const auto expiry = driver->run(sql::statement("SELECT @@information_schema_stats_expiry"));
  ASSERT_TRUE(expiry) << to_string(expiry.error().error);
  EXPECT_EQ(expiry->rows.at(0).at(0), "0");
}

const auto kBackends =
    ::testing::Values(BackendMaker{"odbc_sqlite", make_sqlite}, BackendMaker{"odbc_postgres", make_postgres},
                      BackendMaker{"odbc_mariadb", make_mariadb}, BackendMaker{"odbc_mysql", make_mysql},
                      BackendMaker{"odbc_unknown", make_unknown}, BackendMaker{"odbc_generic", make_generic_sqlite},
                      BackendMaker{"odbc_generic_postgres", make_generic_postgres});
const auto kName = [](const auto& instance) { return instance.param.name; };

INSTANTIATE_TEST_SUITE_P(Odbc, Conformance, kBackends, kName);
// Without `generic`: what a view shows cannot be had from a driver, and so none is told from ours, nor gives way.
INSTANTIATE_TEST_SUITE_P(Odbc, ConformanceOfNames,
                         ::testing::Values(BackendMaker{"odbc_sqlite", make_sqlite},
                                           BackendMaker{"odbc_postgres", make_postgres},
                                           BackendMaker{"odbc_mariadb", make_mariadb},
                                           BackendMaker{"odbc_mysql", make_mysql},
                                           BackendMaker{"odbc_unknown", make_unknown}),
                         kName);
INSTANTIATE_TEST_SUITE_P(Odbc, ConformanceOfLetters, kBackends, kName);
INSTANTIATE_TEST_SUITE_P(Odbc, ConformanceOfHistory, kBackends, kName);

}  // namespace
}  // namespace ctk::sink::testing

#ifdef __SANITIZE_ADDRESS__
/// PostgreSQL's ODBC driver keeps a little memory for each connection and never frees it (48 bytes, psqlodbc 13.02).
extern "C" const char* __lsan_default_suppressions() { return "leak:psqlodbcw.so\n"; }
#endif
