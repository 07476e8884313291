// Looks at a simulated world along the way, and says at once when a promise is broken: no row goes back, no position stands
// past a change that the target does not hold, no change of a child shard is written before all of its parents are there;
// and where the table is loaded, "ready" is true when it is said. At rest: the target holds what the table holds.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "simulation/target.h"
#include "simulation/upstream.h"

namespace ctk::simulation {

class Checker {
 public:
  /// `loads`: rows may go back until the table is ready.
  Checker(Upstream& upstream, const TargetState& target, bool loads)
      : upstream_(upstream), target_(target), loads_(loads) {}

  /// Takes note of what the stream has by now: later it may have lost it.
  void learn();
  /// Called as a write arrives, before any of it is done.
  void on_write(const sink::Batch& batch);
  /// Called after a row has changed, or (null) was swept.
  void on_row(const std::string& key, const TargetRow* row);
  /// A relay says that the table is ready.
  void on_ready();
  /// A position that is not among the target's own.
  void check_position(const aws::ShardId& shard, const shards::Position& position);
  /// What is wrong by now; the first that was found stays.
  const std::optional<std::string>& look();
  /// What is wrong once nothing moves any more.
  std::optional<std::string> at_rest();

 private:
  /// What the target has shown of an item.
  struct Shown {
    int value = 0;  ///< the newest
    bool gone = true;
  };

  bool never_goes_back() const;
  const coordination::TableRecord* record() const;
  /// The moment of each item's last change that had arrived by then.
  std::map<std::string, Timestamp> last_changes(Timestamp arrived_by) const;
  static bool shows(const std::vector<Moment>& moments, const TargetRow* row, Timestamp since);
  const TargetRow* row_of(const std::string& name) const;
  std::optional<std::string> compare(const std::string& name, const std::vector<Moment>& moments) const;
  std::optional<std::string> compare_history() const;
  std::optional<std::string> left_of_older_load(const std::map<std::string, TargetRow>& rows) const;
  bool target_holds(const StreamRecord& record) const;
  /// The first record of the shard that the target does not hold, among those up to `last` (all, without one).
  const StreamRecord* missing(const std::string& shard, const shards::Position* last);
  void check_positions();
  void check_stored(const std::string& shard, const shards::Position& position);
  void check_parents(const std::string& shard);
  void wrong(std::string what);

  Upstream& upstream_;
  const TargetState& target_;
  const bool loads_;
  std::map<std::string, std::vector<StreamRecord>> records_;  ///< by shard
  std::map<std::string, size_t> held_;                        ///< so many of a shard's records are known to be held
  std::set<std::string> parents_held_;                        ///< shards whose parents are
  std::map<std::string, Shown> shown_;                        ///< by key
  coordination::Epoch ready_epoch_ = 0;                       ///< the table was ready in this epoch
  std::optional<std::string> wrong_;
};

}  // namespace ctk::simulation
