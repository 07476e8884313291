#include "relay/lineage.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ctk::relay {
namespace {

/// Children are named soon after their parent's end. A shard that has none is asked for so often.
constexpr int kLookUps = 6;

}  // namespace

void Lineage::claimed(shards::StartRule rule, const coordination::Claim& claim) {
  fence_ = claim.fence;
  std::map<aws::ShardId, shards::Position> positions;
  for (const coordination::StoredPosition& row : claim.positions) {
    fences_[row.shard] = row.fence;
    positions[row.shard] = row.position;
    stored_read_to_[row.shard] = row.read_to;
  }
  walk_ = std::make_unique<shards::ShardWalk>(std::move(rule));
  walk_->restore(positions);
}

std::vector<coordination::NewShard> Lineage::children_rows(const aws::ShardId& shard) const {
  std::vector<coordination::NewShard> rows;
  for (const aws::ShardId& child : walk_->children_of(shard)) rows.push_back({child, walk_->beginning_of(child)});
  return rows;
}

std::vector<shards::WalkAction> Lineage::end_stored(const aws::ShardId& shard,
                                                    const std::vector<coordination::NewShard>& rows) {
  for (const coordination::NewShard& child : rows) {
    without_row_.erase(child.shard);
    fences_.try_emplace(child.shard, fence_of(shard));
  }
  return walk_->finished(shard);
}

coordination::Fence Lineage::fence_of(const aws::ShardId& shard) const {
  const auto found = fences_.find(shard);
  return found == fences_.end() ? fence_ : found->second;
}

std::vector<coordination::StoredPosition> Lineage::taken_by_others(
    const std::vector<coordination::StoredPosition>& rows) const {
  std::vector<coordination::StoredPosition> taken;
  if (!is_claimed()) return taken;
  std::ranges::copy_if(rows, std::back_inserter(taken),
                       [this](const auto& row) { return row.fence > fence_of(row.shard); });
  return taken;
}

Timestamp Lineage::stored_read_to(const aws::ShardId& shard) const {
  const auto found = stored_read_to_.find(shard);
  return found == stored_read_to_.end() ? kNoTime : found->second;
}

bool Lineage::goes_on() const {
  return std::ranges::any_of(stored_read_to_, [](const auto& row) { return row.second != kNoTime; });
}

std::vector<aws::ShardId> Lineage::forget_trimmed() {
  std::vector<aws::ShardId> forgotten = walk_->forget_trimmed();
  for (const aws::ShardId& shard : forgotten) {
    stored_read_to_.erase(shard);
    fences_.erase(shard);
    look_ups_.erase(shard);
  }
  return forgotten;
}

Timestamp Lineage::due_since(const aws::ShardId& shard, const shards::Position& start, const ReadTo& whole_to) const {
  using Kind = shards::Position::Kind;
  const bool dated = start.kind == Kind::at_timestamp || (start.kind == Kind::trim_horizon && start.time != Timestamp{});
  Timestamp due = dated ? start.time : kNoTime;
  for (const aws::ShardId& parent : walk_->parents_of(shard)) due = std::max(due, whole_to(parent));
  return due;
}

Timestamp Lineage::parents_read_to(const aws::ShardId& shard, const ReadTo& read_to) const {
  Timestamp earliest = kNoTime;
  for (const aws::ShardId& parent : walk_->parents_of(shard)) {
    const Timestamp time = read_to(parent);
    if (time != kNoTime) earliest = earliest == kNoTime ? time : std::min(earliest, time);
  }
  return earliest;
}

Duration Lineage::listing_failed(Duration now, Random& random) {
  return listing_retry_.failed(now, random).value_or(kLongestPause);
}

Lineage::LookUp Lineage::looked_up(const aws::ShardId& shard, bool may_have_none) {
  const int times = ++look_ups_[shard];
  LookUp answer;
  answer.known = !walk_->children_of(shard).empty() || (may_have_none && times >= kLookUps);
  answer.outage = !answer.known && times > kLookUps;
  answer.pause = std::chrono::milliseconds(100 << std::min(times, kLookUps));
  return answer;
}

bool Lineage::begin_listing(Duration now) {
  if (listing_since_) return false;
  listing_since_ = now;
  return true;
}

}  // namespace ctk::relay
