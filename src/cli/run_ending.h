// How a run of a relay has ended: what is said of it, and the exit code that it stands for.
#pragma once

#include <optional>
#include <string>

#include "cli/load_plan.h"
#include "cli/world.h"
#include "relay/relay.h"

namespace ctk::cli {

struct Ending {
  Result<relay::RelayStats> result;
  relay::RelayStats stats;  ///< also of a run that failed
};

/// Whether it ends by itself.
bool is_bounded(const LoadPlan& plan);

/// Why it is no good end. To be stopped is none for a load, nor within a regular file: nobody keeps how far it was read.
/// What is read of a pipe may go on for ever: stopped, it ends well where all that it had read is written.
std::optional<Error> error_of(const Ending& ending, const LoadPlan& plan);

int exit_code_of(const Ending& ending, const std::optional<Error>& error, const LoadPlan& plan);

/// The worse one of two: dead letters are worse than none, a failure is worse than those, and a gap is worse than that.
int worse_exit_code(int one, int other);

/// Says the summary on standard error, and on standard output where it is to be had as JSON. `name`: of one relay among
/// several; else empty. False, and said, where a result could not be written.
bool print_summary(const Ending& ending, const LoadPlan& plan, const std::string& name, World& world);

}  // namespace ctk::cli
