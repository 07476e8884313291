// The rows of relays and the rules for acquiring and moving them, as a value: what the stores that are no databases keep.
// Pure; calls mean what those of PositionStore mean.
#pragma once

#include <map>
#include <vector>

#include "coordination/position_store.h"

namespace ctk::coordination {

class PositionRows {
 public:
  std::vector<StoredPosition> list(const RelayName& name) const;
  std::vector<RelayName> relays() const;

  Result<Acquired> acquire(const AcquireRequest& request, Timestamp now);
  Result<bool> add(const RelayName& name, Fence fence, const std::vector<NewShard>& shards, Timestamp now);
  Result<bool> move(const RelayName& name, const std::vector<PositionMove>& moves, Timestamp now);
  Result<size_t> remove_finished(const RelayName& name, Fence fence, const std::vector<aws::ShardId>& shards);
  size_t remove(const RelayName& name, bool finished_only);
  /// As they were stored.
  void restore(const RelayName& name, const std::vector<StoredPosition>& rows);

 private:
  struct Relay {
    std::map<aws::ShardId, StoredPosition> rows;
    /// Who acquired last: what rows made later inherit.
    Fence fence = 0;
    WorkerName worker;
    Timestamp acquired = kNoTime;
    Incarnation incarnation;
    Epoch epoch = 1;
  };
  static void make_rows(Relay& relay, const std::vector<NewShard>& shards, Timestamp now);

  std::map<RelayName, Relay> relays_;
};

}  // namespace ctk::coordination
