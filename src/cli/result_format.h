// A query's answer as text. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sink/sink.h"

namespace ctk::cli {

enum class ResultFormat { table, json, csv, vertical };

std::optional<ResultFormat> parse_result_format(std::string_view text);

/// table: aligned columns and a count of rows, as psql prints them. json: one array of objects, numbers and JSON as the
/// database gave them. csv: RFC 4180 with a header; NULL is empty, an empty text is "". vertical: a line a cell. In table
/// and vertical, which people read, control characters are shown as escapes;
/// in table line ends too. Ends with a line end.
std::string format_result(const sink::ResultSet& result, ResultFormat format);

/// "1 row", "12 rows".
std::string count_rows(size_t rows);

}  // namespace ctk::cli
