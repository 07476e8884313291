// One life of reading: it begins with what ctk_tables has, acquires the positions and reads the shards, until an epoch of
// the table begins; then another life follows. What belongs to it is in here and goes with it: an answer that is on its way
// then finds nobody.
//
// Within a life there are passes: where what is held cannot be sent safely, it is dropped and read again from the
// positions, and answers to what the last pass has asked find nobody, either.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/lifeline.h"
#include "relay/held_shards.h"
#include "relay/lineage.h"
#include "relay/load_run.h"
#include "relay/shard.h"

namespace ctk::relay {

struct Life {
  /// What is held will be dropped once nothing is being applied: it is read again in a new pass, or in a new life.
  enum class Drop { nothing, pass, life };

  /// It has records queued, or an end to be stored.
  void note_backlog(Shard& shard) {
    if (!std::exchange(shard.has_backlog, true)) with_backlog.push_back(&shard);
  }

  Lineage lineage;
  HeldShards held;
  std::map<ShardId, std::shared_ptr<Shard>> shards;
  std::vector<Shard*> with_backlog;        ///< every shard that has records queued, or an end to be stored; some that had
  std::deque<ShardId> waiting_for_budget;  ///< in turn
  std::optional<LoadRun> load;
  coordination::Epoch epoch = 1;  ///< as the position rows have it
  Drop drop = Drop::nothing;
  bool is_reloading = false;           ///< it was dropped, and the positions from which all is read again are awaited
  Timestamp shared_read_to = kNoTime;  ///< all workers that share the shards have read up to then; kNoTime: not known
  std::vector<coordination::StoredPosition> shared_rows;  ///< of a load that is shared: all positions, a moment ago
  std::set<ShardId> past_load;                            ///< of such a load: what is read past its end
  std::set<ShardId> lost;  ///< that are not let go of yet, since something of them is under way
  std::optional<Lifeline> pass{std::in_place};
  Lifeline lifeline;
};

}  // namespace ctk::relay
