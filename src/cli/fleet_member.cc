#include "cli/fleet_member.h"

#include <algorithm>
#include <utility>

#include "cli/exit_code.h"

namespace ctk::cli {
namespace {

constexpr Duration kSayAgainAfter = std::chrono::minutes(1);

World world_of_relay(World& world, Log& log, Metrics& metrics) {
  return {world.clock, world.random, log, world.terminal, world.redactor, world.output, world.environment, &metrics};
}

}  // namespace

FleetMember::FleetMember(FleetRelay relay, FleetGround ground, std::function<void(std::optional<int>)> on_change)
    : relay_(std::move(relay)),
      ground_(ground),
      on_change_(std::move(on_change)),
      log_(ground.world.log, relay_.name),
      world_(world_of_relay(ground.world, log_, ground.metrics)),
      watch_(relay_.plan.title, ground.health_window, ground.metrics) {}

FleetMember::~FleetMember() { ground_.loop.cancel(pause_); }

void FleetMember::begin() {
  state_ = State::running;
  pause_ = 0;
  hanging_.reset();
  last_view_ = {};
  final_.reset();
  watch_.begin_run();
  begun_ = world_.clock.monotonic();
  for (const std::string& note : relay_.plan.notes) log_.debug(note);
  if (relay_.plan.relay.worker.empty()) relay_.plan.relay.worker = worker_name(world_.random);
  auto made = WiredRelay::make(relay_.plan, world_, ground_.loop, log_, &ground_.memory);
  if (!made) return on_end(std::unexpected(made.error()));
  wired_ = std::move(*made);
  wired_->relay().run(lifeline_.guard([this](Result<relay::RelayStats> result) { on_end(std::move(result)); }));
}

void FleetMember::replace(FleetRelay relay) {
  replacement_ = std::move(relay);
  is_to_end_ = false;
  if (state_ == State::running) {
    if (wired_) wired_->relay().stop();
    return;
  }
  ground_.loop.cancel(pause_);
  relay_ = std::move(*std::exchange(replacement_, std::nullopt));
  course_ = {};
  failure_.reset();
  begin();
}

void FleetMember::stop() {
  is_to_end_ = true;
  if (state_ == State::running) {
    if (wired_) wired_->relay().stop();
    return;
  }
  if (state_ == State::over) return;
  ground_.loop.cancel(pause_);
  state_ = State::over;
  ground_.loop.post(lifeline_.guard([this] { on_change_(std::nullopt); }));
}

void FleetMember::on_end(Result<relay::RelayStats> result) {
  Ending ending{std::move(result), {}};
  ending.stats = ending.result ? *ending.result : wired_ ? wired_->relay().stats() : relay::RelayStats{};
  ground_.loop.post(lifeline_.guard([this, ending = std::move(ending)] { settle(ending); }));
}

void FleetMember::settle(const Ending& ending) {
  if (wired_) {
    look();  // what was counted since the last one counts
    last_view_ = wired_->relay().view();
  }
  if (ending.stats.target_hangs) {
    log_.warn("the target has not closed in time: a thread still waits for it");
    hanging_ = std::move(wired_);
  }
  wired_.reset();
  const std::optional<Error> error = error_of(ending, relay_.plan);
  const Duration now = world_.clock.monotonic();
  const RelayCourse::Wish wish = is_to_end_     ? RelayCourse::Wish::end
                                 : replacement_ ? RelayCourse::Wish::replace
                                                : RelayCourse::Wish::run;
  const EndedRun run{error ? std::optional(error->kind) : std::nullopt, is_bounded(relay_.plan), now - begun_};
  const RelayCourse::Next next = course_.after(run, wish, now, world_.random);
  note_failure(wish == RelayCourse::Wish::run ? error : std::nullopt);
  switch (next.what) {
    case RelayCourse::Next::What::begin: relay_ = std::move(*std::exchange(replacement_, std::nullopt)); return begin();
    case RelayCourse::Next::What::wait:
      state_ = State::waiting;
      pause_ = ground_.loop.after(next.pause, lifeline_.guard([this] { begin(); }));
      report_failure(*error, next.pause);
      return on_change_(cli::exit_code(error->kind));
    case RelayCourse::Next::What::over: conclude(ending, error); break;
  }
}

void FleetMember::note_failure(const std::optional<Error>& error) {
  if (!error) return failure_.reset();
  if (!failure_) failing_.before = last_view_.stats;
  const Timestamp since = failure_ ? failure_->since : world_.clock.now();
  failure_ = {since, world_.redactor.redact(to_string(*error))};
}

/// What is over: for the log and for the exit code.
void FleetMember::conclude(const Ending& ending, const std::optional<Error>& error) {
  state_ = State::over;
  exit_code_ = exit_code_of(ending, error, relay_.plan);
  const bool printed = print_summary(ending, relay_.plan, relay_.name, world_);
  if (!printed) exit_code_ = worse_exit_code(exit_code_, kFailed);
  if (error) log_.error("the relay has failed", {{"error", to_string(*error)}});
  on_change_(error ? std::optional(exit_code_) : std::nullopt);
}

void FleetMember::report_failure(const Error& error, Duration pause) {
  const Duration now = world_.clock.monotonic();
  const std::string text = to_string(error);
  const bool reported_lately = failing_.reported == text && now - failing_.reported_at < kSayAgainAfter;
  const auto line_of_level = reported_lately ? &Log::debug : &Log::error;
  if (!reported_lately) {
    failing_.reported_at = now;
    failing_.reported = text;
  }
  (log_.*line_of_level)("the relay has failed, and is begun again",
                        {{"error", text}, {"in_seconds", std::chrono::duration<double>(pause).count()}});
}

void FleetMember::note_recovery() {
  using Shown = relay::RelayView::State;
  if (!failure_ || !wired_) return;
  const Shown state = wired_->relay().view().state;
  if (state == Shown::running || state == Shown::loading) failure_.reset();
}

relay::RelayStats FleetMember::stats() {
  note_recovery();
  relay::RelayStats stats = wired_ ? wired_->relay().stats() : last_view_.stats;
  if (!failure_) {
    if (!stats.outage.empty()) stats.outage = relay_.name + ": " + stats.outage;
    return stats;
  }
  add_time_since_failure(stats);
  stats.outage = "relay " + relay_.name + " has failed";
  return stats;
}

void FleetMember::add_time_since_failure(relay::RelayStats& stats) const {
  const Duration passed = world_.clock.now() - failure_->since;
  stats.lag = failing_.before.lag + passed;
  stats.until_data_loss = failing_.before.until_data_loss;
  if (stats.until_data_loss) *stats.until_data_loss = std::max(Duration{}, *stats.until_data_loss - passed);
}

relay::RelayView FleetMember::view() const {
  relay::RelayView view = wired_ ? wired_->relay().view() : last_view_;
  view.name = coordination::RelayName(relay_.name);
  view.worker = relay_.plan.relay.worker;
  if (wired_) return view;
  view.outages.clear();
  view.pending.clear();
  return view;
}

observe::RelayStatus FleetMember::look() {
  if (final_) return *final_;
  note_recovery();
  relay::RelayView view = this->view();
  if (failure_) {
    view.state = relay::RelayView::State::failed;
    add_time_since_failure(view.stats);
  }
  observe::RelayStatus status = watch_.look(std::move(view), world_.clock.monotonic(), world_.clock.now(), failure_);
  if (is_over() && !failure_) {
    status.has_caught_up = true;
    status.health = {};
    final_ = status;
  }
  return status;
}

}  // namespace ctk::cli
