// What is held is dropped, and read again from the positions: where it could not be sent safely, or a new life begins.
#include <algorithm>
#include <utility>

#include "relay/engine.h"

namespace ctk::relay {

void Relay::Engine::report_drop(const std::string& why) const {
  run_.env.log.warn("dropping what is held, to read it again", {{"why", why}});
}

void Relay::Engine::drop_and_read_again(const std::string& why) {
  report_drop(why);
  drop_held();
}

/// Drops everything that is read and not acknowledged, once nothing is being applied, and reads on from the positions.
void Relay::Engine::drop_held() {
  if (!state_.is_dropping()) life().drop = Life::Drop::pass;
  if (writing_.applying()) return;
  life().pass.emplace();
  writing_.drop();
  tables_.drop();
  counters_.forget_tables();
  for (auto& [id, one] : life().shards) {
    budget_.release(one->queue.bytes());
    one->queue.clear();
    one->progress.drop_writes();
    one->reading.drop();
  }
  if (life().drop == Life::Drop::life) return begin_next_life_now();
  let_go_of_lost();
  life().is_reloading = true;
  reload_positions();
}

/// The store's positions are the truth: the reply to a write that moved them may have been lost.
void Relay::Engine::reload_positions() {
  run_.positions.store.read(run_.name, state_.in_pass([this](Result<std::vector<coordination::StoredPosition>> rows) {
    // Where everything was dropped once more, these rows may be older than what was written since.
    if (!rows) {
      report_outage(kTarget, rows.error(), "reading positions");
      run_.env.loop.after(attempts_.pause(now(), run_.env.random), state_.in_pass([this] { reload_positions(); }));
      return;
    }
    report_working(kTarget);
    if (holds_positions(*rows)) go_on_from_rows(std::move(*rows));
  }));
}

void Relay::Engine::go_on_from_rows(std::vector<coordination::StoredPosition> rows) {
  // What was read before a shard was taken is older than what was taken.
  std::erase_if(rows, [this](const coordination::StoredPosition& row) {
    return run_.is_shared() && row.fence != life().held.fence_of(row.shard);
  });
  // A shard without a row begins anew: nothing of it was ever written.
  std::set<ShardId> stored;
  for (const coordination::StoredPosition& row : rows) stored.insert(row.shard);
  for (const auto& [id, one] : life().shards) {
    if (stored.contains(id) || run_.is_shared()) continue;
    coordination::StoredPosition& row = rows.emplace_back();
    row.shard = id;
    row.position = one->start;
  }
  // All of them first: what goes on from one shard's end must not meet another that still holds its own.
  for (const coordination::StoredPosition& row : rows) set_back_to(row);
  if (life().drop == Life::Drop::pass) life().drop = Life::Drop::nothing;
  life().is_reloading = false;
  for (const coordination::StoredPosition& row : rows) go_on_from(row);
  for (const auto& [id, one] : life().shards) reading_.consider(*one);  // also those that were taken meanwhile
  writing_.pump();
  consider_end();
}

void Relay::Engine::set_back_to(const coordination::StoredPosition& row) {
  const auto found = life().shards.find(row.shard);
  if (found == life().shards.end() || found->second->reading.finished()) return;
  Shard& one = *found->second;
  one.progress.restart(row);
  one.queue.restart(row.position);
  one.reading.rewind(row.position, row.read_to);
  run_.source.forget(row.shard);
}

void Relay::Engine::go_on_from(const coordination::StoredPosition& row) {
  const auto found = life().shards.find(row.shard);
  if (found == life().shards.end() || found->second->reading.finished()) return;
  if (!row.position.ended()) return reading_.consider(*found->second);
  found->second->reading.finish();
  reading_.perform(life().lineage.walk().finished(row.shard));
}

void Relay::Engine::begin_next_life(const std::string& why) {
  if (life().drop == Life::Drop::life) return;
  counters_.set_table_ready(false);
  // Not from inside whatever found it out; and not once the next life has begun.
  life().drop = Life::Drop::life;
  if (!state_.is_finishing()) report_drop(why);  // what comes first may begin it
  run_.env.loop.post(state_.in_life([this] {
    if (!state_.is_finishing()) drop_held();
  }));
}

/// Nothing is held any more. Reads under way come back to nobody.
void Relay::Engine::begin_next_life_now() {
  if (state_.is_over()) return;
  for (const auto& [id, one] : life().shards) run_.source.forget(id);
  state_.life = std::make_unique<Life>();
  start_.begin_again();
  if (state_.phase == Phase::stopping) return end(stats());
  state_.phase = Phase::starting;
  restart();
}

/// A table was emptied under this run. Opening it again decides: it is loaded again, or the run ends and says how to go on.
/// What knows its positions by heart cannot begin again by itself.
void Relay::Engine::lost_table(Error error) {
  if (!run_.positions_in_memory() && state_.is_running()) return begin_next_life(error.message);
  if (error.hint.empty() && run_.positions_in_memory()) error.hint = "run it again, which begins at the start";
  if (error.hint.empty() && !run_.options.reset_command.empty())
    error.hint = "to begin anew: " + run_.options.reset_command;
  state_.is_finishing() ? end(std::unexpected(std::move(error))) : fail_run(std::move(error));
}

}  // namespace ctk::relay
