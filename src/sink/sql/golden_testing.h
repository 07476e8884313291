// Which dialects have golden files of their statements, and how those are called. For tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "base/ascii.h"
#include "sink/sql/odbc_dialects.h"

namespace ctk::sink::sql {

/// As a file's name, and a test's.
inline std::string golden_name(const Dialect& dialect) {
  std::string name = ascii_lower(dialect.traits().product);
  std::ranges::replace(name, ' ', '_');
  return name;
}

/// Nothing is read back that its driver says: that is no matter of words, and has tests of its own (odbc_lies_test.cc).
inline std::shared_ptr<Dialect> dialect_of_odbc(table::OdbcDialect odbc) {
  std::shared_ptr<Dialect> dialect = make_odbc_dialect({odbc, true, false}, false);
  dialect->set_belief(Belief::everything);
  return dialect;
}

/// Those that are reached through ODBC only.
inline auto dialects_of_odbc() {
  using enum table::OdbcDialect;
  return ::testing::Values(dialect_of_odbc(sqlserver), dialect_of_odbc(oracle), dialect_of_odbc(db2),
                           dialect_of_odbc(duckdb), dialect_of_odbc(snowflake), dialect_of_odbc(generic));
}

}  // namespace ctk::sink::sql
