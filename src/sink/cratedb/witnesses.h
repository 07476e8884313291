// By which rows a table is known again: whether it still has them, and which are noted next.
#pragma once

#include "coordination/table_witnesses.h"
#include "sink/cratedb/definition.h"
#include "sink/cratedb/session.h"

namespace ctk::sink::cratedb {

/// The rows of `keys`. No statement where no key is this table's. CrateDB looks a full primary key up in what was written
/// last: it needs no REFRESH, which would wait for all that is being written beside it.
Task<Result<coordination::WitnessRows>> find_rows(Session& session, const table::TableSpec& spec,
                                                  const coordination::Witnesses& keys);

/// The versions of the rows of these keys that are there; few enough for one statement.
Task<Result<RowVersions>> read_versions(Session& session, table::TableSpec spec, std::vector<std::string> keys);

/// How a table that has a record is there. `definition` is what was found before the record was read.
Task<Result<coordination::TableFound>> look_at_table(Session& session, const table::TableSpec& spec,
                                                     const Definition& definition, const coordination::TableRecord& record);

/// The highest version in a table that has no record; empty where there is none.
Task<Result<std::string>> highest_version(Session& session, const table::TableSpec& spec, const Definition& definition);

/// For first rows, and before a sweep removes anything: `mismatch` where the table has lost its witnesses; else only rows
/// that stay are witnesses, some of `fresh` among them. `bound` is the lowest version that stays.
Task<Result<bool>> renew_witnesses(Session& session, const table::TableSpec& spec, std::string table,
                                   coordination::Witnesses fresh, std::string bound);

}  // namespace ctk::sink::cratedb
