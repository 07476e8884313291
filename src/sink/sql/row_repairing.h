// Rows made equal to their items again (sink/row_repairer.h). It knows one driver's connection and decides nothing.
#pragma once

#include <vector>

#include "sink/row_repairer.h"
#include "sink/sql/dialect.h"
#include "sink/sql/driver.h"

namespace ctk::sink::sql {

/// Each row in a transaction of its own.
Result<bool> repair_rows(Driver& driver, const Dialect& dialect, const table::TableSpec& spec, coordination::Epoch epoch,
                         const std::vector<RowRepair>& repairs);

}  // namespace ctk::sink::sql
