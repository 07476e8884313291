// `ctk record`: a stream's records into a file, as file+dynamodb+cdc: plays them.
#include <fmt/format.h>

#include <array>

#include "cli/run_commands.h"
#include "cli/run_relay.h"
#include "cli/wired_recorder.h"
#include "net/url.h"
#include "sink/target_check.h"

namespace ctk::cli {
namespace {

/// What speaks of rows, or of what stands in no record.
constexpr auto kNotOfRecords =
    std::to_array<std::string_view>({"aggregates", "snapshot", "source-table", "include", "exclude", "rename", "segments",
                                     "read-capacity", "positions", "on-error"});

Status check_is_stream(const LoadPlan& plan) {
  if (plan.source.is_file()) return usage("ctk record takes a stream, found a file: it is one already");
  if (!plan.source.follow) return usage("ctk record takes a stream, found a table's items: dynamodb+cdc:// is its stream");
  for (const std::string_view name : kNotOfRecords) {
    if (!plan.source.options.has(name)) continue;
    return usage(fmt::format("option {} says what rows hold, and ctk record writes records as they are",
                             plan.source.options.spelled(name)),
                 "give it to the load that plays the file");
  }
  return {};
}

Result<LoadPlan> plan_recording(const RecordCommand& command, World& world) {
  LoadCommand load;
  load.source = command.source;
  load.target.argument = "ndjson:-";  // the file takes its place
  load.target.flags = command.flags;
  load.reset = command.reset;
  load.reset_command = command.reset_command;
  load.json_summary = command.json;
  load.listen = command.listen;
  auto plan = plan_load(load, world.environment(), is_readable_file);
  if (!plan) return plan;
  if (Status checked = check_is_stream(*plan); !checked) return forward_error(std::move(checked));
  if (auto* kinesis = std::get_if<KinesisPlan>(&plan->source.from)) kinesis->whole_aggregates = true;
  plan->positions_in_memory = command.file == "-";
  plan->relay.table = "records";
  plan->relay.tables.live_view = false;
  plan->title.target = command.file;
  return plan;
}

}  // namespace

int run_record(const RecordCommand& command, World& world) {
  auto plan = plan_recording(command, world);
  if (!plan) return report_error(world, plan.error());
  if (command.file != "-") {
    if (const auto writable = sink::check_writable_file(command.file, sink::FilesBeside::some); !writable)
      return report_error(world, writable.error());
  }
  const RecordingEnd end{command.max_records, command.time};
  const auto make = [&](const LoadPlan& planned, World& seen, EventLoop& loop) -> Result<std::shared_ptr<relay::Relay>> {
    auto wired = WiredRecorder::make(planned, command.file, end, seen, loop, seen.log);
    if (!wired) return std::unexpected(wired.error());
    std::shared_ptr<WiredRecorder> shared = std::move(*wired);
    relay::Relay& relay = shared->relay();
    return std::shared_ptr<relay::Relay>(std::move(shared), &relay);
  };
  return run_relay(std::move(*plan), make, world);
}

}  // namespace ctk::cli
