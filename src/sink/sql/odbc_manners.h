// How each dialect's drivers are spoken to. Data.
#pragma once

#include <span>
#include <string_view>

#include "sink/sql/odbc_params.h"
#include "table/odbc_target.h"

namespace ctk::sink::sql {

struct OdbcManners {
  OdbcForms forms;
  std::string_view longest_call = {};              ///< asks for how many bytes the server takes at once
  bool dollars = false;                            ///< the dialect's parameters are `$1`
  std::string_view charset = {};                   ///< said in the connection, unless the user has
  std::span<const std::string_view> session = {};  ///< run once connected
  /// Transactions are begun and ended by statements: a driver's own BEGIN takes no lock.
  bool transactions_by_text = false;
  /// Where rows are locked as they are looked at, what is committed may be seen. Else nobody else may be.
  SQLULEN isolation = SQL_TXN_READ_COMMITTED;
  bool arrays = true;  ///< of parameters
  /// Whatever is sent may go in arrays; else what is looked at behind it (Statement::checked).
  bool unchecked_arrays = true;
  /// A part that can be undone is given up by its name; else the next one of that name takes its place.
  bool releases_parts = true;
};

OdbcManners manners_of(const table::OdbcKind& kind);

}  // namespace ctk::sink::sql
