// Which shards of a relay a worker reads: all of them where it is alone, else those that it was given, of a relay that many
// workers share. Whoever shares them out tells; what follows from it is the engine's business.
#pragma once

#include <functional>
#include <vector>

#include "aws/ids.h"
#include "coordination/position_store.h"

namespace ctk::coordination {

class Assignment {
 public:
  /// Called on the loop, between begin() and end(), and never from inside begin().
  struct Listener {
    /// These are the worker's to take (PositionStore::claim with `only`) and to read.
    std::move_only_function<void(std::vector<aws::ShardId>)> gained;
    /// These are another's, or nobody's: nothing more of them may be written.
    std::move_only_function<void(std::vector<aws::ShardId>)> lost;
  };

  virtual ~Assignment() = default;
  /// False: every shard there is is the worker's, and nothing is ever told. Who takes one of them ends it.
  virtual bool is_shared() const = 0;
  /// The worker is ready to read; what it holds already is gained anew.
  virtual void begin(const RelayName& relay, Listener listener) = 0;
  /// It reads nothing any more. What it holds may be given to others once its positions are stored.
  virtual void end() = 0;
  /// The store says that others have taken these, which this worker took for its own.
  virtual void taken_by_others(const std::vector<aws::ShardId>& shards) = 0;
};

/// Of a worker that is alone.
Assignment& all_shards_are_ours();

}  // namespace ctk::coordination
