// What a load writes to that is a file.
#pragma once

#include "cli/load_plan.h"

namespace ctk::cli {

/// `usage` where the file that is read would be written to.
Status check_outputs_differ_from_source(const LoadPlan& plan);

}  // namespace ctk::cli
