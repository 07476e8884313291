// Which shards of a relay a worker reads: all of them where it is alone, else those that it was given, of a relay that many
// workers share. Whoever shares them out tells; what follows from it is the engine's business.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "aws/ids.h"
#include "base/done.h"
#include "coordination/lease_figures.h"
#include "coordination/position_store.h"

namespace ctk::coordination {

/// A shard that is to be shared out, as the last whole listing has it; `position`: where it begins if nobody has read it.
struct SharedShard {
  aws::ShardId shard;
  std::vector<aws::ShardId> parents;
  Position position;
};

class Assignment {
 public:
  /// Called on the loop, between begin() and end(), and never from inside a call of the assignment.
  struct Listener {
    /// These are the worker's to take (PositionStore::acquire with `only`) and to read.
    std::move_only_function<void(std::vector<aws::ShardId>)> gained;
    /// These are to be another's, or nobody's: nothing more of them is to be begun, and let_go() is awaited.
    std::move_only_function<void(std::vector<aws::ShardId>)> lost;
  };

  virtual ~Assignment() = default;
  /// False: every shard there is is the worker's, and nothing is ever told. Who takes one of them ends it.
  virtual bool is_shared() const = 0;
  /// The worker is ready to read; what it holds already is gained anew.
  virtual void begin(const RelayName& relay, Listener listener) = 0;
  virtual void want(std::vector<SharedShard> shards) = 0;
  /// Whether another worker has it, as far as is known.
  virtual bool is_anothers(const aws::ShardId& shard) const = 0;
  /// Whether a write of the shard may be sent now: whoever was away for too long may not know yet what it has lost.
  virtual bool may_write(const aws::ShardId& shard) const = 0;
  /// Nothing of these, which were lost, is under way any more; also where the store was the first to say so.
  virtual void let_go(const std::vector<aws::ShardId>& shards) = 0;
  /// The worker reads nothing any more, and what it has stored is stored: what it holds goes to others. `done` once it has,
  /// or may come from inside the call.
  virtual void end(Done<bool> done) = 0;
  /// What this worker may use of a capacity that those who load the table share: above 0, at most 1.
  virtual double share_of_load() const { return 1; }
  /// For whoever watches, where it is shared.
  virtual std::optional<LeaseFigures> figures() const { return std::nullopt; }
};

/// Of a worker that is alone.
Assignment& all_shards_are_ours();

}  // namespace ctk::coordination
