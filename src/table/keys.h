// A change's key as the cells of a target's key columns: exactly, or not at all.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/value.h"
#include "table/render.h"

namespace ctk::table {

/// The cells in the order of `spec.keys`, or why the target cannot hold this key (with the option that would, if any).
std::expected<std::vector<KeyCell>, std::string> key_cells(const TableSpec& spec, dynamodb::Value keys);
/// The same into cells that may have held another key, whose memory is used again. After an error they mean nothing.
std::expected<void, std::string> set_key_cells(const TableSpec& spec, dynamodb::Value keys, std::vector<KeyCell>& cells);

/// The cell of a number in an untyped column (SQLite): integer, real or text, the first that holds it exactly.
KeyCell untyped_cell(Target target, std::string_view digits);

}  // namespace ctk::table
