// One folded change on its way into a table: the candidate that is being tried, rendered.
#pragma once

#include <deque>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "sink/candidates.h"
#include "sink/sql/history_table.h"

namespace ctk::sink::sql {

/// Does not move once made: `row()` may point into it.
class RowItem {
 public:
  enum class Keeps {
    newest,  ///< what was folded away leaves no trace
    each,    ///< in a history
  };
  RowItem(const FoldedChange& change, const table::Renderer& renderer, coordination::Epoch epoch,
          Keeps keeps = Keeps::newest);
  RowItem(const RowItem&) = delete;
  RowItem& operator=(const RowItem&) = delete;

  /// What to write now; null where every candidate was refused.
  const table::Row* row() const { return row_; }
  /// The current candidate becomes a dead letter, and the next lower change is tried in its place.
  void park(std::string reason, bool because_of_key);

  const Candidates& candidates() const { return candidates_; }
  ChangeOutcome outcome() const;
  /// on-error=stop: the change that was refused, if one was.
  void append_refusal(std::vector<RefusedChange>& refused) const;

  /// Keeps::each: what is to be kept of the change that is tried, and of those below it.
  HistoryOfRow history() const;
  /// The same of one of those below alone, by its level; without rows where that is refused.
  HistoryOfRow history_below(size_t level) const;
  /// From here on history() is of the change that is tried alone; and again of all.
  void leave_below() { with_below_ = false; }
  void take_below() { with_below_ = true; }
  /// A change below the one that is written becomes a dead letter.
  void park_below(size_t level, std::string reason);

  /// The letters of what was parked.
  void append_dead_letters(std::vector<DeadLetter>& letters, const Batch& batch, Timestamp now) const;
  /// The letter that the change `level` would get, without a reason.
  DeadLetter letter(size_t level, const Batch& batch, Timestamp now) const;

  bool stale = false;  ///< the row was written, and changed nothing

 private:
  void take(const table::Rendered& rendered);
  void append_below(size_t level, HistoryOfRow& history) const;

  const FoldedChange& change_;
  Candidates candidates_;
  const table::Renderer& renderer_;
  coordination::Epoch epoch_;
  table::Rendered own_;  ///< of a lower change
  const table::Row* row_ = nullptr;
  std::deque<table::Rendered> below_;           ///< Keeps::each: [i] is of level i + 1
  std::map<size_t, std::string> parked_below_;  ///< level → why
  bool with_below_ = true;
};

/// What to write of each now.
std::vector<const table::Row*> rows_of(std::span<RowItem* const> items);
std::vector<HistoryOfRow> histories_of(std::span<RowItem* const> items);

}  // namespace ctk::sink::sql
