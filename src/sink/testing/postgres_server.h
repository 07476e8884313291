// A PostgreSQL server for tests.
#pragma once

#include "sink/testing/database_server.h"

namespace ctk::sink::testing {

/// User `postgres`, database `postgres`, password `secret`. Nothing is synced to disk. One server for the whole test
/// program, started at first use; null where there can be none.
DatabaseServer* shared_postgres_server();

}  // namespace ctk::sink::testing
