// A folded change on its way into a row: which of its changes is tried. What is refused for itself becomes a dead letter,
// and the next lower change of its key is tried in its place. Pure; how a change becomes a row, and who refuses it, is the
// target's.
//
//   highest ─park─▶ next lower ─park─▶ … ─park─▶ exhausted
#pragma once

#include <string>
#include <vector>

#include "sink/sink.h"

namespace ctk::sink {

/// It views the folded change.
class Candidates {
 public:
  Candidates(const FoldedChange& folded, coordination::Epoch epoch) : folded_(&folded), epoch_(epoch) {}

  bool exhausted() const { return level() == count(); }
  /// Which of the changes is tried now, from 0; count() where none is left.
  size_t level() const { return parked_.size(); }
  size_t count() const { return folded_->changes.size(); }
  /// The one that is tried now: there must be one.
  const dynamodb::Change& current() const { return *folded_->changes[level()]; }

  /// The current one is refused for itself. `because_of_key`: and so will be all others.
  void park(std::string reason, bool because_of_key);

  /// Of the whole folded change. `stale`: the row that was written changed nothing.
  ChangeOutcome outcome(bool stale = false) const;
  /// Whether the highest change was refused; and, for batches that stop on refusals, which that is and why.
  bool refused() const { return !parked_.empty(); }
  void append_refusal(std::vector<RefusedChange>& refused) const;

  /// The letters of what was parked. `source_table`: of the table's specification.
  void append_dead_letters(std::vector<DeadLetter>& letters, const Batch& batch, const std::string& source_table,
                           Timestamp now) const;
  /// The letter that the change `level` would get.
  DeadLetter letter(size_t level, const Batch& batch, const std::string& source_table, Timestamp now,
                    std::string reason) const;

 private:
  const FoldedChange* folded_;
  coordination::Epoch epoch_;
  std::vector<std::string> parked_;  ///< why each of the first level() changes was refused
  bool key_refused_ = false;
};

}  // namespace ctk::sink
