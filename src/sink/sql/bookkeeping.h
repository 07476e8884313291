// The three tables beside a target's own: how they are made, and who makes them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "coordination/table_record.h"
#include "sink/live_view.h"
#include "sink/sql/dialect.h"
#include "sink/sql/transaction.h"

namespace ctk::sink::sql {

/// Everything that SQL about our own tables needs to know.
struct Bookkeeping {
  Bookkeeping(const Dialect& with, std::string in_schema)
      : dialect(with),
        schema(std::move(in_schema)),
        positions(dialect.quote(table::QualifiedName{schema, "ctk_positions"})),
        tables(dialect.quote(table::QualifiedName{schema, "ctk_tables"})),
        dead_letters(dialect.quote(table::QualifiedName{schema, "ctk_dead_letters"})) {}

  const Dialect& dialect;
  std::string schema;
  std::string positions, tables, dead_letters;  ///< quoted
  /// `--dry-run`: what ctk_tables would hold by now. Reading it has no other answer there.
  std::map<std::string, coordination::TableRecord>* rehearsed = nullptr;
};

/// CREATE TABLE of ctk_positions, ctk_tables and ctk_dead_letters, in this order.
std::vector<std::pair<std::string, std::string>> bookkeeping_ddl(const Bookkeeping& at);

/// What there is of ctk_tables. One that is yet to be made counts as whole.
struct RecordsTable {
  bool there = false;
  bool has_witnesses = true;  ///< and `since`: tables that an earlier version made may lack these columns
};
SqlResult<RecordsTable> find_records_table(Driver& driver, const Bookkeeping& at);

/// One of the dialect's descriptions of what has that name.
Statement ask_about(const table::QualifiedName& name, const Dialect& dialect, std::string question);

/// What has that name.
SqlResult<Standing> look_at(Driver& driver, const Dialect& dialect, const table::QualifiedName& name);

/// Whether that one of our own tables (own_tables.h) is there; an error where something else has its name.
SqlResult<bool> own_table_exists(Driver& driver, const Bookkeeping& at, const std::string& name);

/// Makes schema and tables that are missing, or says which are (`create` false): not_found. Inside a transaction that
/// has tables_lock.
SqlResult<bool> ensure_bookkeeping(Driver& driver, const Bookkeeping& at, bool create);

/// What is locked while tables are made (NameLocks).
inline std::string tables_lock(const Bookkeeping& at) { return "ctk tables " + at.schema; }

}  // namespace ctk::sink::sql
