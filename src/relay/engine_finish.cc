// What happens beside the flow: positions outside of batches, sweeping, outages, and the end of a run.
#include <algorithm>
#include <utility>

#include "relay/engine.h"

namespace ctk::relay {
namespace {

constexpr const char* kReadingPositions = "reading positions";

}  // namespace

void Relay::Engine::every_second() {
  if (phase_ == Phase::ended || is_finishing()) return;
  run_.env.loop.after(std::chrono::seconds(1), guarded([this] { every_second(); }));
  using Round = Rounds::Round;
  if (phase_ == Phase::running && rounds_.due(Round::relist, now())) relist();
  if (phase_ == Phase::running && rounds_.due(Round::forget_trimmed, now())) forget_trimmed_shards();
  const bool idle_too = rounds_.due(Round::store_idle, now());
  if (!run_.positions_with_rows() || idle_too) store_positions(idle_too);
  const bool doubts = run_.is_shared() ? rounds_.due(Round::follow_others, now())
                                       : run_.positions_with_rows() && keeper_.claim_is_doubtful(now());
  if (phase_ == Phase::running && doubts) check_claim();
  consider_ready();
  if (phase_ == Phase::running && !run_.options.once && rounds_.due(Round::sweep, now()))
    sweep(Sweeper::Purpose::on_the_way, [] {});
}

void Relay::Engine::store_positions(bool all, PositionKeeper::Then then) {
  if (keeper_.is_storing()) return keeper_.wish(all, std::move(then));
  std::vector<coordination::PositionMove> moves = PositionKeeper::due_moves(*life_, run_.positions_with_rows(), all);
  if (moves.empty()) {
    if (then) then(true);
    return;
  }
  keeper_.begin(now());
  auto kept = std::make_shared<std::vector<coordination::PositionMove>>(moves);
  run_.positions.store.move(
      run_.name, std::move(moves),
      guarded([this, kept, pass = life_->pass->sight(), then = std::move(then)](Result<bool> stored) mutable {
        std::optional<PositionKeeper::Wish> wish = keeper_.end();
        if (phase_ == Phase::ended) return;
        if (pass.alive()) {
          on_positions_stored(*kept, std::move(stored), std::move(then));
        } else if (then) {
          then(false);
        }
        if (wish && phase_ != Phase::ended) store_positions(wish->all, std::move(wish->then));
      }));
}

void Relay::Engine::on_positions_stored(const std::vector<coordination::PositionMove>& moves, Result<bool> stored,
                                        PositionKeeper::Then then) {
  if (!stored) {
    // The end of the run, even where that is what this was for: `then` would wait for ever.
    if (stored.error().kind == ErrorKind::fenced && !run_.is_shared())
      return end(std::unexpected(std::move(stored).error()));
    if (stored.error().kind == ErrorKind::fenced) on_fenced(stored.error());
    report_outage(kTarget, stored.error(), "storing positions");
    if (then) then(false);
    return;
  }
  report_working(kTarget, "storing positions");
  keeper_.claim_held(now());
  finish_shards(PositionKeeper::stored(moves, *life_));
  if (then) then(true);
  consider_load_end();
  pump();
  consider_finishing();
}

/// Ends are stored at once where positions are kept apart from the rows: their children wait for them.
void Relay::Engine::settle_ends() {
  if (PositionKeeper::ends_are_due(*life_)) store_positions(false);
}

/// Where writes are fenced a relay that has nothing to write asks whether it still holds its shards; one that shares them
/// asks what others have done.
void Relay::Engine::check_claim() {
  if (!life_->lineage.is_claimed()) return;
  keeper_.ask_for_claim();
  run_.positions.store.load(
      run_.name, guarded([this, pass = life_->pass->sight()](Result<std::vector<coordination::StoredPosition>> rows) {
        keeper_.claim_answered();
        // Rows from before a claim of our own say nothing of it.
        if (phase_ == Phase::ended || !pass.alive()) return;
        if (!rows) return report_outage(kTarget, rows.error(), kReadingPositions);
        report_working(kTarget, kReadingPositions);
        if (!holds_claim(*rows)) return;
        keeper_.claim_held(now());
        follow_others(*rows);
        if (run_.is_shared() && phase_ != Phase::ended) consider_finishing();
      }));
}

bool Relay::Engine::holds_claim(const std::vector<coordination::StoredPosition>& rows) {
  if (!life_->lineage.is_claimed()) return true;
  const std::vector<coordination::StoredPosition> taken = life_->held.taken_by_others(rows);
  if (taken.empty()) return true;
  if (!run_.is_shared()) {
    fail_run(coordination::fenced_error(run_.name, taken.front().worker, taken.front().updated));
    return false;
  }
  std::vector<ShardId> lost;
  for (const coordination::StoredPosition& row : taken) lost.push_back(row.shard);
  lose_shards(lost);
  return true;
}

void Relay::Engine::finish_shards(const std::vector<coordination::PositionMove>& ends) {
  for (const coordination::PositionMove& end : ends) {
    shard(end.shard).reading.finish();
    for (const coordination::NewShard& child : end.children) life_->held.made_with_end_of(end.shard, child.shard);
    perform(life_->lineage.end_stored(end.shard, end.children, run_.server_now()));
  }
}

sink::SweepRequest Relay::Engine::sweep_request(const std::string& table) const {
  sink::SweepRequest request;
  request.table = table;
  request.relay = run_.name;
  request.explicit_grace = run_.options.sweep.grace.has_value();
  request.grace = run_.options.sweep.grace.value_or(run_.identity.traits.lateness);
  // A delete may be nearly a tick younger than it says.
  if (request.grace != Duration::max()) request.grace += run_.identity.traits.clock_tick;
  if (run_.options.tables.deletes == table::Deletes::soft) request.grace = Duration::max();
  // The target does not know how far the shards were read.
  if (run_.is_shared() && !run_.positions_with_rows()) request.grace = Duration::max();
  if (run_.positions_in_memory()) {
    if (request.explicit_grace)
      request.watermark = run_.env.clock.now();
    else
      request.grace = Duration::max();
  }
  request.floor =
      run_.options.sweep.floor.value_or(run_.positions_with_rows() ? Duration{} : Duration(std::chrono::minutes(15)));
  if (request.explicit_grace && run_.positions_in_memory() && run_.identity.traits.bounded)
    request.floor = run_.options.sweep.floor.value_or(Duration{});
  return request;
}

void Relay::Engine::sweep(Sweeper::Purpose purpose, std::move_only_function<void()> then) {
  if (!sweeper_.is_idle()) {
    // The round under way may be of older rows.
    run_.env.loop.after(std::chrono::milliseconds(50),
                        guarded([this, purpose, then = std::move(then)]() mutable { sweep(purpose, std::move(then)); }));
    return;
  }
  sweeper_.begin(purpose, tables_.open_tables());
  sweep_next(std::move(then));
}

void Relay::Engine::sweep_next(std::move_only_function<void()> then) {
  const std::optional<std::string> table = sweeper_.next();
  if (!table) {
    if (sweeper_.counts()) {
      counters_.stats().marked = sweeper_.totals().tombstones;
      counters_.stats().living = sweeper_.totals().living;
    }
    return then();
  }
  sink::SweepRequest request = sweep_request(*table);
  sweeper_.complete(request);
  run_.sink.sweep(
      request, guarded([this, table = *table, then = std::move(then)](const Result<sink::SweepOutcome>& outcome) mutable {
        if (phase_ != Phase::ended && on_swept(table, outcome)) sweep_next(std::move(then));
      }));
}

bool Relay::Engine::on_swept(const std::string& table, const Result<sink::SweepOutcome>& outcome) {
  const std::string doing = "sweeping " + table;
  if (outcome) {
    report_working(kTarget, doing);
    sweeper_.swept(*outcome);
    take_sweep_of_load(table, *outcome);
    if (outcome->swept > 0) run_.env.log.info("swept", {{"table", table}, {"marks", outcome->swept}});
    return true;
  }
  sweeper_.failed();
  if (outcome.error().kind == ErrorKind::mismatch && sweeper_.purpose() != Sweeper::Purpose::only_counting) {
    sweeper_.break_off();
    on_lost_table(outcome.error());
    return false;
  }
  if (sweeper_.counts()) {
    run_.env.log.warn("the table's rows could not be counted", {{"table", table}, {"error", to_string(outcome.error())}});
  } else if (outages_.of(kTarget).failed(doing, outcome.error(), now())) {
    run_.env.log.warn(doing + " failed, it will be tried again", {{"error", to_string(outcome.error())}});
  }
  return true;
}

bool Relay::Engine::everything_done() const {
  if (is_dropping() || !writes_.empty() || keeper_.is_storing() || life_->lineage.is_asking() || writes_.has_dead_letters())
    return false;
  if (tables_.any_opening()) return false;
  if (phase_ == Phase::running && run_.is_shared() && !is_all_shared_out()) return false;
  if (life_->drop == Life::Drop::life ||
      (life_->load && (life_->load->running() || life_->load->phase() == LoadRun::Phase::ending)))
    return false;
  return std::ranges::all_of(life_->shards, [this](const auto& entry) {
    const Shard& one = *entry.second;
    if (!one.queue.empty() || one.reading.under_way()) return false;
    return phase_ == Phase::stopping || one.reading.finished() || one.reading.at_tip();
  });
}

/// The source itself has ended, and everything in it is stored: a relay that was to follow it has nothing to follow.
void Relay::Engine::consider_source_end() {
  if (phase_ != Phase::running || !life_->lineage.is_claimed() || run_.is_bounded()) return;
  std::optional<Error> why = run_.source.ended();
  if (why && everything_done() && life_->lineage.walk().all_finished()) fail_run(std::move(*why));
}

void Relay::Engine::consider_finishing() {
  consider_source_end();
  if (phase_ == Phase::stopping) {
    const bool quiet = writes_.empty() && !writes_.has_dead_letters() && !keeper_.is_storing() &&
                       std::ranges::all_of(life_->shards, [](const auto& entry) {
                         return entry.second->queue.empty() || !entry.second->may_send;
                       });
    if (quiet) finish();
    return;
  }
  if (phase_ != Phase::running || !run_.is_bounded() || !life_->lineage.is_claimed()) return;
  if (life_->lineage.walk().waiting() > 0 || !everything_done()) return;
  if (standing_.end()) return fail_run(*standing_.end());
  if (const std::optional<Error> why = run_.source.ended()) run_.env.log.warn(why->message, {{"hint", why->hint}});
  finish();
}

void Relay::Engine::stop() {
  if (phase_ == Phase::stopping || is_finishing() || phase_ == Phase::ended) return;
  const bool nothing_held = phase_ == Phase::idle || phase_ == Phase::starting;
  phase_ = Phase::stopping;
  counters_.stats().stopped = true;
  if (nothing_held) return end(stats());
  run_.env.loop.after(run_.options.deadlines.grace, guarded([this] {
                        if (phase_ == Phase::ended) return;
                        // Where all is stored, only the count of the rows was to come.
                        if (phase_ != Phase::counting)
                          run_.env.log.warn("the grace period is over; what is not stored will be read again");
                        end(stats());
                      }));
  // The pause of an outage may be as long as the grace period.
  if (timers_.apply != 0) run_.env.loop.cancel(std::exchange(timers_.apply, 0));
  apply_ready();
  pump();
  consider_finishing();
}

void Relay::Engine::finish() {
  if (is_finishing() || phase_ == Phase::ended) return;
  const bool stopping = phase_ == Phase::stopping;
  phase_ = Phase::finishing;
  store_positions(true, [this, stopping](bool stored) {
    if (!stored && !stopping) {
      // Nothing is done until it is durable: try again, until give_up ends it.
      run_.env.loop.after(std::chrono::seconds(1), guarded([this] {
                            phase_ = Phase::running;
                            consider_finishing();
                          }));
      return;
    }
    // Where the target is away, counting would only use up the rest of the grace period.
    if (!stored) return end(stats());
    phase_ = Phase::counting;
    sweep(stopping ? Sweeper::Purpose::only_counting : Sweeper::Purpose::at_the_end, [this] { end(stats()); });
  });
}

void Relay::Engine::fail_run(Error error) {
  if (phase_ == Phase::ended || is_finishing()) return;
  const bool store_first = life_->lineage.is_claimed() && error.kind != ErrorKind::fenced && !outages_.of(kTarget).any();
  if (!store_first) return end(std::unexpected(std::move(error)));
  phase_ = Phase::finishing;
  auto why = std::make_shared<Error>(std::move(error));
  run_.env.loop.after(run_.options.deadlines.grace, guarded([this, why] { end(std::unexpected(*why)); }));
  store_positions(true, [this, why](bool stored) {
    if (!stored) return end(std::unexpected(*why));
    sweep(Sweeper::Purpose::only_counting, [this, why] { end(std::unexpected(*why)); });
  });
}

void Relay::Engine::end(Result<RelayStats> result) {
  if (phase_ == Phase::ended) return;
  phase_ = Phase::ended;
  auto last = std::make_shared<Result<RelayStats>>(std::move(result));
  run_.positions.assignment.end(guarded([this, last](const Result<bool>&) {
    run_.sink.close(guarded([this, last](Result<bool> closed) {
      if (!closed && *last) *last = std::unexpected(closed.error());
      if (done_) std::exchange(done_, nullptr)(std::move(*last));
    }));
  }));
  // What is to be stored is stored by now; a target that hangs may do so for ever.
  run_.env.loop.after(run_.options.deadlines.grace, guarded([this, last] {
                        if (!done_) return;
                        counters_.stats().target_hangs = true;
                        if (*last) (*last)->target_hangs = true;
                        std::exchange(done_, nullptr)(std::move(*last));
                      }));
}

void Relay::Engine::report_outage(Side side, const Error& error, const std::string& doing) {
  if (outages_.failed(side, doing, error, now())) fail_run(error);
}

void Relay::Engine::report_working(Side side, const std::string& doing) { outages_.worked(side, doing); }

void Relay::Engine::report_working(Side side) { outages_.worked(side); }

RelayStats Relay::Engine::stats() const {
  RelayStats stats = counters_.stats();
  const Duration at = run_.now();
  stats.seconds = to_seconds(at - start_.began());
  stats.memory_used = budget_.used();
  for (const auto& [id, one] : life_->shards) {
    if (one->reading.finished() || one->segment) continue;
    stats.lag = std::max(stats.lag, lag_of(*one));
    if (!one->reading.at_tip()) ++stats.shards_reading;
  }
  if (life_->lineage.is_claimed()) stats.shards_waiting = life_->lineage.walk().waiting();
  stats.load = load_progress();
  if (run_.identity.traits.retention > Duration{}) stats.until_data_loss = run_.identity.traits.retention - stats.lag;
  for (const Side side : {kSource, kTarget}) {
    if (!outages_.of(side).any()) continue;
    stats.outage = outages_.of(side).summary(side == kTarget ? "target" : "source", at);
    stats.outage_error = to_string(*outages_.of(side).error());
  }
  return stats;
}

}  // namespace ctk::relay
