// `ctk check`: whether a load would run, without running it.
#include "base/event_loop.h"
#include "check/permissions.h"
#include "cli/check_text.h"
#include "cli/exit_code.h"
#include "cli/needs.h"
#include "cli/preflight.h"
#include "cli/run_commands.h"

namespace ctk::cli {
namespace {

int print_policy(const LoadPlan& plan, World& world) {
  const auto* credentials = plan.source.credentials();
  if (plan.source.is_file()) world.log.info("a file takes no rights at AWS");
  if (credentials != nullptr && credentials->role_arn) {
    world.log.info("this is the role's; whoever assumes it needs sts:AssumeRole on it", {{"role", *credentials->role_arn}});
  }
  return print_result(world, check::policy_json(check::permissions_of(needs_of(plan.source)))) ? kDone : kFailed;
}

int print_findings(const check::Findings& findings, bool json, World& world) {
  if (!print_result(world, json ? findings_json(findings) : findings_text(findings))) return kFailed;
  return any_failed(findings) ? kFound : kDone;
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
  if (command.policy) return print_policy(*plan, world);
  check::SourceNeeds needs = needs_of(plan->source);
  make_nothing(plan->source);

  ThreadLoop loop(world.clock);
  check::Findings findings;
  {
    Preflight preflight(std::move(*plan), std::move(needs), {target_named, load.reset_command}, world, loop);
    loop.post([&] {
      preflight.run([&](Result<check::Findings> found) {
        findings = std::move(*found);
        loop.quit();
      });
    });
    loop.run();
  }
  return print_findings(findings, command.json, world);
}

}  // namespace ctk::cli
