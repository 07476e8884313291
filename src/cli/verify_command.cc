// `ctk verify`.
#include <fmt/format.h>

#include "cli/exit_code.h"
#include "cli/run_commands.h"
#include "cli/target_session.h"
#include "cli/verify_plan.h"
#include "cli/wiring.h"
#include "observe/progress.h"

namespace ctk::cli {
namespace {

/// Prints differences as they stand, no more than were asked for.
class Printer {
 public:
  Printer(World& world, size_t most) : world_(world), left_(most) {}

  void print(const verify::Difference& difference) {
    if (left_ == 0 || !good_) return;
    --left_;
    good_ = print_result(world_, verify::to_json(difference) + "\n");
  }
  bool good() const { return good_; }

 private:
  World& world_;
  size_t left_;
  bool good_ = true;
};

/// How far it is; the rate is of the time since the look before.
std::function<observe::ProgressText()> comparing(const verify::Verifier& verifier, Clock& clock) {
  return [&verifier, &clock, before = uint64_t{0}, looked_at = clock.monotonic()]() mutable {
    const verify::VerifyTotals& totals = verifier.totals();
    const Duration now = clock.monotonic();
    const uint64_t rate = observe::rate_of(totals.items, before, now - looked_at);
    before = totals.items;
    looked_at = now;
    using observe::group_digits;
    std::string line = fmt::format("compared {} items  {}/s  {} equal  {} rows", group_digits(totals.items),
                                   group_digits(rate), group_digits(totals.equal), group_digits(totals.rows));
    if (verifier.pending() > 0) line += fmt::format("  {} to be looked at again", group_digits(verifier.pending()));
    return observe::ProgressText{
        std::move(line),
        "comparing",
        {{"items", totals.items}, {"rows", totals.rows}, {"equal", totals.equal}, {"looked_at_again", verifier.pending()}}};
  };
}

int conclude(const Result<verify::VerifyTotals>& totals, const VerifyCommand& command, const Printer& printer,
             World& world) {
  if (!totals) return report_error(world, totals.error());
  if (!printer.good()) return kFailed;
  if (command.json) {
    if (!print_result(world, totals_json(*totals) + "\n")) return kFailed;
  } else if (!world.output.quiet) {
    say(world, totals_text(*totals, command.repair));
  }
  return totals->found_differences() ? kDifferent : kDone;
}

}  // namespace

int run_verify(const VerifyCommand& command, World& world) {
  const auto plan = plan_verify(command, world.environment(), is_readable_file);
  if (!plan) return report_error(world, plan.error());
  if (const Status there = check_file(plan->target); !there) return report_error(world, there.error());
  ThreadLoop loop(world.clock);
  const auto source = WiredSource::make(plan->source, world, loop);
  if (!source) return report_error(world, source.error());
  WiredSink sink(plan->target, world, loop);
  verify::Verifier verifier(
      plan->verify,
      {*(*source)->sources().snapshot, *(*source)->tables(), sink.sink(), *sink.rows(), *sink.repairer(), *sink.console()},
      {loop, world.clock, world.random, world.log, std::make_unique<ThreadExecutor>(loop, "ctk-decoder"),
       std::make_unique<ThreadExecutor>(loop, "ctk-worker")});
  Printer printer(world, command.show);
  Result<verify::VerifyTotals> totals = verify::VerifyTotals{};
  loop.post([&] {
    verifier.run([&](const verify::Difference& difference) { printer.print(difference); },
                 [&](Result<verify::VerifyTotals> result) {
                   totals = std::move(result);
                   loop.quit();
                 });
  });
  {
    std::optional<observe::ProgressReporter> progress;
    if (!world.output.quiet)
      progress.emplace(comparing(verifier, world.clock), loop, world.clock, world.log, world.terminal);
    loop.run();
  }
  return conclude(totals, command, printer, world);
}

}  // namespace ctk::cli
