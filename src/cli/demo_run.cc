#include "cli/demo_run.h"

#include <fmt/format.h>

#include <utility>

namespace ctk::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kTick = milliseconds(10);
constexpr Duration kWatch = milliseconds(1500);  ///< how long the steady state is looked at
constexpr Duration kAway = milliseconds(1000);   ///< how long the relay is gone
constexpr Duration kPatience = seconds(45);

std::unexpected<Error> interruption() { return fail(ErrorKind::stopped, "interrupted: table and rows were not compared"); }

/// The story tells what is well; the relay itself only what is not.
class Warnings final : public Log {
 public:
  explicit Warnings(Log& log) : log_(log) {}
  bool enabled(LogLevel level) const override {
    return log_.enabled(level) && (level <= LogLevel::warn || log_.enabled(LogLevel::debug));
  }
  void write(LogLevel level, std::string_view message, std::span<const LogField> fields) override {
    log_.write(level, message, fields);
  }

 private:
  Log& log_;
};

}  // namespace

struct DemoRun::Leg {
  Leg(std::unique_ptr<WiredRelay> made, World& world, EventLoop& loop) : wired(std::move(made)) {
    if (!world.terminal.live() || world.output.quiet) return;
    progress.emplace(observe::relay_progress([this] { return relay().stats(); }, world.clock), loop, world.clock, world.log,
                     world.terminal);
  }
  relay::Relay& relay() const { return wired->relay(); }

  std::unique_ptr<WiredRelay> wired;
  std::optional<observe::ProgressReporter> progress;
};

DemoRun::DemoRun(World& world)
    : world_(world),
      loop_(world.clock),
      signals_([this] {
        loop_.post([this] {
          world_.log.info("stopping; a second Ctrl-C ends it at once");
          interrupted_ = true;
          stop_relay();
        });
      }),
      table_(world.clock, world.random),
      log_(std::make_unique<Warnings>(world.log)) {}

DemoRun::~DemoRun() = default;

Status DemoRun::run(LoadPlan plan) {
  plan_ = std::move(plan);
  plan_.relay.worker = coordination::WorkerName("demo");
  begun_ = step_begun_ = world_.clock.monotonic();
  plan_load();
  plan_roll();
  plan_restart();
  plan_end();
  loop_.post([this] {
    print_step("load", "the table is read by a parallel Scan; what changes meanwhile wins over what the Scan brings");
    start_relay();
    tick();
  });
  loop_.run();
  leg_.reset();
  return std::move(ending_);
}

void DemoRun::plan_load() {
  then(
      [this] {
        const auto stats = this->stats();
        return stats.load && !stats.load->running;
      },
      [this] { print_step("loaded", fmt::format("{} items", observe::group_digits(stats().load->items))); });
  then([this] { return stats().table_ready; },
       [this] {
         print_step("ready", "the stream is read past the load's end: from now on the rows are the table");
         arrivals_.begin(world_.clock.monotonic());
       });
}

void DemoRun::plan_roll() {
  then(after(kWatch), [this] {
    print_rate();
    print_step("roll", "the stream closes its shard and opens another, as it does every few hours");
    shards_then_ = stats().counts.shards;
    table_.roll();
    changes_then_ = table_.changes();
  });
  then([this] { return stats().counts.shards > shards_then_ && applied() > changes_then_; },
       [this] {
         print_step("rolled",
                    fmt::format("the new shard was found and is read, {:.1f} s later; nothing of it before all of the "
                                "old one",
                                to_seconds(world_.clock.monotonic() - step_begun_)));
       });
}

