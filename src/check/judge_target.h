// What a preflight thinks of what it has seen of a target. Pure.
#pragma once

#include <optional>

#include "check/finding.h"
#include "sink/target_check.h"

namespace ctk::check {

/// `address`: the target as it may be shown. `table_bytes`: what is to be loaded; nothing where it is not known, or nothing
/// is.
Findings judge_target(const Result<sink::TargetSight>& sight, const std::string& address,
                      std::optional<uint64_t> table_bytes);

}  // namespace ctk::check
