// Positions that no batch carries, and the ends of shards; whether the shards are still this run's; what comes up each
// second.
#include <utility>

#include "relay/engine.h"

namespace ctk::relay {
namespace {

constexpr const char* kReadingPositions = "reading positions";

}  // namespace

void Relay::Engine::every_second() {
  run_.env.loop.after(std::chrono::seconds(1), state_.guarded([this] { every_second(); }));
  if (state_.is_over()) return;
  using Round = Rounds::Round;
  if (state_.is_running() && rounds_.due(Round::relist, now())) reading_.relist();
  if (state_.is_running() && rounds_.due(Round::forget_trimmed, now())) reading_.forget_trimmed_shards();
  const bool idle_too = rounds_.due(Round::store_idle, now());
  give_what_is_drained();
  if (!run_.positions_with_rows() || idle_too) store_positions(idle_too);
  const bool doubts = run_.is_shared() ? rounds_.due(Round::follow_others, now())
                                       : run_.positions_with_rows() && keeper_.hold_is_doubtful(now());
  if (state_.is_running() && doubts) check_hold();
  consider_ready();
  // Who gives the records may say that nothing is to be under way but what they ask for.
  const bool never_sweeps = run_.positions_by_giver() && run_.options.sweep.grace == Duration::max();
  if (state_.is_running() && !run_.options.once && !never_sweeps && rounds_.due(Round::sweep, now()))
    sweeping_.sweep(Sweeper::Purpose::on_the_way, [] {});
}

void Relay::Engine::on_batch_answered() {
  if (state_.is_dropping() && !life().is_reloading && !writing_.applying()) return drop_held();
  reading_.read_with_freed_budget();
  writing_.pump();
  consider_end();
}

void Relay::Engine::acknowledged(const std::vector<coordination::PositionMove>& ends) {
  finish_shards(ends);
  if (!run_.positions_with_rows()) settle_ends();
  if (run_.positions_by_giver()) store_positions(false);
  consider_load_end();
}

void Relay::Engine::store_positions(bool all, PositionKeeper::Then then) {
  if (keeper_.is_storing()) return keeper_.wish(all, std::move(then));
  std::vector<coordination::PositionMove> moves = PositionKeeper::due_moves(life(), run_.positions_with_rows(), all);
  if (moves.empty()) {
    if (then) then(true);
    return;
  }
  keeper_.begin(now());
  auto kept = std::make_shared<std::vector<coordination::PositionMove>>(moves);
  run_.positions.store.move(
      run_.name, std::move(moves),
      state_.guarded([this, kept, pass = life().pass->sight(), then = std::move(then)](Result<bool> stored) mutable {
        std::optional<PositionKeeper::Wish> wish = keeper_.end();
        if (pass.alive()) {
          on_positions_stored(*kept, std::move(stored), std::move(then));
        } else if (then) {
          then(false);
        }
        if (wish && !state_.ended()) store_positions(wish->all, std::move(wish->then));
      }));
}

void Relay::Engine::on_positions_stored(const std::vector<coordination::PositionMove>& moves, Result<bool> stored,
                                        PositionKeeper::Then then) {
  if (!stored) {
    // The end of the run, even where that is what this was for: `then` would wait for ever.
    if (stored.error().kind == ErrorKind::fenced && !run_.is_shared())
      return end(std::unexpected(std::move(stored).error()));
    if (stored.error().kind == ErrorKind::fenced) fenced(stored.error());
    // First what waits for it: then the run may end for having waited too long.
    if (then) then(false);
    report_outage(kTarget, stored.error(), "storing positions");
    return;
  }
  report_working(kTarget, "storing positions");
  keeper_.still_held(now());
  finish_shards(PositionKeeper::stored(moves, life()));
  if (then) then(true);
  give_what_is_drained();
  consider_load_end();
  writing_.pump();
  consider_end();
}

/// Ends are stored at once where positions are kept apart from the rows: their children wait for them.
void Relay::Engine::settle_ends() {
  if (PositionKeeper::ends_are_due(life())) store_positions(false);
}

/// Where writes are fenced a relay that has nothing to write asks whether it still holds its shards; one that shares them
/// asks what others have done.
void Relay::Engine::check_hold() {
  if (!life().lineage.is_acquired()) return;
  keeper_.ask_for_hold();
  run_.positions.store.read(
      run_.name,
      state_.guarded([this, pass = life().pass->sight()](Result<std::vector<coordination::StoredPosition>> rows) {
        keeper_.hold_answered();
        // Rows from before an acquisition of our own say nothing of it.
        if (!pass.alive()) return;
        if (!rows) return static_cast<void>(report_outage(kTarget, rows.error(), kReadingPositions));
        report_working(kTarget, kReadingPositions);
        if (!holds_positions(*rows)) return;
        keeper_.still_held(now());
        follow_others(*rows);
        if (run_.is_shared() && !state_.ended()) consider_end();
      }));
}

bool Relay::Engine::holds_positions(const std::vector<coordination::StoredPosition>& rows) {
  if (!life().lineage.is_acquired()) return true;
  const std::vector<coordination::StoredPosition> taken = life().held.taken_by_others(rows);
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
    for (const coordination::NewShard& child : end.children) life().held.made_with_end_of(end.shard, child.shard);
    reading_.perform(life().lineage.end_stored(end.shard, end.children, run_.server_now()));
  }
}

}  // namespace ctk::relay
