// SQLite and PostgreSQL as targets of tests.
#pragma once

#include <memory>

#include "sink/conformance_test.h"

namespace ctk::sink::testing {

/// A file of its own in a temporary folder.
std::unique_ptr<Backend> make_sqlite_backend();

}  // namespace ctk::sink::testing
