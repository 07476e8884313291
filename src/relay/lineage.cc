#include "relay/lineage.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "shards/segment.h"

namespace ctk::relay {
namespace {

/// Children are named soon after their parent's end. A shard that has none is asked for so often.
constexpr int kLookUps = 6;
/// When an end was stored is the worker's time, what the stream keeps is the service's.
constexpr Duration kClocksDiffer = std::chrono::hours(1);

}  // namespace

void Lineage::acquired(shards::StartRule rule, const coordination::Acquired& acquired) {
  std::map<aws::ShardId, shards::Position> positions;
  for (const coordination::StoredPosition& row : acquired.positions) {
    positions[row.shard] = row.position;
    stored_read_to_[row.shard] = row.read_to;
    if (row.position.ended() && row.updated != kNoTime && !shards::is_segment(row.shard))
      ended_at_[row.shard] = row.updated;
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
                                                    const std::vector<coordination::NewShard>& rows, Timestamp now) {
  for (const coordination::NewShard& child : rows) without_row_.erase(child.shard);
  if (!shards::is_segment(shard)) ended_at_[shard] = now;
  return walk_->finished(shard);
}

void Lineage::saw_row(const coordination::StoredPosition& row) {
  stored_read_to_[row.shard] = row.read_to;
  without_row_.erase(row.shard);
  if (row.position.ended() && row.updated != kNoTime && !shards::is_segment(row.shard))
    ended_at_.try_emplace(row.shard, row.updated);
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
    look_ups_.erase(shard);
  }
  return forgotten;
}

std::map<aws::ShardId, Timestamp> Lineage::take_prunable(Timestamp now, Duration retention, const ReadTo& stored_read_to) {
  std::map<aws::ShardId, Timestamp> taken;
  if (!walk_ || retention == Duration{} || walk_->is_in_doubt()) return taken;
  bool goes_on = false;
  std::set<aws::ShardId> needed;
  for (const shards::KnownShard& one : walk_->known()) {
    if (one.finished || shards::is_segment(one.id)) continue;
    const bool was_read = stored_read_to(one.id) != kNoTime;
    goes_on = goes_on || was_read;
    if (!was_read) needed.insert(one.parents.begin(), one.parents.end());
  }
  for (auto at = ended_at_.begin(); goes_on && at != ended_at_.end() && taken.size() < kMostPruned;) {
    const bool is_old = now - at->second > retention + kClocksDiffer;
    const auto next = std::next(at);
    if (is_old && !needed.contains(at->first) && walk_->is_gone(at->first)) taken.insert(ended_at_.extract(at));
    at = next;
  }
  return taken;
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

void Lineage::listed() {
  listing_failed_ = false;
  listing_retry_.succeeded();
}

Duration Lineage::listing_failed(Duration now, Random& random) {
  listing_failed_ = true;
  return listing_retry_.failed(now, random).value_or(kLongestPause);
}

void Lineage::took_listing(Timestamp begun, bool may_end) {
  if (may_end || walk_->knows_what_follows()) complete_to_ = std::max(complete_to_, begun);
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
