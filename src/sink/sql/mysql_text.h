// Statements of MySQL and MariaDB as one text: parameters become literals. Pure. The session has utf8mb4, and backslashes
// escape in it (mysql_connection.cc).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sink/sql/statement.h"

namespace ctk::sink::sql {

/// Appends the parameter as a literal that the database takes for the same value, and compares as such.
void append_literal(std::string& text, const Param& param);

/// Appends `sql` with each `?` outside of quotes replaced by its parameter.
void append_bound(std::string& text, std::string_view sql, std::span<const Param> params);

/// Microseconds since 1970 as DATETIME reads them: "2026-01-02T03:04:05.678901".
std::string plain_time(int64_t micros);

/// A canonical number without its exponent: a literal with one is a double.
std::string plain_decimal(std::string_view canonical);

}  // namespace ctk::sink::sql
