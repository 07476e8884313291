// SQLite and PostgreSQL as targets of tests.
#pragma once

#include <memory>

#include "sink/conformance_test.h"
#include "sink/testing/postgres_server.h"

namespace ctk::sink::testing {

/// A file of its own in a temporary folder.
std::unique_ptr<Backend> make_sqlite_backend();
/// A schema of its own in the shared server; null where there is no PostgreSQL.
std::unique_ptr<Backend> make_postgres_backend();
TargetOptions postgres_options(const PostgresServer& server, const std::string& schema);

}  // namespace ctk::sink::testing
