// SQLite's spelling (3.35 and later).
#pragma once

#include <memory>

#include "sink/sql/dialect.h"

namespace ctk::sink::sql {

/// `target`: SQLite, however it is reached.
std::unique_ptr<Dialect> make_sqlite_dialect(table::Target target = table::Target::sqlite);

}  // namespace ctk::sink::sql
