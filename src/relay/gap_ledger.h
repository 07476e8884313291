// The gaps that a run has found, and whether the table is to be loaded again because of them. Pure.
//
//   noted ──on-gap=resnapshot──▶ a new load is wanted ──the positions are acquired for it──▶ noted
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "coordination/position_store.h"

namespace ctk::relay {

class GapLedger {
 public:
  /// False: the same one was noted before. A gap that is met again, before anything behind it was stored, is the same one.
  bool note(const aws::ShardId& shard, const std::string& place) { return noted_.emplace(shard, place).second; }

  /// The table is to be loaded again: changes of `shard` were lost in epoch `seen`, or before.
  void want_load(const aws::ShardId& shard, coordination::Epoch seen) {
    wants_load_ = true;
    seen_ = std::max(seen_, seen);
    lost_.insert(shard);
  }
  bool wants_load() const { return wants_load_; }
  coordination::Epoch seen() const { return seen_; }
  /// The shards whose loss the wanted load makes good: they are no gap any more.
  const std::set<aws::ShardId>& lost() const { return lost_; }
  /// The positions are those of the new load.
  void load_begun() {
    wants_load_ = false;
    lost_.clear();
  }

 private:
  bool wants_load_ = false;
  coordination::Epoch seen_ = 0;
  std::set<aws::ShardId> lost_;
  std::set<std::pair<aws::ShardId, std::string>> noted_;  ///< shard and letter's position
};

}  // namespace ctk::relay
