// A configuration file on the disk as a plan.
#pragma once

#include <string>

#include "cli/fleet_plan.h"
#include "cli/world.h"

namespace ctk::cli {

/// Reads the file and all that it refers to; from then on no output repeats its secrets. Nothing is touched. `usage` is
/// "FILE:LINE:COLUMN: sentence".
Result<FleetPlan> read_fleet_file(const std::string& path, const FlagValues& flags, World& world);

}  // namespace ctk::cli
