// How a connection to PostgreSQL is made: to the first of several hosts that answers, within a time, unless it is stopped.
#pragma once

#include <libpq-fe.h>

#include <memory>

#include "base/stop_bell.h"
#include "sink/sql/postgres_driver.h"

namespace ctk::sink::sql {

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using PgConnection = std::unique_ptr<PGconn, Finish>;

/// Blocks until it is there; `stopped` once `bell`, which may be null, rings. Else why not: what the peer says, and what it
/// means.
Result<PgConnection> connect_to(const PostgresAddress& address, const StopBell* bell);

/// `stopped`: the server is not waited for any more.
Error not_waited_for(const PostgresAddress& address);

}  // namespace ctk::sink::sql
