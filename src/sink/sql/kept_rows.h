// Whether the rows that were written are there: a trigger may keep one from being written, and what a driver says that is
// not believed (Belief::nothing) may not be so. It must not know what becomes of such rows.
#pragma once

#include <span>
#include <vector>

#include "sink/sql/row_item.h"
#include "sink/sql/row_table.h"

namespace ctk::sink::sql {

inline constexpr const char* kSuppressed =
    "the table took the row and did not keep it: a trigger or a rule of the table's suppresses it";
inline constexpr const char* kNotAsGiven = "the driver wrote the row, and the table does not hold it as it was given";

struct NotKept {
  std::vector<RowItem*> rows;
  bool altered = false;  ///< one of them is there, and another one than was given

  bool empty() const { return rows.empty(); }
};

/// Whether what a driver says of its writes is checked by what the table holds then.
bool reads_back(const Dialect& dialect);

/// Of rows that were written in this transaction, those that the table does not have, while none that is newer was in
/// their way. Where the driver is not believed, those too that are there with another key or content: such must not stay,
/// so that it is an error of the whole call where no transaction undoes them. The positions stand before it then.
SqlResult<NotKept> rows_not_kept(Driver& driver, const Dialect& dialect, const RowTable& table, std::span<RowItem*> items);

}  // namespace ctk::sink::sql
