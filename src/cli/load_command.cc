// `ctk load`: wires clock, loop, source, target and relay, and runs them until the source's end, a signal or a failure.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "base/event_loop.h"
#include "cli/exit_code.h"
#include "cli/listening.h"
#include "cli/run_commands.h"
#include "cli/signals.h"
#include "cli/wired_relay.h"
#include "observe/progress.h"
#include "relay/relay.h"
#include "sink/ndjson/ndjson_sink.h"

namespace ctk::cli {
namespace {

/// Unique to a process: "host/4711/5f3a9c".
coordination::WorkerName worker_name(Random& random) {
  char host[256] = "localhost";
  gethostname(host, sizeof host - 1);
  return coordination::WorkerName(fmt::format("{}/{}/{}", host, getpid(), random.hex(6)));
}

/// How a run ended.
struct Ending {
  Result<relay::RelayStats> result;
  relay::RelayStats stats;  ///< also of a run that failed
};

/// A line of the summary; nothing of an empty one.
void say(const std::string& line, LogLevel level, World& world) {
  if (line.empty()) return;
  if (world.output.log_format != observe::LogFormat::json) return world.terminal.write_line(line);
  world.log.write(level, line, {});
}

/// False, and said, where a result could not be written.
bool print_summary(const Ending& ending, const LoadPlan& plan, World& world) {
  const bool begun = ending.result || ending.stats.counts.shards > 0 || ending.stats.counts.read > 0;
  if (!world.output.quiet && begun) {
    const char* verb = !ending.result ? "failed" : ending.stats.stopped ? "stopped" : "done";
    const bool live_view = plan.target.tables.live_view && plan.target.kind != table::Target::ndjson;
    say(observe::summary_line(verb, ending.stats, live_view), LogLevel::info, world);
  }
  // These are no mere progress: --quiet does not keep them back.
  say(observe::dead_letters_line(ending.stats, plan.dead_letters_hint), LogLevel::warn, world);
  if (ending.result) say(observe::nothing_matched_line(ending.stats), LogLevel::warn, world);
  return !plan.json_summary || print_result(world, observe::summary_json(ending.stats) + "\n");
}

std::optional<Error> error_of(const Ending& ending) {
  if (!ending.result) return ending.result.error();
  if (!ending.stats.load || !ending.stats.load->running) return std::nullopt;
  return Error{ErrorKind::stopped, "the load was stopped before it had read the whole table", "",
               "the same command goes on where it was"};
}

int exit_code_of(const Ending& ending, const std::optional<Error>& error, const LoadPlan& plan) {
  if (error) return exit_code(error->kind);
  const bool bounded = plan.relay.once || plan.source.is_file() || !plan.source.follow;
  const bool ran_to_its_end = !ending.stats.stopped && bounded;
  return ran_to_its_end && ending.stats.counts.dead_letters > 0 ? kDeadLetters : kDone;
}

/// Says how the run ended; its exit code.
int conclude(const Ending& ending, const LoadPlan& plan, World& world, SignalWatcher& signals) {
  const std::optional<Error> error = error_of(ending);
  int code = exit_code_of(ending, error, plan);
  signals.run_is_over(code);
  const bool printed = print_summary(ending, plan, world);
  if (!printed && !error) signals.run_is_over(code = kFailed);
  if (error) report_error(world, *error);
  return code;
}

/// Lines that are appended to the file that is read would be read in their turn, and spoil it for the next.
Status check_differs_from_source(const std::string& output, const LoadPlan& plan) {
  const auto* file = std::get_if<FilePlan>(&plan.source.from);
  if (file == nullptr) return {};
  const std::string read = file->path == "-" ? "/dev/stdin" : file->path;
  std::error_code absent;
  if (!std::filesystem::is_regular_file(read, absent) || !std::filesystem::equivalent(read, output, absent)) return {};
  return fail(ErrorKind::usage, fmt::format("{} is the file that is read, and would be written to", output), "",
              "name another file");
}

Status tell_outputs_from_source(const LoadPlan& plan) {
  if (plan.target.kind != table::Target::ndjson || plan.target.dry_run) return {};
  const std::string& path = plan.target.url.path;
  if (Status told = check_differs_from_source(sink::is_standard_output(path) ? "/dev/stdout" : path, plan); !told)
    return told;
  return check_differs_from_source(plan.target.dead_letters_file.value_or("/dev/stderr"), plan);
}

}  // namespace

int run_load(const LoadCommand& command, World& world) {
  auto plan = plan_load(command, world.environment(), is_readable_file);
  if (!plan) return report_error(world, plan.error());
  if (const Status told = tell_outputs_from_source(*plan); !told) return report_error(world, told.error());
  return run_load_plan(std::move(*plan), world);
}

int run_load_plan(LoadPlan plan, World& world) {
  for (const std::string& note : plan.notes) world.log.debug(note);
  plan.relay.worker = worker_name(world.random);
  // The relay's own share of the grace period leaves room for closing the target.
  const Duration grace = plan.relay.deadlines.grace;
  plan.relay.deadlines.grace -= std::min<Duration>(grace / 10, std::chrono::seconds(1));

  ThreadLoop loop(world.clock);
  std::unique_ptr<Listening> listening;  // what is wired counts there
  std::unique_ptr<WiredRelay> wired;
  bool abandoned = false;
  SignalWatcher signals([&] {
    loop.post([&] {
      (listening ? listening->world() : world)
          .log.info("stopping: writing what was read, storing positions; a second Ctrl-C ends it at once");
      wired->relay().stop();
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
  auto made = WiredRelay::make(plan, seen, loop, seen.log);
  if (!made) return report_error(world, made.error());
  wired = std::move(*made);
  relay::Relay& relay = wired->relay();

  Ending ending{relay::RelayStats{}, {}};
  {
    std::optional<observe::ProgressReporter> progress;
    if (!world.output.quiet) {
      progress.emplace([&] { return relay.stats(); }, loop, world.clock, world.log, world.terminal);
    }
    if (listening) listening->watch(relay, plan.title, loop);
    loop.post([&] {
      relay.run([&](Result<relay::RelayStats> result) {
        ending.result = std::move(result);
        loop.quit();
      });
    });
    loop.run();
    if (listening) listening->leave();
  }
  ending.stats = ending.result && !abandoned ? *ending.result : relay.stats();
  const int code = conclude(ending, plan, world, signals);
  // A thread still waits for the target.
  if (abandoned || ending.stats.target_hangs) _exit(code);
  wired.reset();  // while the signals are still watched: this may take its time
  return code;
}

}  // namespace ctk::cli
