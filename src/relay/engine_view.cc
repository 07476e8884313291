// What can be seen of the engine from outside. It changes nothing.
#include <algorithm>
#include <utility>

#include "relay/engine.h"
#include "relay/relay_view.h"

namespace ctk::relay {
namespace {

ShardView::State state_of(const ShardReading& reading) {
  switch (reading.phase()) {
    case ShardReading::Phase::reading: return ShardView::State::reading;
    case ShardReading::Phase::at_tip: return ShardView::State::at_tip;
    case ShardReading::Phase::end_read:
    case ShardReading::Phase::end_known: return ShardView::State::ended;
    case ShardReading::Phase::finished: break;
  }
  return ShardView::State::finished;
}

}  // namespace

RelayStats Relay::Engine::stats() const {
  RelayStats stats = counters_.stats();
  const Duration at = run_.now();
  stats.seconds = to_seconds(at - start_.began());
  stats.memory_used = budget_.used();
  for (const auto& [id, one] : life().shards) {
    if (!one->reading.finished() && !one->segment && !one->reading.at_tip()) ++stats.shards_reading;
  }
  stats.lag = lag();
  if (life().lineage.is_acquired()) {
    const shards::ShardWalk& walk = life().lineage.walk();
    stats.shards_waiting = walk.waiting();
    stats.read_whole = stats.stopped && !walk.known().empty() && walk.all_finished();
  }
  stats.load = load_progress();
  if (run_.identity.traits.retention > Duration{})
    stats.until_data_loss = std::max(Duration{}, run_.identity.traits.retention - stats.lag);
  for (const Side side : {kSource, kTarget}) {
    if (!outages_.of(side).any()) continue;
    stats.outage = outages_.of(side).summary(side, at);
    stats.outage_error = to_string(*outages_.of(side).error());
  }
  return stats;
}

RelayView Relay::view() const { return engine_->view(); }

Duration Relay::Engine::lag() const {
  Duration lag{};
  for (const auto& [id, one] : life().shards) {
    if (!one->reading.finished() && !one->segment) lag = std::max(lag, lag_of(*one));
  }
  if (!run_.is_shared() || !life().lineage.is_acquired()) return lag;
  for (const shards::KnownShard& known : life().lineage.walk().known()) {
    if (is_read_by_nobody(known)) lag = std::max(lag, unread_for(known));
  }
  return lag;
}

/// What was read and is not written is behind, too. While nothing has come of a shard, the store says how far it was read.
Duration Relay::Engine::lag_of(const Shard& shard) const {
  Duration lag = shard.reading.had_page() || shard.segment ? Duration{} : passed_since(shard.reading.whole_to());
  const Timestamp oldest = shard.progress.has_pending() ? shard.progress.oldest_pending() : shard.queue.oldest_arrival();
  if (oldest != kNoTime) lag = std::max(lag, Duration(run_.env.clock.now() - oldest));
  return shard.reading.at_tip() ? lag : std::max(lag, shard.reading.behind(now()));
}

/// It is nobody's, though all that comes before it was read. What waits for its parents holds nothing older than they do.
bool Relay::Engine::is_read_by_nobody(const shards::KnownShard& known) const {
  if (known.finished || shards::is_segment(known.id) || life().shards.contains(known.id)) return false;
  return life().lineage.walk().may_read(known.id) && !run_.positions.assignment.is_anothers(known.id);
}

Duration Relay::Engine::unread_for(const shards::KnownShard& known) const {
  const Lineage& lineage = life().lineage;
  const auto stored = [&lineage](const ShardId& id) { return lineage.stored_read_to(id); };
  return passed_since(std::max(stored(known.id), lineage.due_since(known.id, known.position, stored)));
}

Duration Relay::Engine::passed_since(Timestamp time) const {
  return time == kNoTime ? Duration{} : std::max(Duration{}, Duration(run_.env.clock.now() - time));
}

ShardView Relay::Engine::view_of(const shards::KnownShard& known) const {
  ShardView view;
  view.id = known.id;
  view.parents = known.parents;
  view.segment = shards::is_segment(known.id);
  view.position = known.position;
  view.state = known.finished ? ShardView::State::finished : ShardView::State::waiting;
  view.waits_for_parents = !known.finished;
  if (!known.finished && !life().held.has(known.id)) {
    view.waits_for_parents = !life().lineage.walk().may_read(known.id);
    if (run_.positions.assignment.is_anothers(known.id)) view.state = ShardView::State::elsewhere;
    if (is_read_by_nobody(known)) view.lag = unread_for(known);
    return view;
  }
  const auto found = life().shards.find(known.id);
  if (found == life().shards.end() || known.finished) return view;
  const Shard& shard = *found->second;
  view.state = state_of(shard.reading);
  view.waits_for_parents = !shard.may_send;
  view.position = shard.progress.acknowledged();
  if (shard.caught_up()) view.proven_to = shard.reading.read_to();
  view.at_newest = shard.caught_up() && shard.reading.saw_tip();
  view.lag = lag_of(shard);
  return view;
}

RelayView::State Relay::Engine::visible_state() const {
  using State = RelayView::State;
  switch (state_.phase) {
    case Phase::idle:
    case Phase::starting: return State::starting;
    case Phase::running: break;
    case Phase::stopping:
    case Phase::finishing:
    case Phase::counting:
    case Phase::ended: return State::stopping;
  }
  return life().load && life().load->running() ? State::loading : State::running;
}

bool Relay::Engine::is_caught_up(const std::vector<ShardView>& shards) const {
  if (!state_.is_running() || !life().lineage.is_acquired() || state_.is_dropping()) return false;
  if (life().load && run_.identity.has_stream && !counters_.stats().table_ready) return false;
  return std::ranges::all_of(shards, [](const ShardView& shard) {
    return shard.state == ShardView::State::finished || shard.state == ShardView::State::elsewhere || shard.at_newest;
  });
}

RelayView Relay::Engine::view() const {
  RelayView view;
  view.name = run_.name.empty() ? coordination::RelayName(run_.options.positions_name.value_or("")) : run_.name;
  view.worker = run_.options.worker;
  view.state = visible_state();
  view.stats = stats();
  view.leases = run_.positions.assignment.figures();
  if (life().lineage.is_acquired()) {
    for (const shards::KnownShard& known : life().lineage.walk().known()) view.shards.push_back(view_of(known));
  }
  view.dead_letters.assign(counters_.last_dead_letters().begin(), counters_.last_dead_letters().end());
  view.caught_up = is_caught_up(view.shards);
  const Duration at = now();
  for (const Side side : {kSource, kTarget}) {
    const Outage& outage = outages_.of(side);
    std::string summary = outage.summary(side, at);
    if (!summary.empty()) view.outages.push_back({side, outage.lasts(at), std::move(summary), to_string(*outage.error())});
  }
  if (const auto since = life().lineage.listing_since()) view.pending.push_back({"listing the shards", at - *since});
  if (const auto since = keeper_.storing_since()) view.pending.push_back({"storing positions", at - *since});
  return view;
}

}  // namespace ctk::relay
