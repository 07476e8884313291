// Whose fault it is where a database refuses a write: some rows', or everything's. Pure.
//
// Many refusals carry the same code for one row and for all: 42501 is a policy of row security that this row offends, or
// a right that was revoked; 42P01 a table that is gone, or one that only a trigger of this row asks for. So the rows are
// tried by halves, and before that a write of no rows: where that is refused too, nothing was said about any row.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/error.h"

namespace ctk::sink::sql {

enum class Blame {
  rows,    ///< they are parked, the others are written
  target,  ///< the call fails, nothing is parked
};

/// What trying by halves has shown. A write of no rows was taken.
struct RefusedRows {
  ErrorKind kind = ErrorKind::refused;  ///< of the first refusal
  size_t refused = 0;                   ///< rows that were refused although each was tried alone
  size_t taken = 0;                     ///< rows of the same batch that were not
  bool written_before = false;          ///< this run has written rows already
  int tries = 1;                        ///< of this batch, this one included
  bool conflict = false;                ///< with other transactions, as the database says
  bool refused_before = false;          ///< all of the batch are dead letters that are applied again
};

/// How often a batch is tried before a lock, a time-out or a refusal of all of its rows is taken for the rows' own. With
/// the relay's pauses these are some three minutes.
inline constexpr int kPatience = 12;
/// The same for a conflict that one row meets beside others that were taken: each try is several transactions, one right
/// after the other, so this is a quarter of a minute.
inline constexpr int kConflictPatience = 8;

Blame blame(const RefusedRows& refused);

/// How often each batch was tried. A batch is told by its address, as long as somebody holds it.
class Tries {
 public:
  /// Counts one more try; 1 at the first.
  int next(const std::shared_ptr<const void>& batch);

 private:
  struct Counted {
    std::weak_ptr<const void> batch;
    int tries = 0;
  };
  std::vector<Counted> counted_;
};

}  // namespace ctk::sink::sql
