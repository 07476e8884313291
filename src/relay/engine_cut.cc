// Cutting: batches from what the shards have queued, decoded on the worker.
#include <algorithm>
#include <ranges>
#include <utility>

#include "relay/engine.h"

namespace ctk::relay {
namespace {

/// A cut batch holds its records, their changes and their rows: about this many times the queued bytes.
constexpr size_t kPreparedFactor = 4;

}  // namespace

Relay::Engine::Flight* Relay::Engine::find_flight(uint64_t id) {
  for (const auto& flight : flights_) {
    if (flight->id == id) return flight.get();
  }
  return nullptr;
}

void Relay::Engine::pump() {
  while (cut()) {
  }
  apply_ready();
}

void Relay::Engine::note_holding(Shard& shard) {
  if (!std::exchange(shard.holds, true)) holding_.push_back(&shard);
}

/// What holding_ has, in the order of the shards' ids; their index is the place there.
std::vector<QueueView> Relay::Engine::queue_views() {
  std::erase_if(holding_, [](Shard* one) {
    one->holds = one->queue.has_something();
    return !one->holds;
  });
  std::ranges::sort(holding_, {}, [](const Shard* one) -> const ShardId& { return one->id; });
  std::vector<QueueView> views;
  views.reserve(holding_.size());
  for (const Shard* one : holding_) {
    const bool may_send = one->may_send && !rowless_.contains(one->id);
    views.push_back({views.size(), one->queue.size(), one->queue.bytes(), one->queue.oldest(), one->progress.writes(),
                     may_send, one->queue.holds_end()});
  }
  return views;
}

/// While the target is at work waiting costs nothing: small batches would only queue up behind one another.
CutLimits Relay::Engine::limits_now() const {
  CutLimits limits = limits_;
  if (!flights_.empty() && !options_.batch_age) limits.age = std::max(limits.age, sink::Capabilities().batch_age);
  return limits;
}

/// Cuts one batch if one is due. Returns whether it did.
bool Relay::Engine::cut() {
  if ((phase_ != Phase::running && phase_ != Phase::stopping) || dropping_ || bad_) return false;
  if (holding_.empty() && gap_letters_.empty()) return false;
  if (flights_.size() > static_cast<size_t>(sink_.capabilities().connections)) return false;
  std::vector<QueueView> views = queue_views();
  // From the newest on: the oldest have long ended.
  const bool nothing_more_comes =
      std::ranges::all_of(std::views::reverse(shards_), [](const auto& entry) { return entry.second->reading.done(); });
  const bool flush = phase_ == Phase::stopping || nothing_more_comes;
  const std::vector<Pick> picks = plan_cut(views, limits_now(), now(), flush);
  if (picks.empty() && gap_letters_.empty()) {
    if (!views.empty() && cut_timer_ == 0) {
      cut_timer_ = env_.loop.after(limits_.age, guarded([this] {
                                     cut_timer_ = 0;
                                     pump();
                                   }));
    }
    return false;
  }
  auto flight = std::make_unique<Flight>();
  flight->id = next_flight_++;
  flight->oldest = now();
  const std::vector<Shard*> by_index = holding_;
  for (const Pick& pick : picks) {
    flight->slices.push_back(cut_slice(*by_index[pick.index], pick.records, flight->id));
    flight->bytes += flight->slices.back().queued_bytes;
  }
  budget_.correct(flight->bytes, flight->bytes * kPreparedFactor);
  flight->bytes *= kPreparedFactor;

  decode(std::move(flight));
  for (const Pick& pick : picks) consider_reading(*by_index[pick.index]);
  return true;
}

void Relay::Engine::decode(std::unique_ptr<Flight> flight) {
  auto slices = std::make_shared<std::vector<Slice>>(std::move(flight->slices));
  const uint64_t id = flight->id;
  flights_.push_back(std::move(flight));
  const bool old_images = options_.tables.deletes == table::Deletes::soft;
  run_on(
      env_.worker,
      [decoder = decoder_, slices, kind = kind_, old_images] { return decode_slices(*slices, *decoder, kind, old_images); },
      guarded([this, id, slices](DecodedBatch decoded) { on_decoded(id, std::move(*slices), std::move(decoded)); }));
}

Slice Relay::Engine::cut_slice(Shard& shard, size_t records, uint64_t write) {
  Slice slice = shard.queue.take(records);
  shard.progress.add(write, slice);
  return slice;
}

void Relay::Engine::on_decoded(uint64_t id, std::vector<Slice> slices, DecodedBatch decoded) {
  Flight* flight = find_flight(id);
  if (flight == nullptr || phase_ == Phase::ended) return;
  flight->slices = std::move(slices);
  flight->decoded = std::move(decoded);
  if (!kind_) kind_ = flight->decoded.kind;
  if (options_.on_error == OnError::stop) stop_at(*flight, take_undecodable(*flight, {&flight->decoded.changes}));
  route(*flight);
}

}  // namespace ctk::relay
