// `ctk show table`: what the catalogue and our own tables say of a table.
#pragma once

#include "sink/sink.h"
#include "sink/sql/bookkeeping.h"

namespace ctk::sink::sql {

/// `not_found` where there is no such table.
SqlResult<TableReport> report_table(Driver& driver, const Bookkeeping& at, const table::QualifiedName& name);

}  // namespace ctk::sink::sql
