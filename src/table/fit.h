// Which values a CrateDB column, or MySQL's JSON, holds exactly, and how they are written there. The servers cast what does
// not fit, silently, so nothing that is not exact may be sent to them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dynamodb/value.h"
#include "table/learned_types.h"
#include "table/spec.h"

namespace ctk::table {

/// Appends the value as JSON for a column of this kind; false, and `out` unchanged, where the column would hold another
/// value. `declared`: the type the user gave the path, which lets numbers into text.
bool append_fitting(std::string& out, dynamodb::Value value, LearnedType::Kind kind, std::optional<ColumnType> declared);

/// Appends plain JSON whose numbers an int64 or a double holds exactly (OBJECT(IGNORED)); else false, `out` unchanged.
bool append_exact(std::string& out, dynamodb::Value value);

/// The same for MySQL's JSON. It reads doubles of more than 15 digits, or that are far from 1, with an error in the last
/// digits (met in 8.0.15; its reader, RapidJSON, calls that "normal precision").
bool append_exact_for_mysql(std::string& out, dynamodb::Value value);

/// Whether PostgreSQL's NUMERIC, jsonb's numbers included, takes the number: up to 16,383 digits stand behind the point.
bool fits_postgres_numeric(std::string_view digits);

/// Whether jsonb takes the value: no U+0000 in texts and names, no number that NUMERIC refuses.
bool fits_jsonb(dynamodb::Value value);

/// The column that a value asks for; nothing where it fixes no type, or would not fit its own column.
std::optional<LearnedType::Kind> column_kind_for(dynamodb::Value value, std::optional<ColumnType> declared);

}  // namespace ctk::table
