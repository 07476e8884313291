#include "cli/run_ending.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/exit_code.h"
#include "json/writer.h"
#include "observe/progress.h"
#include "source/file_source.h"

namespace ctk::cli {
namespace {

/// A line of the summary; nothing of an empty one.
void report(const std::string& of_relay, const std::string& sentence, LogLevel level, World& world) {
  if (sentence.empty()) return;
  const std::string line = of_relay + sentence;
  if (world.output.log_format != observe::LogFormat::json) return say(world, line);
  world.log.write(level, line, {});
}

std::string json_summary(const relay::RelayStats& stats, const std::string& name) {
  if (name.empty()) return observe::summary_json(stats);
  std::string line;
  json::Writer writer(line);
  writer.begin_object();
  writer.key("name");
  writer.string(name);
  writer.key("totals");
  writer.raw(observe::summary_json(stats));
  writer.end_object();
  return json::to_utf8(std::move(line));
}

std::optional<Error> error_of_file(const relay::RelayStats& stats, const std::string& path) {
  if (!stats.stopped || stats.read_whole) return std::nullopt;
  if (!source::may_wait(path)) {
    return Error{
        ErrorKind::stopped,
        fmt::format("the load was stopped before the end of the file: {} of its changes are applied", stats.counts.applied),
        "", "no position is kept in a file: load it again, all of it; what is applied already changes nothing"};
  }
  if (!stats.unwritten) return std::nullopt;
  return Error{ErrorKind::stopped,
               fmt::format("the load was stopped, and not all that it had read is written: {} changes are applied",
                           stats.counts.applied),
               "", "what a pipe has given is gone: send it again; what is applied already changes nothing"};
}

}  // namespace

bool is_bounded(const LoadPlan& plan) { return plan.relay.once || plan.source.is_file() || !plan.source.follow; }

std::optional<Error> error_of(const Ending& ending, const LoadPlan& plan) {
  if (!ending.result) return ending.result.error();
  if (const auto* file = std::get_if<FilePlan>(&plan.source.from)) return error_of_file(ending.stats, file->path);
  if (!ending.stats.load || !ending.stats.load->running) return std::nullopt;
  return Error{ErrorKind::stopped, "the load was stopped before it had read the whole table", "",
               "the same command goes on where it was"};
}

int exit_code_of(const Ending& ending, const std::optional<Error>& error, const LoadPlan& plan) {
  if (error) return exit_code(error->kind);
  const bool stopped = ending.stats.stopped && !(plan.source.is_file() && ending.stats.read_whole);
  const bool ran_to_its_end = !stopped && is_bounded(plan);
  return ran_to_its_end && ending.stats.counts.dead_letters > 0 ? kDeadLetters : kDone;
}

int worse_exit_code(int one, int other) {
  static constexpr std::array kWorseAndWorse = {kDone, kDeadLetters, kFailed, kGap, kUsage};
  return *std::max(std::ranges::find(kWorseAndWorse, one), std::ranges::find(kWorseAndWorse, other));
}

bool print_summary(const Ending& ending, const LoadPlan& plan, const std::string& name, World& world) {
  const std::string of_relay = name.empty() ? "" : name + ": ";
  const bool begun = ending.result || ending.stats.counts.shards > 0 || ending.stats.counts.read > 0;
  if (!world.output.quiet && begun) {
    const char* verb = !ending.result ? "failed" : ending.stats.stopped ? "stopped" : "done";
    const bool live_view = plan.target.tables.live_view && plan.target.kind != table::Target::ndjson;
    report(of_relay, observe::summary_line(verb, ending.stats, live_view), LogLevel::info, world);
  }
  // These are no mere progress: --quiet does not keep them back.
  report(of_relay, observe::dead_letters_line(ending.stats, plan.dead_letters_hint), LogLevel::warn, world);
  if (ending.result) report(of_relay, observe::nothing_matched_line(ending.stats), LogLevel::warn, world);
  return !plan.json_summary || print_result(world, json_summary(ending.stats, name) + "\n");
}

}  // namespace ctk::cli
