// An UPDATE or a DELETE whose number of rows somebody is told: where the driver is not believed, they are counted before.
#pragma once

#include "sink/sql/dialect.h"
#include "sink/sql/driver.h"

namespace ctk::sink::sql {

struct CountedChange {
  std::string table;      ///< quoted
  std::string change;     ///< "DELETE FROM …", "UPDATE … SET …": without parameters
  std::string condition;  ///< unbound; its parameters are all that there are
  std::vector<Param> params;
};

/// Inside of a transaction. However long it takes.
SqlResult<uint64_t> run_counted(Driver& driver, const Dialect& dialect, CountedChange change);

}  // namespace ctk::sink::sql
