// A Driver without a database: it prints what it is told to run, and answers as if all went well. `--dry-run`.
#pragma once

#include <memory>
#include <ostream>

#include "sink/sql/dialect.h"
#include "sink/sql/driver.h"

namespace ctk::sink::sql {

/// Each statement ends with `;` and is followed by its parameters as comments, `-- $1 = 'a'`, once an execution. Tables
/// that were "created" before are not created again.
std::unique_ptr<Driver> make_printing_driver(const Dialect& dialect, std::ostream& out);

}  // namespace ctk::sink::sql
