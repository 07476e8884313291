// Parameters as ODBC takes them: for each `?` one buffer that holds its values of one or of many executions, all as wide as
// the widest. Values are handed over whole or not at all.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sink/sql/odbc_library.h"
#include "sink/sql/statement.h"

namespace ctk::sink::sql {

/// How a driver wants values.
struct OdbcForms {
  bool wide = false;         ///< texts in UTF-16; else in UTF-8
  bool nul_in_text = false;  ///< a text that holds U+0000 arrives whole
  bool iso_times = false;    ///< 2026-01-02T03:04:05.678901Z; else 2026-01-02 03:04:05.678901, which is in UTC, too
  bool bits = true;          ///< booleans are SQL_BIT; else whole numbers
};

/// UTF-8, or nothing where it is none.
std::optional<std::u16string> to_utf16(std::string_view text);
std::string from_utf16(std::u16string_view text);

/// What one call may have at most.
struct OdbcMost {
  size_t sets = 1;
  size_t bytes = SIZE_MAX;  ///< unless a single set has more
};

/// Buffers that are bound to a statement: they live until it is executed.
class OdbcParams {
 public:
  /// As many executions as fit of those in `params`, `width` parameters each: their number, from 1 on. `order`: for each
  /// marker its parameter.
  size_t fill(std::span<const Param> params, size_t width, std::span<const size_t> order, const OdbcForms& forms,
              const OdbcMost& most);
  /// What they are when they are sent, at most; headers of the values included.
  size_t bytes() const;

  /// Why the values that were filled in cannot be sent; empty where they can.
  const std::string& refusal() const { return refusal_; }
  /// False where the driver does not take a buffer.
  bool bind(SQLHANDLE statement);

 private:
  struct Column {
    SQLSMALLINT c_type = SQL_C_CHAR;
    SQLSMALLINT sql_type = SQL_VARCHAR;
    size_t stride = 1;  ///< bytes of each value's place
    std::vector<char> bytes;
    std::vector<SQLLEN> lengths;
  };

  void put(Column& column, size_t row, const Param& param, const OdbcForms& forms);

  std::vector<Column> columns_;
  std::string refusal_;
};

}  // namespace ctk::sink::sql
