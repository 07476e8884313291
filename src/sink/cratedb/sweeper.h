// Removing marks whose guard is no longer needed. Nothing is fenced here, so a mark goes only after the floor has passed,
// and only as the row was when it was looked at (_seq_no and _primary_term).
#pragma once

#include <set>

#include "sink/cratedb/positions.h"
#include "sink/cratedb/session.h"

namespace ctk::sink::cratedb {

/// `fresh` are rows that may become the table's witnesses. `mismatch` where it has lost those that it had.
Task<Result<SweepOutcome>> sweep_table(Session& session, CratePositions& positions, SweepRequest request,
                                       coordination::Witnesses fresh);

/// Notes the load's end; what it has not seen goes with a sweep after the floor, at once where there can be nothing.
Task<Result<LoadEnding>> finish_load(Session& session, LoadEnd end);

/// A row as select_due_tombstones and select_older give it: its key's cells, its version, and what its deletion is bound
/// to.
struct Mark {
  std::vector<std::string> key;
  std::string version;
  std::string seq_no, primary_term;
};
std::vector<Mark> read_marks(const Answer& answer, size_t key_columns);

/// Key cells of open dead letters → their lowest version; "" where one is unknown.
using OpenDeadLetters = std::map<std::vector<std::string>, std::string>;
OpenDeadLetters read_open_dead_letters(const Answer& answer, const table::TableSpec& spec);

/// The marks that no open letter of a lower version holds. Pure.
std::vector<Mark> sweepable(std::vector<Mark> marks, const OpenDeadLetters& letters);

}  // namespace ctk::sink::cratedb
