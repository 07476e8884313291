// The statements of a history, as texts. Pure. What is written is decided in sink/key_history.h, and when in history_table.
#pragma once

#include <string>

#include "sink/sql/dialect.h"

namespace ctk::sink::sql {

/// `rows` rows, each with history_columns() as its parameters.
std::string history_insert(const Dialect& dialect, const table::TableSpec& spec, size_t rows);

/// Rows version, valid_from, valid_to from the one before a range of versions to the one behind it. Parameters: the key,
/// and for each edge of the range the key and the edge twice.
std::string history_window(const Dialect& dialect, const table::TableSpec& spec);
/// The same of several ranges (Dialect::joins_values), with the range's place, from 0, before the others. Parameters of
/// each: the key, the edges.
std::string history_windows(const Dialect& dialect, const table::TableSpec& spec, size_t ranges);

/// The row of a key that is last by its version, in the same columns. Parameters: the key. Empty where the database cannot
/// be asked for one row of many.
std::string history_newest(const Dialect& dialect, const table::TableSpec& spec);
/// The same of several keys (Dialect::joins_keys), with the key's place, from 0, before the others.
std::string history_newest_of(const Dialect& dialect, const table::TableSpec& spec, size_t keys);

/// One row ends otherwise, or each of several (Dialect::joins_values). Parameters of each: the time, the key, the version.
std::string history_end(const Dialect& dialect, const table::TableSpec& spec);
std::string history_ends(const Dialect& dialect, const table::TableSpec& spec, size_t rows);

/// One row is removed. Parameters: the key, the version.
std::string history_removal(const Dialect& dialect, const table::TableSpec& spec);

}  // namespace ctk::sink::sql
