// A target table as it should be, against what is there: created, taken over, or refused with both definitions.
#pragma once

#include "sink/sql/bookkeeping.h"
#include "sink/target_check.h"
#include "table/spec.h"

namespace ctk::sink::sql {

/// What to do with a table, given what the catalogue shows. Pure.
struct SchemaPlan {
  bool create = false;
  std::vector<ColumnDef> add;  ///< our bookkeeping columns that are missing
};
/// `refused` shows both definitions.
Result<SchemaPlan> plan_schema(const Dialect& dialect, const table::TableSpec& spec, const FoundTable& found);

/// What a run would find, and make of it: the same in answers alone. Errors are those that it would end with. Pure.
Result<TableFit> judge_schema(const Dialect& dialect, const table::TableSpec& spec, const FoundTable& found);

SqlResult<FoundTable> describe_table(Driver& driver, const Dialect& dialect, const table::QualifiedName& name);

/// Carries the plan out: table, missing columns, index of marks, view. With create-table=false it only checks, and says
/// what is missing. The view of another table that has the table's name goes. Inside a transaction.
SqlResult<LiveView> ensure_table(Driver& driver, const Dialect& dialect, const table::TableSpec& spec);

/// Whether the table may have its name: nothing has it, or a table; or the view of another table, which then goes.
/// `refused` where something else has it.
SqlResult<std::optional<table::QualifiedName>> room_for_table(Driver& driver, const Dialect& dialect,
                                                              const table::TableSpec& spec);

/// What a user would have to run for the key's columns whose types the options ask for; none where they have them.
SqlResult<std::vector<std::string>> plan_retyping(Driver& driver, const Dialect& dialect, const table::TableSpec& spec);

}  // namespace ctk::sink::sql
