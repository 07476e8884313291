// What a preflight sees of a CrateDB cluster. Reads only.
#pragma once

#include "sink/cratedb/session.h"
#include "sink/target_check.h"

namespace ctk::sink::cratedb {

Task<Result<TargetSight>> look_at_target(Session& session, TargetQuestion question);

}  // namespace ctk::sink::cratedb
