// `ctk load --config FILE`: reads the file, and runs its relays until they have ended, a signal, or a failure that is to
// end them all.
#include <unistd.h>

#include "base/event_loop.h"
#include "cli/config_file.h"
#include "cli/exit_code.h"
#include "cli/fleet.h"
#include "cli/fleet_file.h"
#include "cli/listening.h"
#include "cli/onlookers.h"
#include "cli/run_commands.h"
#include "cli/run_ending.h"
#include "cli/signals.h"
#include "observe/progress.h"

namespace ctk::cli {
namespace {

std::vector<observe::RelayStatus> first_look(const FleetPlan& plan) {
  std::vector<observe::RelayStatus> first;
  for (const FleetRelay& relay : plan.relays) {
    observe::RelayStatus& status = first.emplace_back();
    status.title = relay.plan.title;
    status.view.name = coordination::RelayName(relay.name);
  }
  return first;
}

Result<FleetPlan> read_plan(const LoadConfigCommand& command, World& world) {
  auto plan = read_fleet_file(command.file, command.flags, world);
  if (!plan) return plan;
  for (FleetRelay& relay : plan->relays) relay.plan.json_summary = command.json_summary;
  return plan;
}

/// One process's run of a file.
class FleetRun {
 public:
  FleetRun(const LoadConfigCommand& command, World& world) : command_(command), world_(world), loop_(world.clock) {}

  int run(FleetPlan plan) {
    SignalWatcher signals([this] { loop_.post([this] { stop(); }); }, std::chrono::milliseconds(50),
                          [this] { loop_.post([this] { reload(); }); });
    grace_ = plan.grace;
    // Before anything else is touched: a port that is taken is found out at once.
    if (plan.listen) {
      auto begun = Listening::begin(*plan.listen, first_look(plan), world_);
      if (!begun) return report_error(world_, begun.error());
      listening_ = std::move(*begun);
    }
    Metrics uncounted;
    World& seen = listening_ ? listening_->world() : world_;
    Fleet fleet(seen, loop_, listening_ ? listening_->metrics() : uncounted,
                listening_ ? listening_->health_window() : ListenOptions{}.health_window, [this] { loop_.quit(); });
    fleet_ = &fleet;
    run_loop(std::move(plan));
    int code = fleet.exit_code();
    if (abandoned_) code = worse_exit_code(code, kFailed);
    signals.run_is_over(code);
    // A thread still waits for a target.
    if (abandoned_ || fleet.hangs()) _exit(code);
    return code;
  }

 private:
  void run_loop(FleetPlan plan) {
    std::optional<observe::ProgressReporter> progress;
    if (!world_.output.quiet) {
      progress.emplace(observe::relay_progress([this] { return fleet_->stats(); }, world_.clock), loop_, world_.clock,
                       world_.log, world_.terminal);
    }
    Onlookers onlookers(listening_.get(), world_, loop_);
    loop_.post([this, &plan, &onlookers] {
      fleet_->follow(std::move(plan));
      onlookers.watch([this] { return fleet_->look(); });
    });
    loop_.run();
  }

  Log& log() { return (listening_ ? listening_->world() : world_).log; }

  void stop() {
    log().info("stopping: writing what was read, storing positions; a second Ctrl-C ends it at once");
    // Where even closing the targets takes too long, the promise of the grace period comes first.
    loop_.after(grace_ - std::min<Duration>(grace_ / 20, std::chrono::milliseconds(500)), [this] {
      abandoned_ = true;
      loop_.quit();
    });
    fleet_->stop();
  }

  void reload() {
    auto plan = read_plan(command_, world_);
    if (!plan) {
      return log().error("the configuration file is wrong, and nothing is changed", {{"error", to_string(plan.error())}});
    }
    log().info("the configuration file was read again", {{"file", command_.file}});
    grace_ = plan->grace;
    fleet_->follow(std::move(*plan));
  }

  const LoadConfigCommand& command_;
  World& world_;
  ThreadLoop loop_;
  std::unique_ptr<Listening> listening_;
  Fleet* fleet_ = nullptr;
  Duration grace_{};
  bool abandoned_ = false;
};

}  // namespace

int run_load_config(const LoadConfigCommand& command, World& world) {
  auto plan = read_plan(command, world);
  if (!plan) return report_config_error(world, plan.error());
  return FleetRun(command, world).run(std::move(*plan));
}

}  // namespace ctk::cli
