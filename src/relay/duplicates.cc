#include "relay/duplicates.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

namespace ctk::relay {

uint64_t DuplicateFilter::event_of(const dynamodb::Change& change) {
  if (change.event_id.empty() || change.from_load()) return 0;
  constexpr uint64_t kSpread = 0x9E3779B97F4A7C15u;
  const std::hash<std::string_view> hash;
  uint64_t id = hash(change.event_id);
  id = id * kSpread + hash(change.key);
  id = id * kSpread + static_cast<uint64_t>(to_micros(change.time)) + change.index_in_record;
  return std::max<uint64_t>(id * kSpread, 1);
}

DuplicateFilter::Memory::Memory(size_t capacity) : places_(std::bit_ceil(2 * capacity + 1)) {}

/// Where the event is, or would be.
size_t DuplicateFilter::Memory::place_of(uint64_t id) const {
  const size_t last = places_ - 1;  // all bits set
  size_t place = id & last;
  while (ids_[place] != id && ids_[place] != 0) place = (place + 1) & last;
  return place;
}

void DuplicateFilter::Memory::add(uint64_t id, const Digits& digits) {
  ids_.resize(places_);
  digits_.resize(places_);
  const size_t place = place_of(id);
  ids_[place] = id;
  digits_[place] = digits;
  ++size_;
}

void DuplicateFilter::Memory::clear() {
  std::ranges::fill(ids_, 0);
  size_ = 0;
}

DuplicateFilter::DuplicateFilter(size_t capacity) : half_(capacity / 2), newer_(half_), older_(half_) {}

std::optional<DuplicateFilter::Digits> DuplicateFilter::digits_of(std::string_view position) {
  const size_t colon = std::min(position.find(':'), position.size());
  std::string_view sequence = position.substr(0, colon);
  sequence.remove_prefix(std::min(sequence.find_first_not_of('0'), sequence.size()));
  const std::string_view index = position.substr(std::min(colon + 1, position.size()));
  if (sequence.size() > kSequenceDigits || index.size() > kIndexDigits) return std::nullopt;
  Digits digits;
  digits.fill('0');
  std::ranges::copy(sequence, digits.begin() + static_cast<std::ptrdiff_t>(kSequenceDigits - sequence.size()));
  std::ranges::copy(index, digits.end() - static_cast<std::ptrdiff_t>(index.size()));
  return digits;
}

bool DuplicateFilter::repeats(uint64_t event, std::string_view position) {
  if (event == 0 || position.empty()) return false;
  const std::optional<Digits> found = digits_of(position);
  if (!found) return false;
  const Digits& sequence = *found;
  Memory* memory = older_.has(event) ? &older_ : newer_.has(event) ? &newer_ : nullptr;
  if (memory != nullptr) {
    // It comes later, or the same record again: the lowest number stays.
    Digits& seen = memory->digits_of(event);
    if (sequence > seen) return true;
    seen = sequence;
    return false;
  }
  newer_.add(event, sequence);
  if (newer_.size() >= half_) {
    std::swap(older_, newer_);
    newer_.clear();
  }
  return false;
}

void DuplicateFilter::clear() {
  newer_.clear();
  older_.clear();
}

}  // namespace ctk::relay
