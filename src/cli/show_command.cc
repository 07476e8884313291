// `ctk show table`.
#include "cli/exit_code.h"
#include "cli/report_text.h"
#include "cli/run_commands.h"
#include "cli/target_session.h"

namespace ctk::cli {

int run_show_table(const ShowTableCommand& command, World& world) {
  const auto session = TargetSession::open(command.target, world);
  if (!session) return report_error(world, session.error());
  const auto name = resolve_table_name(command.table, (*session)->target());
  if (!name) return report_error(world, name.error());
  const auto report = (*session)->show(*name);
  if (!report) return report_error(world, report.error());
  const Timestamp now = world.clock.now();
  const bool printed =
      print_result(world, command.json ? table_report_json(*report, now) : table_report_text(*report, now));
  return printed ? kDone : kFailed;
}

}  // namespace ctk::cli
