// The end of a run: when there is nothing more to do, by a stop, or by an error.
#include <algorithm>
#include <string>
#include <utility>

#include "relay/engine.h"

namespace ctk::relay {

bool Relay::Engine::everything_done() const {
  if (state_.is_dropping() || !writing_.quiet() || keeper_.is_storing() || life().lineage.is_asking()) return false;
  if (tables_.any_opening()) return false;
  if (state_.is_running() && run_.is_shared() && !is_all_shared_out()) return false;
  if (life().drop == Life::Drop::life ||
      (life().load && (life().load->running() || life().load->phase() == LoadRun::Phase::ending)))
    return false;
  return std::ranges::all_of(life().shards, [this](const auto& entry) {
    const Shard& one = *entry.second;
    if (!one.queue.empty() || one.reading.under_way()) return false;
    return state_.phase == Phase::stopping || one.reading.finished() || one.reading.at_tip();
  });
}

/// The source itself has ended, and everything in it is stored: a relay that was to follow it has nothing to follow.
void Relay::Engine::consider_source_end() {
  if (!state_.is_running() || !life().lineage.is_acquired() || run_.is_bounded()) return;
  std::optional<Error> why = run_.source.ended();
  if (why && everything_done() && life().lineage.walk().all_finished()) fail_run(std::move(*why));
}

void Relay::Engine::consider_end() {
  consider_source_end();
  if (state_.phase == Phase::stopping) {
    const bool quiet =
        writing_.quiet() && !keeper_.is_storing() && std::ranges::all_of(life().shards, [](const auto& entry) {
          return entry.second->queue.empty() || !entry.second->may_send;
        });
    if (quiet) finish();
    return;
  }
  if (!state_.is_running() || !run_.is_bounded() || !life().lineage.is_acquired()) return;
  if (life().lineage.walk().waiting() > 0 || !everything_done()) return;
  if (standing_.end()) return fail_run(*standing_.end());
  if (const std::optional<Error> why = run_.source.ended()) run_.env.log.warn(why->message, {{"hint", why->hint}});
  finish();
}

void Relay::Engine::stop() {
  if (state_.phase == Phase::stopping || state_.ended()) return;
  if (state_.is_finishing()) return end_after_grace();
  const bool nothing_held = state_.phase == Phase::idle || state_.phase == Phase::starting;
  state_.phase = Phase::stopping;
  counters_.note_stopped();
  if (nothing_held) return end(stats());
  end_after_grace();
  // The pause of an outage may be as long as the grace period.
  writing_.try_now();
  writing_.pump();
  consider_end();
}

void Relay::Engine::end_after_grace() {
  run_.env.loop.after(run_.options.deadlines.grace, state_.guarded([this] {
    // Where all is stored, only the count of the rows was to come.
    if (state_.phase != Phase::counting) {
      run_.env.log.warn("the grace period is over; " + std::string(run_.what_is_not_stored()));
      counters_.note_unwritten();
    }
    end(stats());
  }));
}

void Relay::Engine::finish() {
  if (state_.is_finishing() || state_.ended()) return;
  const bool stopping = state_.phase == Phase::stopping;
  state_.phase = Phase::finishing;
  store_positions(true, [this, stopping](bool stored) {
    if (!stored && !stopping) {
      // Nothing is done until it is durable: try again, until give_up or a stop ends it.
      state_.phase = Phase::running;
      run_.env.loop.after(std::chrono::seconds(1), state_.guarded([this] { consider_end(); }));
      return;
    }
    // Where the target is away, counting would only use up the rest of the grace period. Who gives the records shows no
    // summary.
    if (!stored || run_.positions_by_giver()) return end(stats());
    state_.phase = Phase::counting;
    sweeping_.sweep(stopping ? Sweeper::Purpose::only_counting : Sweeper::Purpose::at_the_end, [this] { end(stats()); });
  });
}

void Relay::Engine::fail_run(Error error) {
  if (state_.ended() || state_.is_finishing()) return;
  const bool store_first = life().lineage.is_acquired() && error.kind != ErrorKind::fenced && !outages_.of(kTarget).any();
  if (!store_first) return end(std::unexpected(std::move(error)));
  state_.phase = Phase::finishing;
  auto why = std::make_shared<Error>(std::move(error));
  run_.env.loop.after(run_.options.deadlines.grace, state_.guarded([this, why] { end(std::unexpected(*why)); }));
  store_positions(true, [this, why](bool stored) {
    if (!stored || run_.positions_by_giver()) return end(std::unexpected(*why));
    sweeping_.sweep(Sweeper::Purpose::only_counting, [this, why] { end(std::unexpected(*why)); });
  });
}

void Relay::Engine::end(Result<RelayStats> result) {
  if (state_.ended()) return;
  state_.end();
  // Whoever takes them next is not to compete with one that has ended: a subscription of a shard goes to who asked for it
  // last, and each asks again only after five seconds.
  for (const auto& [id, one] : life().shards) run_.source.forget(id);
  auto last = std::make_shared<Result<RelayStats>>(std::move(result));
  run_.positions.assignment.end(lifeline_.guard([this, last](const Result<bool>&) {
    run_.sink.close(lifeline_.guard([this, last](Result<bool> closed) {
      if (!closed && *last) *last = std::unexpected(closed.error());
      if (done_) std::exchange(done_, nullptr)(std::move(*last));
    }));
  }));
  // What is to be stored is stored by now; a target that hangs may do so for ever.
  run_.env.loop.after(run_.options.deadlines.grace, lifeline_.guard([this, last] {
    if (!done_) return;
    counters_.note_hanging_target();
    if (*last) (*last)->target_hangs = true;
    std::exchange(done_, nullptr)(std::move(*last));
  }));
}

bool Relay::Engine::report_outage(Side side, const Error& error, const std::string& doing) {
  if (outages_.failed(side, doing, error, now())) fail_run(error);
  return !state_.ended();
}

void Relay::Engine::report_working(Side side, const std::string& doing) { outages_.worked(side, doing); }

void Relay::Engine::report_working(Side side) { outages_.worked(side); }

}  // namespace ctk::relay
