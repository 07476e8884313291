// PostgreSQL's spelling (15 and later).
#pragma once

#include <memory>

#include "sink/sql/dialect.h"

namespace ctk::sink::sql {

/// `rows_per_insert`: 1 for people who read the SQL. `target`: PostgreSQL, however it is reached.
std::unique_ptr<Dialect> make_postgres_dialect(size_t rows_per_insert = 512,
                                               table::Target target = table::Target::postgres);

}  // namespace ctk::sink::sql
