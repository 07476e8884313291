// `ctk show table`.
#include "cli/exit_code.h"
#include "cli/lease_session.h"
#include "cli/report_text.h"
#include "cli/run_commands.h"
#include "cli/target_session.h"

namespace ctk::cli {

int run_show_table(const ShowTableCommand& command, World& world) {
  const auto session = TargetSession::open(command.target, world);
  if (!session) return report_error(world, session.error());
  const auto name = resolve_table_name(command.table, (*session)->target());
  if (!name) return report_error(world, name.error());
  auto report = (*session)->show(*name);
  if (!report) return report_error(world, report.error());
  if (const auto leases = LeaseSession::table_of(command.target.flags)) {
    const auto asked = LeaseSession::open(*leases, std::nullopt, command.target.flags, world);
    auto rows = asked ? (*asked)->positions() : Result<RelayRows>(std::unexpected(asked.error()));
    if (!rows) return report_error(world, rows.error());
    report->positions.push_back(std::move(*rows));
  }
  const Timestamp now = world.clock.now();
  const bool printed =
      print_result(world, command.json ? table_report_json(*report, now) : table_report_text(*report, now));
  return printed ? kDone : kFailed;
}

}  // namespace ctk::cli
