// One folded change on its way into a table: the candidate that is being tried, and those that were refused before it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sink/sink.h"

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

  /// The letters of what was parked.
  void append_letters(std::vector<DeadLetter>& letters, const Batch& batch, Timestamp now) const;
  /// The letter that change `level` would get.
  DeadLetter letter(size_t level, const Batch& batch, Timestamp now, std::string reason) const;
  /// Which of the changes is tried now; `candidates()` where none is left.
  size_t level() const { return level_; }
  size_t candidates() const { return change_.changes.size(); }

  ChangeOutcome outcome() const;
  const std::shared_ptr<const dynamodb::Change>& highest() const { return change_.changes.front(); }
  /// Why the highest change was refused; null where it was not.
  const std::string* refusal() const { return reasons_.empty() ? nullptr : &reasons_.front(); }

  bool stale = false;  ///< the row was written, and changed nothing

 private:
  void take(const table::Rendered& rendered);

  const FoldedChange& change_;
  const table::Renderer& renderer_;
  coordination::Epoch epoch_;
  size_t level_ = 0;
  table::Rendered own_;  ///< of a lower change
  const table::Row* row_ = nullptr;
  std::vector<std::string> reasons_;  ///< of the changes parked so far: the first `level_` of them
  bool key_refused_ = false;
};

}  // namespace ctk::sink::sql
