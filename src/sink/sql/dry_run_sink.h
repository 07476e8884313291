// `--dry-run` for the SQL targets.
#pragma once

#include <memory>
#include <ostream>

#include "sink/target_options.h"

namespace ctk::sink::sql {

/// A sink of options.kind (postgres, sqlite) that prints to `out` instead of connecting. Positions are kept in memory.
std::unique_ptr<Sink> make_sql_dry_run_sink(const TargetOptions& options, const SinkEnvironment& environment,
                                            std::ostream& out);

}  // namespace ctk::sink::sql
