// Planning: batches from what the shards have queued, decoded on the worker.
#include <algorithm>
#include <ranges>
#include <utility>

#include "relay/engine.h"

namespace ctk::relay {
namespace {

/// A planned batch holds its records, their changes and their rows: about this many times the queued bytes.
constexpr size_t kPreparedFactor = 4;

}  // namespace

void Relay::Engine::pump() {
  while (plan()) {
  }
  apply_ready();
}

void Relay::Engine::note_backlog(Shard& shard) {
  if (!std::exchange(shard.has_backlog, true)) life_->with_backlog.push_back(&shard);
}

/// What life_->with_backlog has, in the order of the shards' ids; their index is the place there.
std::vector<QueueView> Relay::Engine::queue_views() {
  std::erase_if(life_->with_backlog, [](Shard* one) {
    one->has_backlog = one->queue.has_something();
    return !one->has_backlog;
  });
  std::ranges::sort(life_->with_backlog, {}, [](const Shard* one) -> const ShardId& { return one->id; });
  std::vector<QueueView> views;
  views.reserve(life_->with_backlog.size());
  for (const Shard* one : life_->with_backlog) {
    const bool may_send = one->may_send && life_->lineage.has_row(one->id);
    views.push_back({views.size(), one->queue.size(), one->queue.bytes(), one->queue.oldest(), one->progress.writes(),
                     may_send, one->queue.holds_end()});
  }
  return views;
}

/// Plans one batch if one is due. Returns whether it did.
bool Relay::Engine::plan() {
  if ((phase_ != Phase::running && phase_ != Phase::stopping) || is_dropping() || writes_.stops()) return false;
  if (life_->with_backlog.empty() && !writes_.has_dead_letters()) return false;
  if (!writes_.has_room()) return false;
  std::vector<QueueView> views = queue_views();
  // From the newest on: the oldest have long ended.
  const bool nothing_more_comes = std::ranges::all_of(std::views::reverse(life_->shards),
                                                      [](const auto& entry) { return entry.second->reading.done(); });
  const bool flush = phase_ == Phase::stopping || nothing_more_comes;
  const std::vector<Pick> picks = plan_batch(views, writes_.limits(), now(), flush);
  if (picks.empty() && !writes_.has_dead_letters()) {
    if (!views.empty() && timers_.plan == 0) {
      timers_.plan = run_.env.loop.after(writes_.rules().limits.age, guarded([this] {
                                           timers_.plan = 0;
                                           pump();
                                         }));
    }
    return false;
  }
  InFlightBatch& write = writes_.add(oldest_of(picks, views, now()));
  std::vector<Slice> slices;
  const std::vector<Shard*> by_index = life_->with_backlog;
  for (const Pick& pick : picks) {
    slices.push_back(take_slice(*by_index[pick.index], pick.records, write.id));
    write.bytes += slices.back().queued_bytes;
  }
  budget_.correct(write.bytes, write.bytes * kPreparedFactor);
  write.bytes *= kPreparedFactor;

  decode(write, std::move(slices));
  for (const Pick& pick : picks) consider_reading(*by_index[pick.index]);
  return true;
}

void Relay::Engine::decode(InFlightBatch& write, std::vector<Slice> slices) {
  auto with_worker = std::make_shared<std::vector<Slice>>(std::move(slices));
  const bool old_images = run_.options.tables.deletes == table::Deletes::soft;
  const DecodeRules rules{run_.kind, old_images, run_.options.aggregates};
  run_on(
      run_.env.worker, [decoder = decoder_, with_worker, rules] { return decode_slices(*with_worker, *decoder, rules); },
      guarded([this, id = write.id, with_worker](DecodedBatch decoded) {
        on_decoded(id, std::move(*with_worker), std::move(decoded));
      }));
}

Slice Relay::Engine::take_slice(Shard& shard, size_t records, uint64_t write) {
  Slice slice = shard.queue.take(records);
  shard.progress.add(write, slice);
  return slice;
}

void Relay::Engine::on_decoded(uint64_t id, std::vector<Slice> slices, DecodedBatch decoded) {
  InFlightBatch* write = writes_.find(id);
  if (write == nullptr || phase_ == Phase::ended) return;
  write->take_decoded(std::move(slices), std::move(decoded));
  if (!run_.kind) run_.kind = write->decoded.kind;
  if (run_.options.on_error == OnError::stop) stop_at(*write, take_undecodable(*write, {&write->decoded.changes}));
  if (writes_.find(id) != nullptr) route(*write);
}

}  // namespace ctk::relay
