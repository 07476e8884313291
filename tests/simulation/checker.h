// Looks at a simulated world along the way, and says at once when a promise is broken: no row goes back, no position stands
// past a change that the target does not hold, no change of a child shard is written before all of its parents are there.
// At rest: the target holds what the table holds.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/target.h"
#include "simulation/far_side.h"

namespace ctk::simulation {

class Checker {
 public:
  Checker(FarSide& far_side, const sim::TargetState& target) : far_side_(far_side), target_(target) {}

  /// Called as a write arrives, before any of it is done.
  void on_write(const sink::Batch& batch);
  /// What is wrong by now; the first that was found stays.
  const std::optional<std::string>& look();
  /// What is wrong once nothing moves any more.
  std::optional<std::string> at_rest();

 private:
  void learn();
  bool target_holds(const StreamRecord& record) const;
  /// The first record of the shard that the target does not hold, among those up to `last` (all, without one).
  const StreamRecord* missing(const std::string& shard, const std::string* last);
  void check_positions();
  void check_parents(const std::string& shard);
  void wrong(std::string what);

  FarSide& far_side_;
  const sim::TargetState& target_;
  std::map<std::string, std::vector<StreamRecord>> records_;  ///< by shard
  std::map<std::string, size_t> held_;                        ///< so many of a shard's records are known to be held
  std::set<std::string> parents_held_;                        ///< shards whose parents are
  std::optional<std::string> wrong_;
};

}  // namespace ctk::simulation
