// By which rows a table is known again: whether it still has them, and which are noted next.
#pragma once

#include "coordination/table_witnesses.h"
#include "sink/sink.h"
#include "sink/sql/bookkeeping.h"
#include "table/render.h"

namespace ctk::sink::sql {

/// The rows of these keys. No statement where no key is this table's.
SqlResult<coordination::WitnessRows> find_rows(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer,
                                               const coordination::Witnesses& keys);

/// The versions of the rows of these keys that are there.
SqlResult<RowVersions> read_versions(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer,
                                     const std::vector<std::string>& keys);

/// How the table of a record is there. Inside a transaction.
SqlResult<coordination::TableFound> look_at_table(Driver& driver, const Bookkeeping& at, const table::TableSpec& spec,
                                                  const coordination::TableRecord& record);

/// The highest version in a table that has no record; empty where there is none. It reads the whole table.
SqlResult<std::string> highest_version(Driver& driver, const Bookkeeping& at, const table::TableSpec& spec);

/// `mismatch` where the table has lost the record's witnesses. Before anything is removed.
SqlResult<bool> check_witnesses(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer,
                                const coordination::TableRecord& record);

/// Drops the witnesses that were just removed from the record. In the same transaction.
SqlResult<bool> keep_witnesses(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer,
                               coordination::TableRecord& record);

/// Some of the `fresh` rows become witnesses, as far as they are living. A transaction of its own.
Result<bool> note_witnesses(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer,
                            const std::string& table, const coordination::Witnesses& fresh);

}  // namespace ctk::sink::sql
