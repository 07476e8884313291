// From a configuration file to the relays that one process runs: each planned as its own command line would be. Pure:
// nothing is touched, everything is checked.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/config_file.h"
#include "cli/load_plan.h"

namespace ctk::cli {

/// One relay of several.
struct FleetRelay {
  std::string name;  ///< what its positions are stored under, known before it runs; no two have the same
  LoadPlan plan;
  LoadCommand command;  ///< the command line that would run it alone

  /// Whether it is what the other one is, so that a running one can go on.
  bool runs_as(const FleetRelay& other) const;
};

struct FleetPlan {
  std::vector<FleetRelay> relays;  ///< in the order of the file
  std::optional<ListenOptions> listen;
  bool exit_on_failure = false;
  size_t max_memory = 32u << 20;              ///< of all together
  Duration grace = std::chrono::seconds(30);  ///< for a clean stop of all
};

/// Flags of the command line win over the file. `usage` is "FILE:LINE:COLUMN: sentence".
Result<FleetPlan> plan_fleet(const ConfigFile& config, const FlagValues& flags, const aws::Environment& environment,
                             const IsFile& is_file);

}  // namespace ctk::cli
