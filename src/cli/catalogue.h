// What a target holds, asked in its own dialect: for \d and for Tab. Pure.
#pragma once

#include <string>
#include <vector>

#include "sink/sink.h"

namespace ctk::cli {

/// Rows of schema, table and kind, without the database's own.
std::string list_tables_sql(table::Target dialect);
/// Rows of column, type, nullable and key; none where there is no such table.
std::string describe_table_sql(table::Target dialect, const table::QualifiedName& name);
/// Rows of schema, table and column, of a few thousand columns at most.
std::string list_names_sql(table::Target dialect);

/// Names that Tab may offer, quoted where they must be.
std::vector<std::string> names_to_offer(table::Target dialect, const sink::ResultSet& names);
/// What may stand for `word`: words of SQL in the case that was begun, and of `names`.
std::vector<std::string> completions(const std::string& word, const std::vector<std::string>& names);

}  // namespace ctk::cli
