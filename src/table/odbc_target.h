// What a database is like that is reached through ODBC: by its dialect, and by what its driver says that it can. It must
// not know drivers themselves.
#pragma once

#include <compare>
#include <optional>
#include <span>
#include <string_view>

#include "table/target.h"

namespace ctk::table {

enum class OdbcDialect { postgresql, mysql, mariadb, sqlite, sqlserver, oracle, db2, duckdb, snowflake, generic };

/// As `dialect=` has it.
std::optional<OdbcDialect> parse_odbc_dialect(std::string_view text);
/// By the name, and the version, that a driver gives its database (SQL_DBMS_NAME, SQL_DBMS_VER); nothing where it is none
/// that we know.
std::optional<OdbcDialect> odbc_dialect_of(std::string_view product, std::string_view version);

/// Whether the database is one that a native target knows, too: it has statements of its own for its catalogue, and its
/// drivers are known.
constexpr bool is_native(OdbcDialect dialect) { return dialect <= OdbcDialect::sqlite; }

/// One kind of such a target.
struct OdbcKind {
  OdbcDialect dialect = OdbcDialect::sqlite;
  bool transactions = true;
  /// What its driver says of its writes is believed, but for counts. Else each row is read back in its transaction.
  bool believed = false;
  /// Of MySQL: an INSERT can name its rows (from 8.0.19 on).
  bool names_rows = true;

  auto operator<=>(const OdbcKind&) const = default;
};

/// The same value for the same kind, for the program's life.
Target odbc_target(const OdbcKind& kind);
/// What odbc_target was asked for; nothing of other targets.
std::optional<OdbcKind> odbc_kind(Target target);

}  // namespace ctk::table
