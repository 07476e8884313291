#include "sink/sql/odbc_manners.h"

#include "sink/sql/mysql_errors.h"

namespace ctk::sink::sql {
namespace {

using table::OdbcDialect;

// Whatever the server's defaults are (mysql_connection.cc).
constexpr std::string_view kMysql[] = {
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', "
    "innodb_lock_wait_timeout = 20, default_storage_engine = 'InnoDB', sql_safe_updates = 0 "
    "/*!80000 , information_schema_stats_expiry = 0 */",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"};
constexpr std::string_view kOracle[] = {"ALTER SESSION SET NLS_TIMESTAMP_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF6'"};
constexpr std::string_view kSqlite[] = {"PRAGMA synchronous = FULL", "PRAGMA busy_timeout = 10000"};

}  // namespace

OdbcManners manners_of(const table::OdbcKind& kind) {
  OdbcManners manners;
  manners.unchecked_arrays = kind.believed;
  switch (kind.dialect) {
    case OdbcDialect::postgresql:
      manners.dollars = true;
      manners.forms.iso_times = true;
      break;
    case OdbcDialect::mysql:
    case OdbcDialect::mariadb:
      manners.charset = "utf8mb4";
      manners.releases_parts = false;  // MariaDB's driver would prepare that, which the server does not do
      manners.session = kMysql;
      manners.longest_call = kAskForPacketSize;
      manners.forms.nul_in_text = true;
      break;
    case OdbcDialect::sqlite:
      manners.session = kSqlite;
      manners.transactions_by_text = true;
      // The driver that is known cuts all bytes of an array to the length of the first.
      manners.arrays = !kind.believed;
      manners.forms.iso_times = true;
      break;
    case OdbcDialect::oracle:
      manners.session = kOracle;
      manners.releases_parts = false;
      manners.forms.bits = false;
      break;
    case OdbcDialect::sqlserver:
    case OdbcDialect::db2:
      manners.isolation = SQL_TXN_SERIALIZABLE;
      manners.forms.bits = false;
      break;
    case OdbcDialect::generic:
      manners.isolation = SQL_TXN_SERIALIZABLE;
      manners.forms.bits = false;
      manners.forms.iso_times = true;
      break;
    case OdbcDialect::duckdb:
    case OdbcDialect::snowflake: break;
  }
  // What an array was cut to could not be taken back.
  if (!kind.transactions && !kind.believed) manners.arrays = false;
  return manners;
}

}  // namespace ctk::sink::sql
