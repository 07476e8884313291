#include "sink/sql/odbc_site.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "net/connection_string.h"
#include "sink/sql/mysql_manners.h"
#include "sink/sql/odbc_connection.h"

namespace ctk::sink::sql {
namespace {

using table::OdbcDialect;

constexpr const char* kSayIt =
    "say which of these it speaks: dialect=postgresql, mysql, sqlite, sqlserver, oracle, db2, duckdb, snowflake or generic";

/// Drivers that the conformance suite holds: what they say of a write is so, counts aside.
bool is_known_driver(const std::string& file) {
  const std::string name = ascii_lower(file);
  return std::ranges::any_of(std::initializer_list<std::string_view>{"psqlodbc", "libmaodbc", "sqlite3odbc"},
                             [&](std::string_view known) { return name.contains(known); });
}

/// `mysql` is what users say of both.
std::optional<OdbcDialect> settle_dialect(std::optional<OdbcDialect> wished, std::optional<OdbcDialect> found) {
  if (!wished) return found;
  return *wished == OdbcDialect::mysql && found == OdbcDialect::mariadb ? found : wished;
}

}  // namespace

Result<OdbcSite> ask_odbc_site(const OdbcAddress& address, std::optional<OdbcDialect> dialect, Duration longest_wait) {
  Result<std::unique_ptr<OdbcConnection>> opened = OdbcConnection::open(address, longest_wait);
  if (!opened) return forward_error(std::move(opened));
  const OdbcConnection& connection = **opened;
  const std::string product = connection.text(SQL_DBMS_NAME);
  const auto settled = settle_dialect(dialect, table::odbc_dialect_of(product, connection.text(SQL_DBMS_VER)));
  if (!settled) {
    return fail(ErrorKind::refused, fmt::format("{} is of a kind that is not known here: {}", address.shown, product), "",
                kSayIt);
  }
  OdbcSite site;
  site.kind.dialect = *settled;
  site.kind.believed = table::is_native(*settled) && is_known_driver(connection.text(SQL_DRIVER_NAME));
  site.kind.transactions = connection.number(SQL_TXN_CAPABLE, SQL_TC_NONE) != SQL_TC_NONE;
  site.kind.names_rows = *settled != OdbcDialect::mysql || names_rows(connection.text(SQL_DBMS_VER));
  const bool in_database = *settled == OdbcDialect::mysql || *settled == OdbcDialect::mariadb;
  if (in_database) site.schema = connection.text(SQL_DATABASE_NAME);
  // The schema of a user's own has the user's name there.
  const bool in_users_own = *settled == OdbcDialect::oracle || *settled == OdbcDialect::db2;
  if (in_users_own) site.schema = ascii_upper(connection.text(SQL_USER_NAME));
  return site;
}

Result<OdbcSite> guess_odbc_site(const OdbcAddress& address, std::optional<OdbcDialect> dialect) {
  std::string driver = address.driver;
  if (driver.empty()) driver = odbc_driver_of(address.data_source);
  const std::string name = ascii_lower(driver);
  const std::optional<OdbcDialect> guessed = name.contains("psqlodbc") ? std::optional(OdbcDialect::postgresql)
                                             : name.contains("maodbc") ? std::optional(OdbcDialect::mariadb)
                                                                       : table::odbc_dialect_of(name, "");
  const auto settled = settle_dialect(dialect, guessed);
  if (!settled) {
    return fail(ErrorKind::usage, "a dry run connects to nothing, and the driver's name does not say what its database is",
                "", kSayIt);
  }
  OdbcSite site;
  site.kind = {*settled, true, table::is_native(*settled)};
  const bool in_database = *settled == OdbcDialect::mysql || *settled == OdbcDialect::mariadb;
  const net::ConnectionParts parts = net::parse_connection(address.connection.reveal());
  if (in_database) site.schema = net::connection_value(parts, "DATABASE").value_or("");
  return site;
}

}  // namespace ctk::sink::sql
