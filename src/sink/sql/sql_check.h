// What a preflight sees of a SQL database. Reads only.
#pragma once

#include "sink/sql/bookkeeping.h"
#include "sink/target_check.h"

namespace ctk::sink::sql {

SqlResult<TargetSight> look_at_target(Driver& driver, const Bookkeeping& at, const TargetQuestion& question);

}  // namespace ctk::sink::sql
