// What is on the other side of an ODBC data source: asked once, before anything is planned, since layouts, names and
// statements follow from it.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "sink/sql/odbc_address.h"
#include "table/odbc_target.h"

namespace ctk::sink::sql {

struct OdbcSite {
  table::OdbcKind kind;
  std::string schema;  ///< where tables lie that are named without one; empty: names stay without
};

/// Connects and asks; blocks. With a `dialect` that is what the database is taken for. Errors as OdbcConnection::open.
Result<OdbcSite> ask_odbc_site(const OdbcAddress& address, std::optional<table::OdbcDialect> dialect,
                               Duration longest_wait);

/// For a dry run, which connects to nothing: by the driver's name, as the connection or odbc.ini has it. `usage` where that
/// says nothing.
Result<OdbcSite> guess_odbc_site(const OdbcAddress& address, std::optional<table::OdbcDialect> dialect);

}  // namespace ctk::sink::sql
