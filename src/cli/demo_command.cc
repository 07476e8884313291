// `ctk demo`: a simulated AWS behind HTTP, a table in it that is written to, and the relay of `ctk load` between it and a
// SQLite file, all in one process. It tells what happens, then compares the table with the rows.
#include <fmt/format.h>

#include <cerrno>
#include <filesystem>

#include "cli/demo_result.h"
#include "cli/demo_run.h"
#include "cli/exit_code.h"
#include "cli/result_format.h"
#include "cli/run_commands.h"
#include "cli/target_session.h"
#include "net/url.h"
#include "sink/target_check.h"

namespace ctk::cli {
namespace {

constexpr const char* kSomeRows =
    "SELECT device, slot, data ->> 'place' AS place, data ->> 'celsius' AS celsius, data -> 'tags' AS tags, "
    "data -> 'serial' AS serial FROM sensors_live ORDER BY device, slot LIMIT 5";

Result<LoadPlan> plan_demo(const DemoTable& table, const std::string& target) {
  auto parsed = parse_command_line({"load", table.source_url(), target});
  if (!parsed) return forward_error(std::move(parsed));
  return plan_load(std::get<LoadCommand>(parsed->command), aws::Environment{}, is_readable_file);
}

void show_beginning(const DemoTable& table, const std::string& target, World& world) {
  world.terminal.write_line(
      fmt::format("A simulated AWS at {} has a DynamoDB table \"{}\": {} items, three days old, and {} writes a second.\n"
                  "Its stream keeps one day of changes. A SQLite file becomes equal to the table, and stays so, by\n"
                  "  {} load \"{}\" \"{}\"\n",
                  table.address(), table.name(), kDemoItems, kDemoWritesPerSecond, program_invocation_name,
                  net::redact_url(table.source_url()), target));
}

void show_next_steps(const DemoTable& table, const std::string& target, World& world) {
  (void)print_result(world, fmt::format(R"(
Try next:
  {0} show table {1} "{2}"
  {0} shell "{2}" --command "SELECT data ->> 'place' AS place, count(*), avg(data ->> 'celsius') FROM {1}_live GROUP BY 1;"
  {0} positions list "{2}"
a table of your own, with your AWS credentials; enable-stream=true switches its stream on where it is off:
  {0} load "dynamodb+cdc://aws/TABLE?region={3}&snapshot=initial&enable-stream=true" sqlite:///TABLE.db
and a simulated AWS for any client, here:
  {0} simulator --listen 127.0.0.1:8000 --table demo:pk
  {0} load "dynamodb+cdc://k:s@127.0.0.1:8000/demo?region=us-east-1&snapshot=initial" sqlite:///demo.db
)",
                                        program_invocation_name, table.name(), target, kDemoRegion));
}

/// Compares, and shows what there is; the exit code.
int show_result(const DemoTable& table, const std::string& target, World& world) {
  TargetWords words;
  words.argument = target;
  auto session = TargetSession::open(words, world);
  if (!session) return report_error(world, session.error());
  auto all = (*session)->query(fmt::format("SELECT device, slot, data FROM {}_live", table.name()));
  if (!all) return report_error(world, all.error());
  const auto items = expected_rows(table.items());
  if (!items) return report_error(world, items.error());
  if (const auto different = difference(*items, rows_of(*all))) {
    return report_error(world, Error{ErrorKind::internal, "table and rows differ: " + *different, "", ""});
  }
  const auto some = (*session)->query(kSomeRows);
  if (!some) return report_error(world, some.error());
  (void)print_result(world, fmt::format("\nCompared: {} items in the table, {} rows in the file, the same value for value. "
                                        "The first of them:\n\n{}",
                                        items->size(), all->rows.size(), format_result(*some, ResultFormat::table)));
  return kDone;
}

/// It takes the place of a file, and of nothing else.
Status check_output(const std::string& file) {
  std::error_code unknown;
  const auto found = std::filesystem::status(file, unknown).type();
  if (found != std::filesystem::file_type::regular && found != std::filesystem::file_type::not_found)
    return usage(fmt::format("option --output: {} is there, and is no file", file), "name another file, or a new one");
  if (const auto writable = sink::check_writable_file(file); !writable) return std::unexpected(writable.error());
  return {};
}

}  // namespace

int run_demo(const DemoCommand& command, World& world) {
  const std::string& file = command.output;
  if (const Status good = check_output(file); !good) return report_error(world, good.error());
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) std::filesystem::remove(file + suffix);
  const std::string target = "sqlite:///" + net::percent_encode(file, true);
  DemoRun run(world);
  const DemoTable& table = run.table();
  if (!table.listening()) return report_error(world, Error{ErrorKind::unreachable, "no free port on 127.0.0.1", "", ""});
  auto plan = plan_demo(table, target);
  if (!plan) return report_error(world, plan.error());
  if (!world.output.quiet && world.output.log_format != observe::LogFormat::json) show_beginning(table, target, world);
  const Status followed = run.run(std::move(*plan));
  if (!followed) return report_error(world, followed.error());
  const int code = show_result(table, target, world);
  if (code == kDone) show_next_steps(table, target, world);
  return code;
}

}  // namespace ctk::cli
