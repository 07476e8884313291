// `ctk positions list|reset|prune`.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "cli/exit_code.h"
#include "cli/lease_session.h"
#include "cli/report_text.h"
#include "cli/run_commands.h"
#include "cli/target_session.h"
#include "json/writer.h"

namespace ctk::cli {
namespace {

using Verb = PositionsCommand::Verb;

size_t count_rows_to_remove(const std::vector<RelayRows>& relays, Verb verb) {
  size_t count = 0;
  for (const auto& [relay, rows] : relays) {
    count += static_cast<size_t>(
        std::ranges::count_if(rows, [&](const auto& row) { return verb == Verb::reset || row.position.ended(); }));
  }
  return count;
}

/// Asks on the terminal; without one, nobody can answer.
Status confirm(const std::string& question, bool yes) {
  if (yes) return {};
  if (isatty(STDIN_FILENO) == 0) {
    return fail(ErrorKind::usage, "this needs a yes, and standard input is no terminal", "", "add --yes");
  }
  std::cerr << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return {};
  return fail(ErrorKind::stopped, "nothing was removed");
}

int print_removed(bool json, size_t removed, World& world) {
  const std::string text = json ? fmt::format("{{\"removed\":{}}}\n", removed)
                                : fmt::format("{} {} removed\n", removed, removed == 1 ? "position" : "positions");
  return print_result(world, text) ? kDone : kFailed;
}

int remove(const PositionsCommand& command, TargetSession& session, const std::vector<RelayRows>& relays, World& world) {
  const bool reset = command.verb == Verb::reset;
  const size_t due = count_rows_to_remove(relays, command.verb);
  const std::string what = reset ? fmt::format("Forget all {} positions of {}?", due, *command.relay)
                                 : fmt::format("Remove {} positions of finished shards?", due);
  if (due > 0) {
    if (auto confirmed = confirm(what, command.yes); !confirmed) return report_error(world, confirmed.error());
  }
  size_t removed = 0;
  for (const auto& [relay, rows] : relays) {
    const auto count = session.remove_positions(relay, !reset);
    if (!count) return report_error(world, count.error());
    removed += *count;
  }
  return print_removed(command.json, removed, world);
}

int reset_leases(const PositionsCommand& command, const std::string& table, LeaseSession& session, World& world) {
  const std::string what = fmt::format("Remove all leases of table '{}'?", table);
  if (auto confirmed = confirm(what, command.yes); !confirmed) return report_error(world, confirmed.error());
  const auto removed = session.reset();
  return removed ? print_removed(command.json, *removed, world) : report_error(world, removed.error());
}

/// The word that would be a relay's name is the source here.
int run_leases(const PositionsCommand& command, const std::string& table, World& world) {
  const auto session = LeaseSession::open(table, command.relay, command.target.flags, world);
  if (!session) return report_error(world, session.error());
  if (command.verb == Verb::reset) return reset_leases(command, table, **session, world);
  const auto rows = (*session)->positions();
  if (!rows) return report_error(world, rows.error());
  const Timestamp now = world.clock.now();
  return print_result(world, command.json ? positions_json({*rows}, now) : positions_text({*rows}, now)) ? kDone : kFailed;
}

}  // namespace

int run_positions(const PositionsCommand& command, World& world) {
  if (const auto table = LeaseSession::table_of(command.target.flags)) return run_leases(command, *table, world);
  if (command.verb == Verb::reset && !command.relay) {
    return report_error(world, {ErrorKind::usage, "ctk positions reset needs the relay's name, found none", "",
                                "ctk positions list shows the names"});
  }
  const auto session = TargetSession::open(command.target, world);
  if (!session) return report_error(world, session.error());
  const auto relays = (*session)->positions(command.relay);
  if (!relays) return report_error(world, relays.error());
  if (command.verb != Verb::list) return remove(command, **session, *relays, world);
  const Timestamp now = world.clock.now();
  const bool printed = print_result(world, command.json ? positions_json(*relays, now) : positions_text(*relays, now));
  return printed ? kDone : kFailed;
}

}  // namespace ctk::cli
