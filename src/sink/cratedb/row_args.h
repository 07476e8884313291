// Rows as the parameters of statements.cc's upsert. Pure.
//
//   ctk:      [{"device": KEY, …}, DATA, AUX, VERSION, DELETED, TIME_MS]
//   others:   [KEY, …, DATA, AUX, VERSION, DELETED, TIME_MS]
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "table/render.h"

namespace ctk::sink::cratedb {

/// Appends one row's JSON array. TIME_MS is rounded down: CrateDB keeps milliseconds.
void append_row_args(std::string& out, const table::TableSpec& spec, const table::Row& row);

/// The first parameters alone, without brackets: `{"device": KEY, …}`, or `KEY, …`.
std::string key_args(const table::TableSpec& spec, const std::vector<table::KeyCell>& keys);

/// A key's cell as JSON.
std::string key_arg(const table::KeyCell& cell);

/// Why a key cannot be written exactly into its column, if so. CrateDB rounds and wraps what does not fit a NUMERIC.
std::optional<std::string> key_problem(const table::TableSpec& spec, const table::Row& row);

/// A typed key (`{"pk":{"S":"a"}}`) as the JSON texts of the spec's key columns, as the server would give them back;
/// nothing where it is not this table's key.
std::optional<std::vector<std::string>> key_cells(const table::TableSpec& spec, const std::string& typed_key);

/// Whole milliseconds since 1970, rounded down.
int64_t to_millis(Timestamp time);

}  // namespace ctk::sink::cratedb
