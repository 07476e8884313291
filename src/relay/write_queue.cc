#include "relay/write_queue.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

namespace ctk::relay {

void InFlightBatch::take_decoded(std::vector<Slice> given_back, DecodedBatch what) {
  assert(is<Decoding>());
  slices = std::move(given_back);
  decoded = std::move(what);
  filtered += decoded.dropped;
  state = Routing{};
}

size_t InFlightBatch::share_of(const std::string& table, size_t changes) {
  std::vector<TableShare>& shares = std::get<Routing>(state).shares;
  const auto share = std::ranges::find(shares, table, &TableShare::table);
  const auto place = static_cast<size_t>(share - shares.begin());
  if (share == shares.end()) shares.emplace_back(table, 1, nullptr, std::vector<RoutedChange>{}).changes.reserve(changes);
  return place;
}

std::vector<TableShare> InFlightBatch::begin_rendering() {
  std::vector<TableShare> shares = std::move(std::get<Routing>(state).shares);
  state = Rendering{};
  return shares;
}

void InFlightBatch::take_rendered(std::shared_ptr<sink::Batch> batch, std::vector<TableShare> made_of) {
  assert(is<Rendering>());
  state = Ready{std::move(batch), std::move(made_of)};
}

sink::Batch& InFlightBatch::begin_applying() {
  state = Applying{std::move(std::get<Ready>(state))};
  return batch();
}

void InFlightBatch::failed() { state = Ready{std::move(std::get<Applying>(state).what)}; }

std::vector<TableShare> InFlightBatch::begin_rendering_again() {
  std::vector<TableShare> shares = std::move(std::get<Applying>(state).what.made_of);
  state = Rendering{};
  return shares;
}

size_t WriteQueue::applying() const {
  return static_cast<size_t>(
      std::ranges::count_if(batches_, [](const auto& one) { return one->template is<InFlightBatch::Applying>(); }));
}

bool WriteQueue::holds(const ShardId& shard) const {
  return std::ranges::any_of(
      batches_, [&](const auto& one) { return std::ranges::find(one->slices, shard, &Slice::shard) != one->slices.end(); });
}

BatchLimits WriteQueue::limits() const {
  BatchLimits limits = rules_.limits;
  if (!batches_.empty()) limits.age = std::max(limits.age, rules_.age_while_busy);
  return limits;
}

InFlightBatch& WriteQueue::add(Duration oldest) {
  InFlightBatch& batch = *batches_.emplace_back(std::make_unique<InFlightBatch>());
  batch.id = next_id_++;
  batch.oldest = oldest;
  return batch;
}

InFlightBatch* WriteQueue::find(uint64_t id) {
  const auto found = std::ranges::find(batches_, id, [](const auto& one) { return one->id; });
  return found == batches_.end() ? nullptr : found->get();
}

bool WriteQueue::may_apply(const InFlightBatch& batch) const {
  if (!rules_.in_turn) return true;
  for (const auto& earlier : batches_) {
    if (earlier.get() == &batch) return true;
    for (const Slice& mine : batch.slices) {
      if (std::ranges::find(earlier->slices, mine.shard, &Slice::shard) != earlier->slices.end()) return false;
    }
    const bool ready = earlier->is<InFlightBatch::Ready>() || earlier->is<InFlightBatch::Applying>();
    if (earlier->slices.empty() && !ready) return false;  // Not decoded yet: its shards are with the worker.
  }
  return true;
}

InFlightBatch* WriteQueue::next() {
  if (applying() >= rules_.connections) return nullptr;
  const auto found = std::ranges::find_if(
      batches_, [this](const auto& one) { return one->template is<InFlightBatch::Ready>() && may_apply(*one); });
  return found == batches_.end() ? nullptr : found->get();
}

std::vector<InFlightBatch*> WriteQueue::routing() {
  std::vector<InFlightBatch*> waiting;
  for (const auto& one : batches_) {
    if (one->is<InFlightBatch::Routing>()) waiting.push_back(one.get());
  }
  return waiting;
}

size_t WriteQueue::remove(uint64_t id) {
  const auto found = std::ranges::find(batches_, id, [](const auto& one) { return one->id; });
  if (found == batches_.end()) return 0;
  const size_t bytes = (*found)->bytes;
  batches_.erase(found);
  return bytes;
}

size_t WriteQueue::clear() {
  assert(applying() == 0);
  size_t bytes = 0;
  for (const auto& one : batches_) bytes += drop(*one);
  batches_.clear();
  stop_.reset();
  return bytes;
}

size_t WriteQueue::drop(InFlightBatch& batch) {
  std::ranges::move(batch.dead_letters, std::back_inserter(dead_letters_));
  return batch.bytes;
}

void WriteQueue::take_dead_letters(InFlightBatch& batch) {
  std::ranges::move(std::exchange(dead_letters_, {}), std::back_inserter(batch.dead_letters));
}

void WriteQueue::stop_behind(uint64_t id, Error why) {
  if (!stop_ || stop_->id >= id) stop_ = Stop{id, std::move(why)};
}

size_t WriteQueue::drop_behind_stop() {
  size_t bytes = 0;
  std::erase_if(batches_, [&](const auto& one) {
    if (one->id <= stop_->id || one->template is<InFlightBatch::Applying>()) return false;
    bytes += drop(*one);
    return true;
  });
  return bytes;
}

std::optional<Error> WriteQueue::stops_now() const {
  if (!stop_) return std::nullopt;
  const bool waits = std::ranges::any_of(batches_, [this](const auto& one) { return one->id <= stop_->id; });
  return waits ? std::nullopt : std::optional(stop_->why);
}

}  // namespace ctk::relay