void DemoRun::plan_restart() {
  then(after(kWatch), [this] {
    print_rate();
    print_step("stop", "the relay goes away for a second; the table is written to as before");
    stop_relay();
  });
  then([this] { return leg_ == nullptr; }, [] {});
  then(after(kAway), [this] {
    changes_then_ = table_.changes();
    print_step("start", fmt::format("it goes on at the position stored with the rows, {} changes behind",
                                    changes_then_ - applied()));
    start_relay();
  });
  then([this] { return applied() >= changes_then_; },
       [this] {
         print_step("caught up", fmt::format("{:.1f} s later", to_seconds(world_.clock.monotonic() - step_begun_)));
         arrivals_.begin(world_.clock.monotonic());
       });
}

void DemoRun::plan_end() {
  then(after(kWatch), [this] {
    print_rate();
    writing_ends_ = world_.clock.monotonic();
  });
  then([this] { return applied() >= table_.changes(); }, [this] { stop_relay(); });
  then([this] { return leg_ == nullptr; },
       [this] {
         print_step("end", fmt::format("nobody writes any more: {} changes were made, {} applied",
                                       observe::group_digits(table_.changes()), observe::group_digits(applied())));
         end({});
       });
}

void DemoRun::then(std::function<bool()> reached, std::function<void()> next) {
  steps_.push_back({std::move(reached), std::move(next)});
}

std::function<bool()> DemoRun::after(Duration pause) {
  return [this, pause] { return world_.clock.monotonic() - step_begun_ >= pause; };
}

void DemoRun::start_relay() {
  auto wired = WiredRelay::make(plan_, world_, loop_, *log_);
  if (!wired) return end(forward_error(std::move(wired)));
  leg_ = std::make_unique<Leg>(std::move(*wired), world_, loop_);
  leg_->relay().run([this](Result<relay::RelayStats> result) {
    // Not from inside what is about to go.
    loop_.post([this, result = std::move(result)]() mutable { on_relay_end(std::move(result)); });
  });
}

void DemoRun::stop_relay() {
  if (leg_) return leg_->relay().stop();
  if (interrupted_) end(interruption());
}

void DemoRun::on_relay_end(Result<relay::RelayStats> result) {
  applied_before_ = applied();
  leg_.reset();
  if (!result) return end(forward_error(std::move(result)));
  if (interrupted_) end(interruption());
}

void DemoRun::tick() {
  const Duration now = world_.clock.monotonic();
  if (now < writing_ends_) table_.live();
  arrivals_.written(table_.changes(), now);
  arrivals_.arrived(applied(), now);
  if (!steps_.empty() && steps_.front().reached()) {
    const Step step = std::move(steps_.front());
    steps_.pop_front();
    step.next();
    step_begun_ = now;
  }
  if (now - begun_ > kPatience) {
    return end(fail(ErrorKind::unreachable,
                    fmt::format("not everything arrived within {} s: {} changes were made, {} applied",
                                to_seconds(kPatience), table_.changes(), applied()),
                    stats().outage_error));
  }
  loop_.after(kTick, [this] { tick(); });
}

void DemoRun::end(Status ending) {
  ending_ = std::move(ending);
  loop_.quit();
}

relay::RelayStats DemoRun::stats() const { return leg_ ? leg_->relay().stats() : relay::RelayStats{}; }

uint64_t DemoRun::applied() const {
  const relay::RelayStats now = stats();
  return applied_before_ + now.counts.applied - (now.load ? now.load->items : 0);
}

void DemoRun::print_step(const char* what, const std::string& sentence) {
  if (world_.output.quiet) return;
  if (world_.output.log_format == observe::LogFormat::json) return world_.log.info(what, {{"what", sentence}});
  const double at = to_seconds(world_.clock.monotonic() - begun_);
  say(world_, fmt::format("{:5.1f} s  {:<10} {}", at, what, sentence));
}

void DemoRun::print_rate() {
  const Arrivals::Window window = arrivals_.window(world_.clock.monotonic());
  print_step("changes",
             fmt::format("{} arrived, {:.0f}/s; from the write to the row {:.2f} s, {:.2f} s at most", window.changes,
                         window.per_second, to_seconds(window.median), to_seconds(window.longest)));
}

}  // namespace ctk::cli
