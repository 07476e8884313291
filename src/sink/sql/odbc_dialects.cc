#include "sink/sql/odbc_dialects.h"

#include "sink/sql/catalogue_dialect.h"
#include "sink/sql/mysql_dialect.h"
#include "sink/sql/postgres_dialect.h"
#include "sink/sql/sqlite_dialect.h"

namespace ctk::sink::sql {
namespace {

using table::OdbcDialect;

std::unique_ptr<Dialect> mysql(const table::OdbcKind& kind, table::Target target, size_t rows) {
  const auto manners = std::make_shared<MysqlManners>();
  manners->names_rows = kind.names_rows;
  return make_mysql_dialect(target, rows, manners);
}

std::unique_ptr<Dialect> made(const table::OdbcKind& kind, bool for_people) {
  const table::Target target = table::odbc_target(kind);
  const size_t rows = for_people ? 1 : 128;
  switch (kind.dialect) {
    case OdbcDialect::postgresql: return make_postgres_dialect(rows, target);
    case OdbcDialect::mysql:
    case OdbcDialect::mariadb: return mysql(kind, target, rows);
    case OdbcDialect::sqlite: break;
    case OdbcDialect::sqlserver: return make_sqlserver_dialect(target);
    case OdbcDialect::oracle: return make_oracle_dialect(target);
    case OdbcDialect::db2: return make_db2_dialect(target);
    case OdbcDialect::duckdb: return make_duckdb_dialect(target);
    case OdbcDialect::snowflake: return make_snowflake_dialect(target);
    case OdbcDialect::generic: return make_generic_dialect(target);
  }
  return make_sqlite_dialect(target);
}

}  // namespace

std::unique_ptr<Dialect> make_odbc_dialect(const table::OdbcKind& kind, bool for_people) {
  std::unique_ptr<Dialect> dialect = made(kind, for_people);
  dialect->set_belief(kind.believed ? Belief::no_counts : Belief::nothing);
  return dialect;
}

}  // namespace ctk::sink::sql
