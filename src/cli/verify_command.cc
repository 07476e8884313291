// `ctk verify`.
#include "cli/exit_code.h"
#include "cli/run_commands.h"
#include "cli/target_session.h"
#include "cli/verify_plan.h"
#include "cli/wiring.h"

namespace ctk::cli {
namespace {

constexpr Duration kProgressEvery = std::chrono::seconds(10);

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

/// Says every now and then how far it is.
class Progress {
 public:
  Progress(const verify::Verifier& verifier, EventLoop& loop, World& world)
      : verifier_(verifier), loop_(loop), world_(world) {
    if (!world_.output.quiet) again();
  }
  ~Progress() { loop_.cancel(timer_); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  void again() {
    timer_ = loop_.after(kProgressEvery, [this] {
      const verify::VerifyTotals& totals = verifier_.totals();
      world_.log.info("comparing", {{"items", std::to_string(totals.items)},
                                    {"rows", std::to_string(totals.rows)},
                                    {"equal", std::to_string(totals.equal)},
                                    {"looked_at_again", std::to_string(verifier_.pending())}});
      again();
    });
  }

  const verify::Verifier& verifier_;
  EventLoop& loop_;
  World& world_;
  EventLoop::TimerId timer_ = 0;
};

int conclude(const Result<verify::VerifyTotals>& totals, const VerifyCommand& command, const Printer& printer,
             World& world) {
  if (!totals) return report_error(world, totals.error());
  if (!printer.good()) return kFailed;
  if (command.json) {
    if (!print_result(world, totals_json(*totals) + "\n")) return kFailed;
  } else if (!world.output.quiet) {
    world.terminal.write_line(totals_text(*totals, command.repair));
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
    const Progress progress(verifier, loop, world);
    loop.run();
  }
  return conclude(totals, command, printer, world);
}

}  // namespace ctk::cli
