// Which values a CrateDB column holds exactly, and how they are written there. The server casts what does not fit,
// silently, so nothing that is not exact may be sent to it.
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

/// Whether PostgreSQL's NUMERIC, jsonb's numbers included, takes the number: up to 16,383 digits stand behind the point.
bool fits_postgres_numeric(std::string_view digits);

/// Whether jsonb takes the value: no U+0000 in texts and names, no number that NUMERIC refuses.
bool fits_jsonb(dynamodb::Value value);

/// The column that a value asks for; nothing where it fixes no type, or would not fit its own column.
std::optional<LearnedType::Kind> column_kind_for(dynamodb::Value value, std::optional<ColumnType> declared);

}  // namespace ctk::table
