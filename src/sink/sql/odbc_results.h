// What an ODBC statement gives back.
#pragma once

#include "sink/sql/driver.h"
#include "sink/sql/odbc_connection.h"

namespace ctk::sink::sql {

/// The columns of a statement's result.
struct OdbcColumn {
  std::string name;
  SQLSMALLINT type = SQL_VARCHAR;
};
std::vector<OdbcColumn> columns_of(const OdbcHandle& statement);

ResultSet::Column::Kind kind_of(SQLSMALLINT type);
bool is_binary(SQLSMALLINT type);

/// How reading a row ended.
enum class Fetched {
  row,
  end,
  failed,  ///< the statement has the diagnosis
  cut,     ///< the driver has cut a value, and did not say so
};

/// The next row. Texts in UTF-8 (`wide`: read in UTF-16), bytes as they are.
Fetched fetch_row(const OdbcHandle& statement, const std::vector<OdbcColumn>& columns, bool wide, Cells& cells);

}  // namespace ctk::sink::sql
