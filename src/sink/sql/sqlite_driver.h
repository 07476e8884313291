// SQLite, by its C library.
#pragma once

#include <memory>
#include <string>

#include "sink/sql/driver.h"

namespace ctk::sink::sql {

/// `path` is a file's name or ":memory:". With Reach::existing a missing file is no error (nothing is there yet), but a
/// missing folder is. Once made ours, the file is in WAL mode and every commit is synced: what was acknowledged is durable.
std::unique_ptr<Driver> make_sqlite_driver(std::string path, Duration busy_timeout);

}  // namespace ctk::sink::sql
