// The DDL of a load, as its dry run would print it.
#pragma once

#include <string>
#include <vector>

#include "cli/world.h"
#include "sink/target_options.h"

namespace ctk::cli {

/// Without its semicolons; none where the target has no tables, or makes none. Connects to nothing.
Result<std::vector<std::string>> ddl_of(const sink::TargetOptions& target, const table::TableSpec& spec, World& world);

}  // namespace ctk::cli
