// Applying: hands batches to the sink, acknowledges them, and drops and reads again what could not be sent safely.
#include <algorithm>
#include <utility>

#include "relay/engine.h"

namespace ctk::relay {
namespace {

/// Where writes are not fenced, nothing held for longer than half of the 15 minutes' floor may still be sent.
constexpr Duration kLongestHold = std::chrono::minutes(15) / 2;

}  // namespace

/// What was read so long ago may meet a row that was swept meanwhile. Nothing is swept beside a source that ends by itself,
/// nor in a target without tables.
bool Relay::Engine::held_too_long(const InFlightBatch& write) {
  if (run_.positions_with_rows() || run_.identity.traits.bounded || !run_.sink.traits().holds_own_tables) return false;
  return now() - write.oldest > kLongestHold;
}

void Relay::Engine::apply_ready() {
  // A target that was closed is given nothing more.
  if (phase_ == Phase::ended || timers_.apply != 0 || is_dropping()) return;
  while (InFlightBatch* write = writes_.next()) {
    if (held_too_long(*write)) return drop_and_read_again("it was held for too long to be sent safely");
    if (const std::vector<ShardId> lost = not_to_be_written(*write); !lost.empty()) return lose_shards(lost);
    apply(*write);
  }
}

void Relay::Engine::apply(InFlightBatch& write) {
  sink::Batch& batch = write.begin_applying();
  if (run_.positions_with_rows()) batch.moves = PositionKeeper::moves_of(write, *life_);
  if (batch.tables.empty() && batch.dead_letters.empty() && batch.moves.empty()) {
    run_.env.loop.post(guarded([this, id = write.id] { on_applied(id, sink::BatchOutcome{}); }));
    return;
  }
  run_.sink.apply(std::get<InFlightBatch::Applying>(write.state).what.batch,
                  guarded([this, id = write.id, begun = now()](Result<sink::BatchOutcome> result) {
                    if (Histogram* seconds = run_.env.write_seconds) seconds->observe(to_seconds(now() - begun));
                    on_applied(id, std::move(result));
                  }));
}

void Relay::Engine::on_applied(uint64_t id, Result<sink::BatchOutcome> result) {
  InFlightBatch* write = writes_.find(id);
  if (write == nullptr) return;
  if (phase_ == Phase::ended) return;
  if (!result) {
    write->failed();
    on_apply_error(result.error());
  } else if (!result->refused.empty()) {
    render_before(*write, std::move(result->refused));
  } else {
    report_working(kTarget);
    attempts_.worked(!write->batch().tables.empty() || !write->batch().dead_letters.empty());
    for (auto& [name, renderer] : result->renderers) {
      if (Table* table = tables_.find(name)) table->opened.renderer = std::move(renderer);
    }
    counters_.add(*write, *result);
    if (std::optional<Error> why = counters_.nothing_is_taken(*result)) fail_run(std::move(*why));
    acknowledge(*write);
  }
  if (phase_ == Phase::ended || stops_now()) return;
  if (is_dropping() && writes_.applying() == 0) return drop_and_read_again("");
  read_with_freed_budget();
  pump();
  consider_finishing();
}

void Relay::Engine::acknowledge(InFlightBatch& write) {
  if (phase_ == Phase::ended) return;
  if (!write.batch().moves.empty()) keeper_.claim_held(now());
  const std::vector<coordination::PositionMove> ends =
      PositionKeeper::acknowledged(write, run_.positions_with_rows(), *life_);
  budget_.release(writes_.remove(write.id));
  finish_shards(ends);
  if (!run_.positions_with_rows()) settle_ends();
  if (run_.positions_by_giver()) store_positions(false);
  consider_load_end();
}

void Relay::Engine::on_apply_error(const Error& error) {
  switch (error.kind) {
    case ErrorKind::fenced: return on_fenced(error);
    case ErrorKind::internal:
    case ErrorKind::stopped:
    case ErrorKind::usage:
    case ErrorKind::mismatch: return fail_run(error);
    case ErrorKind::stale_epoch: return start_over("the table's epoch was raised");
    default: break;
  }
  TargetStanding standing = attempts_.failed(now());
  standing.opened = tables_.any_opened_before();
  standing.stopping = phase_ == Phase::stopping;
  standing.transactional = run_.is_transactional();
  standing.start_timeout = run_.options.deadlines.start_timeout;
  const Patience patience = after_failed_write(error.kind, standing);
  if (patience == Patience::give_up) return fail_run(error);
  if (patience == Patience::leave) {
    run_.env.log.warn("writing failed; what is not stored will be read again", {{"error", to_string(error)}});
    return end(stats());
  }
  // Opening it again decides what becomes of a table that was dropped. Positions in memory cannot begin again with it.
  if (patience == Patience::look_again && run_.positions_in_memory() && run_.is_transactional()) return fail_run(error);
  if (patience == Patience::look_again) {
    attempts_.looking_again(now());
    if (!run_.positions_in_memory()) return start_over("a table is not there");
  }
  report_outage(kTarget, error, "writing");
  if (phase_ == Phase::ended) return;
  if (timers_.apply != 0) return;
  timers_.apply = run_.env.loop.after(attempts_.pause(now(), run_.env.random), guarded([this] {
                                        timers_.apply = 0;
                                        apply_ready();
                                      }));
}

/// Drops everything that is read and not acknowledged, once nothing is being applied, and reads on from the positions.
void Relay::Engine::drop_and_read_again(const std::string& why) {
  if (!why.empty()) run_.env.log.warn("dropping what is held, to read it again", {{"why", why}});
  if (!is_dropping()) life_->drop = Life::Drop::pass;
  if (writes_.applying() > 0) return;
  life_->pass.emplace();
  budget_.release(writes_.clear());
  tables_.drop();
  counters_.stats().tables.clear();
  for (auto& [id, one] : life_->shards) {
    budget_.release(one->queue.bytes());
    one->queue.clear();
    one->progress.drop_writes();
    one->reading.drop();
  }
  if (life_->drop == Life::Drop::life) return start_over_now();
  let_go_of_lost();
  reload_positions();
}

/// The store's positions are the truth: the reply to a write that moved them may have been lost.
void Relay::Engine::reload_positions() {
  run_.positions.store.load(run_.name, in_pass([this](Result<std::vector<coordination::StoredPosition>> rows) {
                              // Where everything was dropped once more, these rows may be older than what was written
                              // since.
                              if (phase_ == Phase::ended) return;
                              if (!rows) {
                                report_outage(kTarget, rows.error(), "reading positions");
                                run_.env.loop.after(attempts_.pause(now(), run_.env.random),
                                                    in_pass([this] { reload_positions(); }));
                                return;
                              }
                              report_working(kTarget);
                              if (holds_claim(*rows)) go_on_from_rows(std::move(*rows));
                            }));
}

void Relay::Engine::go_on_from_rows(std::vector<coordination::StoredPosition> rows) {
  // What was read before a shard was taken is older than what was taken.
  std::erase_if(rows, [this](const coordination::StoredPosition& row) {
    return run_.is_shared() && row.fence != life_->held.fence_of(row.shard);
  });
  // A shard without a row begins anew: nothing of it was ever written.
  std::set<ShardId> stored;
  for (const coordination::StoredPosition& row : rows) stored.insert(row.shard);
  for (const auto& [id, one] : life_->shards) {
    if (stored.contains(id) || run_.is_shared()) continue;
    coordination::StoredPosition& row = rows.emplace_back();
    row.shard = id;
    row.position = one->start;
  }
  // All of them first: what goes on from one shard's end must not meet another that still holds its own.
  for (const coordination::StoredPosition& row : rows) set_back_to(row);
  if (life_->drop == Life::Drop::pass) life_->drop = Life::Drop::nothing;
  for (const coordination::StoredPosition& row : rows) go_on_from(row);
  for (const auto& [id, one] : life_->shards) consider_reading(*one);  // also those that were taken meanwhile
  pump();
  consider_finishing();
}

void Relay::Engine::set_back_to(const coordination::StoredPosition& row) {
  const auto found = life_->shards.find(row.shard);
  if (found == life_->shards.end() || found->second->reading.finished()) return;
  Shard& one = *found->second;
  one.progress.restart(row);
  one.queue.restart(row.position);
  one.reading.rewind(row.position, row.read_to);
  run_.source.forget(row.shard);
}

void Relay::Engine::go_on_from(const coordination::StoredPosition& row) {
  const auto found = life_->shards.find(row.shard);
  if (found == life_->shards.end() || found->second->reading.finished()) return;
  if (!row.position.ended()) return consider_reading(*found->second);
  found->second->reading.finish();
  perform(life_->lineage.walk().finished(row.shard));
}

}  // namespace ctk::relay
