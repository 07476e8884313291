// By which rows a table is known again: whether it still has them, and which are noted next.
#pragma once

#include "coordination/table_record.h"
#include "sink/sql/bookkeeping.h"
#include "table/render.h"

namespace ctk::sink::sql {

/// Which witnesses the table could be asked for, and which of them it has. `living` asks for rows that are not marked.
struct Found {
  size_t asked = 0;
  coordination::Witnesses there;
};
Tried<Found> find_witnesses(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer,
                            const coordination::Witnesses& witnesses, bool living = false);

/// How the table of a record is there. Inside a transaction.
Tried<coordination::TableSight> look_at_table(Driver& driver, const Bookkeeping& at, const table::TableSpec& spec,
                                              const coordination::TableRecord& record);

/// The highest version in a table that has no record; empty where there is none. It reads the whole table.
Tried<std::string> highest_version(Driver& driver, const Bookkeeping& at, const table::TableSpec& spec);

/// `mismatch` where none of the record's witnesses is there. Before anything is removed.
Tried<bool> check_witnesses(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer,
                            const coordination::TableRecord& record);

/// Drops the witnesses that were just removed from the record. In the same transaction.
Tried<bool> keep_witnesses(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer,
                           coordination::TableRecord& record);

/// Makes `fresh` rows the table's witnesses, as far as they are living. A transaction of its own.
Result<bool> note_witnesses(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer,
                            const std::string& table, const coordination::Witnesses& fresh);

}  // namespace ctk::sink::sql
