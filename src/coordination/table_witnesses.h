// By which rows a table is known again: what they say of it, and which are noted next. Pure.
#pragma once

#include <string>
#include <vector>

#include "coordination/table_record.h"

namespace ctk::coordination {

/// A row of the table whose key was asked for.
struct WitnessRow {
  std::string key;  ///< typed JSON, as the witness has it
  std::string version;
  bool tombstone = false;
  bool operator==(const WitnessRow&) const = default;
};

/// What the table has where it was asked for rows by their keys.
struct WitnessRows {
  Witnesses asked;  ///< those whose key is this table's
  std::vector<WitnessRow> rows;
};

/// A row in a higher version than the one that was noted proves nothing: an emptied table has it again once its item
/// changes. One in the noted version does. So a table is `emptied`
/// * of which nothing is there that was asked for;
/// * which has none of the newest witnesses, three at least: it was put back to what it was before them;
/// * which has none in the version noted and lacks three: it was emptied, and written since.
/// Fewer that lack are what a user deletes by hand.
TableFound judge_witnesses(const WitnessRows& found);

/// The witnesses to note: as many of the fresh rows as of those that were noted before. The fresh tell of an older backup;
/// of the others those stay that do not change: they tell that a table was emptied, however often the rest is written.
/// Only living rows, and none below `bound`.
Witnesses next_witnesses(const WitnessRows& noted, const WitnessRows& fresh, const std::string& bound = "");

}  // namespace ctk::coordination
