// How leases are shared out: by their number. Everybody decides for itself, from the same table. Pure.
//
// A worker takes free leases until it has its share, rounded up. Where none are free it asks others for theirs, until it
// has its share, rounded down; only to even out what is left of that, two leases apart, does it ask for one a minute. So a
// table in balance stays as it is: nobody asks somebody who has one lease more.
#pragma once

#include <map>
#include <vector>

#include "base/random.h"
#include "coordination/lease_view.h"

namespace ctk::coordination {

/// Leases of unfinished shards, by owner.
struct LeaseLoad {
  size_t leases = 0;
  size_t mine = 0;
  std::map<WorkerName, size_t> others{};  ///< whose leases have not expired

  size_t workers() const { return others.size() + 1; }
  size_t share_rounded_up() const { return (leases + workers() - 1) / workers(); }
  size_t share_rounded_down() const { return leases / workers(); }
};

/// A lease that its owner may be asked for.
struct MovableLease {
  aws::ShardId shard;
  WorkerName owner;
  bool operator==(const MovableLease&) const = default;
};

struct MovePlan {
  std::vector<MovableLease> moves;
  bool evens_out = false;  ///< it is the one move a minute
};

/// Whom to ask for what. `may_even_out`: no such move was made within the last minute.
MovePlan plan_moves(const LeaseLoad& load, std::vector<MovableLease> movable, bool may_even_out, Random& random);

/// Puts them into a random order, so that workers that begin together do not all begin with the same one.
template <class T>
void shuffle(std::vector<T>& items, Random& random) {
  for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.below(i)]);
}

}  // namespace ctk::coordination
