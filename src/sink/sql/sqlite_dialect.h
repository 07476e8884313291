// SQLite's spelling (3.35 and later).
#pragma once

#include <memory>

#include "sink/sql/dialect.h"

namespace ctk::sink::sql {

std::unique_ptr<Dialect> make_sqlite_dialect();

}  // namespace ctk::sink::sql
