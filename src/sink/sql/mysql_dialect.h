// MySQL's SQL and MariaDB's, which differ in JSON and in how an upsert calls the row that it brings.
#pragma once

#include <memory>

#include "sink/sql/dialect.h"
#include "sink/sql/mysql_manners.h"

namespace ctk::sink::sql {

inline constexpr size_t kMysqlRowsPerInsert = 256;

/// `target`: mysql or mariadb, however it is reached. `manners`: of the server, once it is met; none: a MySQL of today.
std::unique_ptr<Dialect> make_mysql_dialect(table::Target target, size_t rows_per_insert = kMysqlRowsPerInsert,
                                            std::shared_ptr<const MysqlManners> manners = nullptr);

}  // namespace ctk::sink::sql
