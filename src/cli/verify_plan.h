// From a `verify` command to everything that is needed to run it. Pure: nothing is touched, everything is checked.
#pragma once

#include <string>

#include "cli/command_line.h"
#include "cli/source_url.h"
#include "cli/target_url.h"
#include "verify/verifier.h"

namespace ctk::cli {

struct VerifyPlan {
  SourcePlan source;  ///< of the table alone: its stream is not read
  sink::TargetOptions target;
  verify::VerifyOptions verify;
};

/// `usage` for what has no items or no rows that could be read: files, ndjson.
Result<VerifyPlan> plan_verify(const VerifyCommand& command, const aws::Environment& environment, const IsFile& is_file);

/// "items 7, rows 7, equal 6, missing 0, extra 0, different 1, settled 0", and ", repaired 1" where that was asked for.
std::string totals_text(const verify::VerifyTotals& totals, bool with_repaired);
/// The same as one JSON object, with what was repaired.
std::string totals_json(const verify::VerifyTotals& totals);

}  // namespace ctk::cli
