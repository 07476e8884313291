#include "relay/duplicates.h"

#include <functional>
#include <string_view>

namespace ctk::relay {

bool DuplicateFilter::repeats(const dynamodb::Change& change, const aws::SequenceNumber& sequence) {
  if (change.event_id.empty() || sequence.empty()) return false;
  const std::hash<std::string_view> hash;
  uint64_t id = hash(change.event_id);
  id = id * 0x9E3779B97F4A7C15u + hash(change.key);
  id = id * 0x9E3779B97F4A7C15u + static_cast<uint64_t>(to_micros(change.time)) + change.index_in_record;
  const auto [entry, fresh] = seen_.try_emplace(id, sequence);
  if (!fresh) {
    if (sequence > entry->second) return true;
    entry->second = sequence;
    return false;
  }
  order_.push_back(id);
  if (order_.size() > capacity_) {
    seen_.erase(order_.front());
    order_.pop_front();
  }
  return false;
}

void DuplicateFilter::clear() {
  seen_.clear();
  order_.clear();
}

}  // namespace ctk::relay
