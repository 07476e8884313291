// One relay as a command: on a loop of its own, watched by signals, shown where somebody listens, until its end.
#pragma once

#include <functional>
#include <memory>

#include "base/event_loop.h"
#include "cli/load_plan.h"
#include "cli/world.h"
#include "relay/relay.h"

namespace ctk::cli {

/// Makes the relay with all that it stands on; the pointer keeps that, too. The plan and all references outlive it.
using MakeRelay = std::function<Result<std::shared_ptr<relay::Relay>>(const LoadPlan& plan, World& world, EventLoop& loop)>;

/// Its exit code; errors and the summary have been said by then.
int run_relay(LoadPlan plan, const MakeRelay& make, World& world);

}  // namespace ctk::cli
