#include "relay/duplicates.h"

#include <functional>
#include <string_view>

namespace ctk::relay {

namespace {

/// The event is known, from `seen`: whether it comes again at a higher sequence number. The lowest one stays.
bool comes_later(aws::SequenceNumber& seen, const aws::SequenceNumber& sequence) {
  if (sequence > seen) return true;
  seen = sequence;
  return false;
}

}  // namespace

bool DuplicateFilter::repeats(const dynamodb::Change& change, const aws::SequenceNumber& sequence) {
  if (change.event_id.empty() || sequence.empty()) return false;
  const std::hash<std::string_view> hash;
  uint64_t id = hash(change.event_id);
  id = id * 0x9E3779B97F4A7C15u + hash(change.key);
  id = id * 0x9E3779B97F4A7C15u + static_cast<uint64_t>(to_micros(change.time)) + change.index_in_record;
  if (const auto old = older_.find(id); old != older_.end()) return comes_later(old->second, sequence);
  const auto [entry, fresh] = newer_.try_emplace(id, sequence);
  if (!fresh) return comes_later(entry->second, sequence);
  if (newer_.size() >= half_) {
    older_.swap(newer_);
    newer_.clear();
  }
  return false;
}

void DuplicateFilter::clear() {
  newer_.clear();
  older_.clear();
}

}  // namespace ctk::relay
