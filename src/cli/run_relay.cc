#include "cli/run_relay.h"

#include <unistd.h>

#include "cli/exit_code.h"
#include "cli/listening.h"
#include "cli/onlookers.h"
#include "cli/run_ending.h"
#include "cli/signals.h"
#include "cli/wired_relay.h"
#include "observe/progress.h"
#include "observe/relay_watch.h"

namespace ctk::cli {
namespace {

/// Says how the run ended; its exit code.
int conclude(const Ending& ending, const LoadPlan& plan, World& world, SignalWatcher& signals) {
  const std::optional<Error> error = error_of(ending, plan);
  int code = exit_code_of(ending, error, plan);
  signals.run_is_over(code);
  const bool printed = print_summary(ending, plan, "", world);
  if (!printed && !error) signals.run_is_over(code = kFailed);
  if (error) report_error(world, *error);
  return code;
}

}  // namespace

int run_relay(LoadPlan plan, const MakeRelay& make, World& world) {
  for (const std::string& note : plan.notes) world.log.debug(note);
  if (plan.relay.worker.empty()) plan.relay.worker = worker_name(world.random);
  // The relay's own share of the grace period leaves room for closing the target.
  const Duration grace = plan.relay.deadlines.grace;
  plan.relay.deadlines.grace -= std::min<Duration>(grace / 10, std::chrono::seconds(1));

  ThreadLoop loop(world.clock);
  std::unique_ptr<Listening> listening;  // what is wired counts there
  std::shared_ptr<relay::Relay> relay;
  bool abandoned = false;
  SignalWatcher signals([&] {
    loop.post([&] {
      (listening ? listening->world() : world)
          .log.info("stopping: writing what was read, storing positions; a second Ctrl-C ends it at once");
      relay->stop();
      // Where even closing the target takes too long, the promise of the grace period comes first.
      loop.after(grace - std::min<Duration>(grace / 20, std::chrono::milliseconds(500)), [&] {
        abandoned = true;
        loop.quit();
      });
    });
  });
  // Before anything else is touched: a port that is taken is found out at once.
  if (plan.listen) {
    std::vector<observe::RelayStatus> first(1);
    first.front().title = plan.title;
    auto begun = Listening::begin(*plan.listen, std::move(first), world);
    if (!begun) return report_error(world, begun.error());
    listening = std::move(*begun);
  }
  World& seen = listening ? listening->world() : world;
  auto made = make(plan, seen, loop);
  if (!made) return report_error(world, made.error());
  relay = std::move(*made);

  Metrics uncounted;
  Ending ending{relay::RelayStats{}, {}};
  {
    std::optional<observe::ProgressReporter> progress;
    if (!world.output.quiet) {
      progress.emplace(observe::relay_progress([&] { return relay->stats(); }, world.clock), loop, world.clock, world.log,
                       world.terminal);
    }
    const Duration window = plan.listen.value_or(ListenOptions{}).health_window;
    observe::RelayWatch watch(plan.title, window, listening ? listening->metrics() : uncounted);
    Onlookers onlookers(listening.get(), world, loop);
    onlookers.watch([&] { return std::vector{watch.look(relay->view(), world.clock.monotonic(), world.clock.now())}; });
    loop.post([&] {
      relay->run([&](Result<relay::RelayStats> result) {
        ending.result = std::move(result);
        loop.quit();
      });
    });
    loop.run();
  }
  ending.stats = ending.result && !abandoned ? *ending.result : relay->stats();
  const int code = conclude(ending, plan, world, signals);
  // A thread still waits for the target.
  if (abandoned || ending.stats.target_hangs) _exit(code);
  relay.reset();  // while the signals are still watched: this may take its time
  return code;
}

}  // namespace ctk::cli
