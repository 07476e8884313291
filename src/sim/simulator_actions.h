// Simulator actions: what a person, or a test in another language, has the simulated AWS do by `POST /simulator`.
#pragma once

#include <functional>
#include <string_view>

#include "base/time.h"
#include "sim/services.h"
#include "sim/wire.h"

namespace ctk::sim {

/// What lies outside of the services.
struct ActionControls {
  std::function<void(Duration)> advance_clock;  ///< empty: this clock cannot be moved
  std::function<void()> kill_connections;
};

/// `body`: {"action": "roll-shard", "table": "demo"}, …; answers with an object of what came of it, or as the services
/// refuse.
WireAnswer run_action(Services& services, std::string_view body, Timestamp now, const ActionControls& controls);

}  // namespace ctk::sim
