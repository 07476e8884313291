// One folded change on its way into a table: the candidate that is being tried, rendered.
#pragma once

#include <string>
#include <vector>

#include "sink/candidates.h"

namespace ctk::sink::sql {

/// Does not move once made: `row()` may point into it.
class RowItem {
 public:
  RowItem(const FoldedChange& change, const table::Renderer& renderer, coordination::Epoch epoch);
  RowItem(const RowItem&) = delete;
  RowItem& operator=(const RowItem&) = delete;

  /// What to write now; null where every candidate was refused.
  const table::Row* row() const { return row_; }
  /// The current candidate becomes a dead letter, and the next lower change is tried in its place.
  void park(std::string reason, bool because_of_key);

  const Candidates& candidates() const { return candidates_; }
  ChangeOutcome outcome() const { return candidates_.outcome(stale); }
  /// The letters of what was parked.
  void append_dead_letters(std::vector<DeadLetter>& letters, const Batch& batch, Timestamp now) const;
  /// The letter that the change `level` would get, without a reason.
  DeadLetter letter(size_t level, const Batch& batch, Timestamp now) const;

  bool stale = false;  ///< the row was written, and changed nothing

 private:
  void take(const table::Rendered& rendered);

  Candidates candidates_;
  const table::Renderer& renderer_;
  coordination::Epoch epoch_;
  table::Rendered own_;  ///< of a lower change
  const table::Row* row_ = nullptr;
};

}  // namespace ctk::sink::sql
