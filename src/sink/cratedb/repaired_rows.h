// Rows made equal to their items again (sink/row_repairer.h), one at a time: an UPDATE is bound to the row as it was looked
// at by
// `_seq_no` and `_primary_term`, since a condition on its version would not hold it.
#pragma once

#include <vector>

#include "sink/cratedb/session.h"
#include "sink/row_repairer.h"

namespace ctk::sink::cratedb {

/// Adds no columns: what has none goes to `aux`.
Task<Result<bool>> repair_rows(Session& session, RowReader::Spec spec, coordination::Epoch epoch,
                               std::vector<RowRepair> repairs);

}  // namespace ctk::sink::cratedb
