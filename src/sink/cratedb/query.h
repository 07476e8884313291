// A user's own statement, and how it is stopped.
#pragma once

#include "sink/cratedb/session.h"

namespace ctk::sink::cratedb {

/// Runs one text. Asked to stop, it has the server kill the statement's job; where the server cannot be brought to that, it
/// says so and waits no longer.
Task<Result<ResultSet>> query(Session& session, Query query);

}  // namespace ctk::sink::cratedb
