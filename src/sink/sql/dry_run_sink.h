// `--dry-run` for a SQL target.
#pragma once

#include <memory>
#include <ostream>

#include "sink/sql/dialect.h"
#include "sink/target_options.h"

namespace ctk::sink::sql {

/// A sink that prints to `out` instead of connecting. Positions are kept in memory.
std::unique_ptr<Sink> make_dry_run_sink(std::unique_ptr<Dialect> dialect, const TargetOptions& options,
                                        const SinkEnvironment& environment, std::ostream& out);

}  // namespace ctk::sink::sql
