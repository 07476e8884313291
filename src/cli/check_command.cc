// `ctk check`: whether a load would run, without running it.
#include <fmt/format.h>

#include <algorithm>

#include "base/event_loop.h"
#include "check/permissions.h"
#include "cli/check_text.h"
#include "cli/exit_code.h"
#include "cli/fleet_file.h"
#include "cli/needs.h"
#include "cli/preflight.h"
#include "cli/run_commands.h"

namespace ctk::cli {
namespace {

/// What the plan's load needs at AWS; what else there is to be said of that is said.
std::vector<check::Permission> permissions_of(const LoadPlan& plan, World& world) {
  const auto* credentials = plan.source.credentials();
  if (plan.source.is_file()) world.log.info("a file takes no rights at AWS");
  if (credentials != nullptr && credentials->role_arn) {
    world.log.info("this is the role's; whoever assumes it needs sts:AssumeRole on it", {{"role", *credentials->role_arn}});
  }
  check::SourceNeeds needs = needs_of(plan.source);
  needs.leases = lease_tables_of(plan);
  return check::permissions_of(needs);
}

int print_policy(const std::vector<check::Permission>& permissions, World& world) {
  return print_result(world, check::policy_json(permissions)) ? kDone : kFailed;
}

int print_findings(const check::Findings& findings, bool json, World& world) {
  // They repeat what stands on the command line.
  const std::string text = world.redactor.redact(json ? findings_json(findings) : findings_text(findings));
  if (!print_result(world, text)) return kFailed;
  return any_failed(findings) ? kFound : kDone;
}

check::Findings look_at(LoadPlan plan, Preflight::Settings settings, World& world) {
  check::SourceNeeds needs = needs_of(plan.source);
  needs.leases = lease_tables_of(plan);
  make_nothing(plan.source);
  ThreadLoop loop(world.clock);
  check::Findings findings;
  Preflight preflight(std::move(plan), std::move(needs), std::move(settings), world, loop);
  loop.post([&] {
    preflight.run([&](Result<check::Findings> found) {
      findings = std::move(*found);
      loop.quit();
    });
  });
  loop.run();
  return findings;
}

}  // namespace

int run_check(const CheckCommand& command, World& world) {
  LoadCommand load = command.load;
  const bool target_named = name_some_target(load, world.environment());
  auto plan = plan_load(load, world.environment(), is_readable_file);
  if (!plan && plan.error().kind != ErrorKind::usage) {
    const Error& error = plan.error();
    return print_findings({{check::Verdict::fail, "source", error.message, error.hint}}, command.json, world);
  }
  if (!plan) return report_error(world, plan.error());
  if (command.policy) return print_policy(permissions_of(*plan, world), world);
  const Preflight::Settings settings{target_named, plan->relay.reset_command};
  return print_findings(look_at(std::move(*plan), settings, world), command.json, world);
}

int run_check_config(const CheckConfigCommand& command, World& world) {
  auto plan = read_fleet_file(command.file, command.flags, world);
  if (!plan) return report_config_error(world, plan.error());
  std::vector<check::Permission> permissions;
  check::Findings all;
  for (FleetRelay& relay : plan->relays) {
    if (command.policy) {
      for (check::Permission& needed : permissions_of(relay.plan, world)) {
        if (std::ranges::find(permissions, needed) == permissions.end()) permissions.push_back(std::move(needed));
      }
      continue;
    }
    const Preflight::Settings settings{true, relay.plan.relay.reset_command};
    for (check::Finding& finding : look_at(std::move(relay.plan), settings, world)) {
      finding.check = fmt::format("{}: {}", relay.name, finding.check);
      all.push_back(std::move(finding));
    }
  }
  return command.policy ? print_policy(permissions, world) : print_findings(all, command.json, world);
}

}  // namespace ctk::cli
