// MySQL's SQL and MariaDB's, which differ in JSON and in how an upsert calls the row that it brings.
#pragma once

#include <memory>

#include "sink/sql/dialect.h"

namespace ctk::sink::sql {

/// `target`: mysql or mariadb, however it is reached.
std::unique_ptr<Dialect> make_mysql_dialect(table::Target target, size_t rows_per_insert = 256);

}  // namespace ctk::sink::sql
