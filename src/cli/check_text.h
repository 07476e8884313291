// What `ctk check` prints. Pure.
#pragma once

#include <string>

#include "check/finding.h"

namespace ctk::cli {

/// "ok clock: as the service's", a line each, with the hint in parentheses behind it.
std::string findings_text(const check::Findings& findings);
/// An array of objects: check, result, says, hint. Ends with a line end.
std::string findings_json(const check::Findings& findings);

bool any_failed(const check::Findings& findings);

}  // namespace ctk::cli
