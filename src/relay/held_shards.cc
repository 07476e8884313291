#include "relay/held_shards.h"

#include <algorithm>
#include <iterator>

namespace ctk::relay {

using coordination::Fence;
using coordination::StoredPosition;

void HeldShards::acquired(const coordination::Acquired& acquired) {
  fence_ = acquired.fence;
  for (const StoredPosition& row : acquired.positions) fences_[row.shard] = row.fence;
}

HeldShards::Standing HeldShards::standing_of(const aws::ShardId& shard) const {
  if (!shared_) return Standing::held;
  const auto found = fences_.find(shard);
  if (found == fences_.end()) return Standing::anothers;
  return found->second ? Standing::held : Standing::assigned;
}

Fence HeldShards::fence_of(const aws::ShardId& shard) const {
  const auto found = fences_.find(shard);
  return found == fences_.end() ? fence_ : found->second.value_or(fence_);
}

std::vector<aws::ShardId> HeldShards::assigned(const std::vector<aws::ShardId>& shards) {
  std::vector<aws::ShardId> taken;
  std::ranges::copy_if(shards, std::back_inserter(taken),
                       [this](const aws::ShardId& shard) { return fences_.try_emplace(shard, std::nullopt).second; });
  return taken;
}

bool HeldShards::took(const aws::ShardId& shard, Fence fence) {
  const auto found = fences_.find(shard);
  if (found == fences_.end()) return false;
  found->second = fence;
  return true;
}

void HeldShards::made_with_end_of(const aws::ShardId& parent, const aws::ShardId& child) {
  if (!shared_) fences_.try_emplace(child, fence_of(parent));
}

HeldShards::Standing HeldShards::lost(const aws::ShardId& shard) {
  const Standing before = standing_of(shard);
  forget(shard);
  return before;
}

std::vector<StoredPosition> HeldShards::taken_by_others(const std::vector<StoredPosition>& rows) const {
  std::vector<StoredPosition> taken;
  std::ranges::copy_if(rows, std::back_inserter(taken),
                       [this](const StoredPosition& row) { return has(row.shard) && row.fence > fence_of(row.shard); });
  return taken;
}

}  // namespace ctk::relay
