// Which shards are this worker's, and under which fence it holds each. Pure.
//
// Alone, whatever there is is its own: each under the fence of its row, or of the acquisition where its row was made since.
// Where workers share the shards, a shard is
//
//   another's ──assigned──▶ assigned ──took──▶ held ──lost──▶ another's
//                           assigned ──lost──▶ another's
//
// and of what is held, some may be asked for: nothing more of it is read, and it is lost once what was read is stored.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "base/time.h"
#include "coordination/position_store.h"

namespace ctk::relay {

class HeldShards {
 public:
  enum class Standing { anothers, assigned, held };

  /// The acquisition of a worker that is alone: its rows are the worker's.
  void acquired(const coordination::Acquired& acquired);
  /// The acquisition of one that shares the shards with others: its rows are anybody's.
  void share() { shared_ = true; }

  Standing standing_of(const aws::ShardId& shard) const;
  bool has(const aws::ShardId& shard) const { return standing_of(shard) == Standing::held; }
  coordination::Fence fence_of(const aws::ShardId& shard) const;
  /// Of the acquisition of a worker that is alone.
  coordination::Fence newest_fence() const { return fence_; }

  /// Shared: those of these that are to be taken now.
  std::vector<aws::ShardId> assigned(const std::vector<aws::ShardId>& shards);
  /// Shared: its row was taken. False: it was lost meanwhile.
  bool took(const aws::ShardId& shard, coordination::Fence fence);
  /// Its row was made with its parent's end, under that one's fence.
  void made_with_end_of(const aws::ShardId& parent, const aws::ShardId& child);
  /// Shared: another worker asks for it, which is held, and waits for a while.
  void asked_for(const aws::ShardId& shard, Duration now) { asked_for_.try_emplace(shard, now); }
  bool is_asked_for(const aws::ShardId& shard) const { return asked_for_.contains(shard); }
  /// Those, and since when.
  const std::map<aws::ShardId, Duration>& all_asked_for() const { return asked_for_; }
  /// Shared: it is another's now. Returns how it stood.
  Standing lost(const aws::ShardId& shard);
  /// The stream has it no longer.
  void forget(const aws::ShardId& shard) {
    fences_.erase(shard);
    asked_for_.erase(shard);
  }

  /// The rows of shards that another worker has taken since, as the store has them now.
  std::vector<coordination::StoredPosition> taken_by_others(const std::vector<coordination::StoredPosition>& rows) const;

 private:
  bool shared_ = false;
  coordination::Fence fence_ = 0;
  /// Nothing: assigned, and not taken yet.
  std::map<aws::ShardId, std::optional<coordination::Fence>> fences_;
  std::map<aws::ShardId, Duration> asked_for_;
};

}  // namespace ctk::relay
