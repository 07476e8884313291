// The dialect of a target that is reached through ODBC.
#pragma once

#include <memory>

#include "sink/sql/dialect.h"
#include "table/odbc_target.h"

namespace ctk::sink::sql {

/// `for_people`: one row a statement, as a reader wants them.
std::unique_ptr<Dialect> make_odbc_dialect(const table::OdbcKind& kind, bool for_people);

}  // namespace ctk::sink::sql
