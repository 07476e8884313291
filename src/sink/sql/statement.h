// One SQL statement and its parameters, as the sink hands it to a Driver. Values; no connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "table/render.h"

namespace ctk::sink::sql {

/// A parameter. It only views its text: the row (or whatever holds the text) must outlive the statement, and there must be
/// a NUL byte behind the text (a std::string has one), since libpq's text parameters end with it.
struct Param {
  enum class Kind : uint8_t { null, text, json, binary, number, integer, real, boolean, time };
  Kind kind = Kind::null;
  std::string_view text;  ///< text, json, binary (raw bytes), number (digits)
  int64_t integer = 0;    ///< integer; boolean (0, 1); time (µs since 1970)
  double number = 0;      ///< real

  static Param of(const std::string& text) { return {Kind::text, text, 0, 0}; }
  static Param of_text(const std::optional<std::string>& text);
  static Param of_json(const OptionalText& json);
  static Param of_integer(int64_t value) { return {Kind::integer, {}, value, 0}; }
  static Param of_boolean(bool value) { return {Kind::boolean, {}, value ? 1 : 0, 0}; }
  /// kNoTime becomes NULL.
  static Param of_time(Timestamp time);
  static Param of_key(const table::KeyCell& cell);
};

/// A statement, executed once for each `width` parameters (once if it has none), in order.
struct Statement {
  std::string sql;
  size_t width = 0;
  std::vector<Param> params;
  /// A look into the catalogue: it changes nothing, and `--dry-run` does not print it.
  bool catalogue = false;
  /// Such a look that every batch takes: it is prepared as other statements are.
  bool often = false;
  /// May take as long as the table is large: no limit of time.
  bool patient = false;
  /// Whether it was done is looked at behind it: a driver that is not believed may have it in arrays of parameters, too.
  bool checked = false;
  /// Nobody asks how many rows each execution changes: they may be arrays of parameters, and have one count together.
  bool uncounted = false;
  /// Rows that are read of its answer at most.
  size_t most_rows = SIZE_MAX;

  size_t executions() const { return width == 0 ? 1 : params.size() / width; }
};

/// A statement that is executed once.
Statement statement(std::string sql, std::vector<Param> params = {});
/// The same, for the catalogue.
Statement look_up(std::string sql, std::vector<Param> params = {});
/// The same, with `patient`.
Statement patiently(Statement statement);

using Cells = std::vector<std::optional<std::string>>;

/// What one statement answered.
struct Answer {
  std::vector<int64_t> affected;  ///< one an execution: rows changed, or rows that a SELECT returned
  std::vector<Cells> rows;        ///< of all executions; cells as text, booleans as "true"/"false"
};

}  // namespace ctk::sink::sql
