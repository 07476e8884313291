// What `ctk status` prints. Pure.
#pragma once

#include <string>
#include <string_view>

#include "cli/report_text.h"

namespace ctk::cli {

/// For people, of what a `--listen` has answered to /status.json and /healthz. `corrupt` where it is neither.
Result<std::string> status_text(std::string_view status, std::string_view health);

/// What is stored in a target, in the shape of /status.json: null is what only a running relay knows.
std::string stored_status_json(const std::vector<RelayRows>& relays, Timestamp now);
std::string stored_status_text(const std::vector<RelayRows>& relays, Timestamp now);

}  // namespace ctk::cli
