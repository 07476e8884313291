// What one worker has seen of a lease table, and since when by its own clock. A lease has expired for whoever has watched
// its counter stand still for longer than the time to fail over: nobody's calendar is compared with another's. Pure.
#pragma once

#include <map>
#include <vector>

#include "base/time.h"
#include "coordination/lease.h"

namespace ctk::coordination {

class LeaseView {
 public:
  struct Sight {
    Lease lease;
    Duration since{};        ///< first sight of this value of the counter
    Duration confirmed{};    ///< when the row was last read so that nothing newer could be missed
    bool has_moved = false;  ///< the counter was seen to change: whoever has the lease was alive at `since`
    Duration asked{};        ///< handed over: since when that is known
    Duration waited{};       ///< not handed over any more: for how long it was, by then
  };
  using Rows = std::map<aws::ShardId, Sight>;

  /// All rows, by a Scan that was sent at `sent`: it may be a little older than what was seen of single rows.
  void scanned(std::vector<Lease> rows, Duration sent, Duration now);
  /// One row, as a write or a consistent read has just shown it.
  void saw(Lease row, Duration now);
  void gone(const aws::ShardId& shard) { rows_.erase(shard); }

  const Rows& rows() const { return rows_; }
  const Sight* find(const aws::ShardId& shard) const;

 private:
  void put(Lease row, Duration now, Duration confirmed);

  Rows rows_;
};

}  // namespace ctk::coordination
