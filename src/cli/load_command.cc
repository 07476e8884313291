// `ctk load`: one relay.
#include "cli/output_files.h"
#include "cli/run_commands.h"
#include "cli/run_relay.h"
#include "cli/wired_relay.h"

namespace ctk::cli {
namespace {

Result<std::shared_ptr<relay::Relay>> make_relay(const LoadPlan& plan, World& world, EventLoop& loop) {
  auto wired = WiredRelay::make(plan, world, loop, world.log);
  if (!wired) return std::unexpected(wired.error());
  std::shared_ptr<WiredRelay> shared = std::move(*wired);
  relay::Relay& relay = shared->relay();
  return std::shared_ptr<relay::Relay>(std::move(shared), &relay);
}

}  // namespace

int run_load(const LoadCommand& command, World& world) {
  auto plan = plan_load(command, world.environment(), is_readable_file);
  if (!plan) return report_error(world, plan.error());
  if (const Status differ = check_outputs_differ_from_source(*plan); !differ) return report_error(world, differ.error());
  return run_relay(std::move(*plan), make_relay, world);
}

}  // namespace ctk::cli
