#include "sink/sql/history_texts.h"

#include <fmt/format.h>

#include <vector>

namespace ctk::sink::sql {
namespace {

/// "(VALUES (0, CAST(? AS text), ?), (1, ?, ?)) AS w (place, k0, version)": the first row says the types of all.
std::string values_of(size_t rows, std::string_view names, const std::vector<std::string>& types) {
  std::string first, other, all;
  for (const std::string& type : types) {
    first += fmt::format(", CAST(? AS {})", type);
    other += ", ?";
  }
  for (size_t i = 0; i < rows; ++i) all += fmt::format("{}({}{})", i == 0 ? "" : ", ", i, i == 0 ? first : other);
  return fmt::format("(VALUES {}) AS w (place, {})", all, names);
}

struct JoinedKey {
  std::string names;               ///< "k0, k1"
  std::vector<std::string> types;  ///< of these
  std::string version_type;

  /// The key of the row `table` is that of w.
  std::string condition(const Dialect& dialect, const table::TableSpec& spec, std::string_view table) const {
    std::string text;
    for (size_t i = 0; i < spec.keys.size(); ++i) {
      text += fmt::format("{}{}.{} = w.k{}", i == 0 ? "" : " AND ", table, dialect.quote(spec.keys[i].column), i);
    }
    return text;
  }
};

JoinedKey joined_key(const Dialect& dialect, const table::TableSpec& spec) {
  JoinedKey key;
  const std::vector<ColumnDef> columns = dialect.history_columns(spec);
  for (size_t i = 0; i < spec.keys.size(); ++i) {
    key.names += fmt::format("{}k{}", i == 0 ? "" : ", ", i);
    key.types.push_back(columns[i].type);
  }
  key.version_type = dialect.types().text;
  return key;
}

/// What a window, and the newest row, are asked for.
std::string history_columns_of(const Dialect& dialect, std::string_view prefix) {
  const auto column = [&](std::string_view name) { return fmt::format("{}{}", prefix, dialect.quote(name)); };
  return fmt::format("{}, {}, {}", column("cdc_version"), dialect.time_text(column("valid_from")),
                     dialect.time_text(column("valid_to")));
}

std::string one_row(const Dialect& dialect, const table::TableSpec& spec) {
  return fmt::format("{} AND {} = ?", dialect.key_condition(spec), dialect.quote("cdc_version"));
}

}  // namespace

std::string history_insert(const Dialect& dialect, const table::TableSpec& spec, size_t rows) {
  std::vector<std::string> names;
  std::string row;
  for (const ColumnDef& column : dialect.history_columns(spec)) {
    names.push_back(column.name);
    row += row.empty() ? "(?" : ", ?";
  }
  row += ")";
  std::string values;
  for (size_t i = 0; i < rows; ++i) values += (i == 0 ? "" : ", ") + row;
  return dialect.bind(
      fmt::format("INSERT INTO {} ({}) VALUES {}", dialect.quote(spec.name), dialect.quote_list(names), values));
}

std::string history_window(const Dialect& dialect, const table::TableSpec& spec) {
  const std::string table = dialect.quote(spec.name), version = dialect.quote("cdc_version");
  const std::string key = dialect.key_condition(spec);
  const auto nearest = [&](std::string_view function, std::string_view side) {
    return fmt::format("COALESCE((SELECT {}({}) FROM {} WHERE {} AND {} {} ?), ?)", function, version, table, key, version,
                       side);
  };
  return dialect.bind(fmt::format("SELECT {1} FROM {2} WHERE {3} AND {0} >= {4} AND {0} <= {5}", version,
                                  history_columns_of(dialect, ""), table, key, nearest("MAX", "<"), nearest("MIN", ">")));
}

std::string history_windows(const Dialect& dialect, const table::TableSpec& spec, size_t ranges) {
  const std::string table = dialect.quote(spec.name), version = dialect.quote("cdc_version");
  JoinedKey key = joined_key(dialect, spec);
  const auto nearest = [&](std::string_view function, std::string_view side, std::string_view edge) {
    return fmt::format("COALESCE((SELECT {0}(b.{1}) FROM {2} AS b WHERE {3} AND b.{1} {4} w.{5}), w.{5})", function,
                       version, table, key.condition(dialect, spec, "b"), side, edge);
  };
  std::vector<std::string> types = key.types;
  types.insert(types.end(), 2, key.version_type);
  return dialect.bind(
      fmt::format("SELECT w.place, {1} FROM {2} JOIN {3} AS h ON {4} AND h.{0} >= {5} AND h.{0} <= {6}", version,
                  history_columns_of(dialect, "h."), values_of(ranges, key.names + ", lowest, highest", types), table,
                  key.condition(dialect, spec, "h"), nearest("MAX", "<", "lowest"), nearest("MIN", ">", "highest")));
}

std::string history_newest(const Dialect& dialect, const table::TableSpec& spec) {
  const std::string first = dialect.first_rows(1);
  if (first.empty()) return "";
  return dialect.bind(fmt::format("SELECT {} FROM {} WHERE {} ORDER BY {} DESC{}", history_columns_of(dialect, ""),
                                  dialect.quote(spec.name), dialect.key_condition(spec), dialect.quote("cdc_version"),
                                  first));
}

std::string history_newest_of(const Dialect& dialect, const table::TableSpec& spec, size_t keys) {
  const std::string table = dialect.quote(spec.name), version = dialect.quote("cdc_version");
  const JoinedKey key = joined_key(dialect, spec);
  std::string values, cells;
  for (const std::string& type : key.types) cells += fmt::format(", CAST(? AS {})", dialect.cast_type(type));
  for (size_t i = 0; i < keys; ++i) values += fmt::format("{}({}{})", i == 0 ? "" : ", ", i, cells);
  const std::string list = fmt::format("WITH w (place, {}) AS (VALUES {})", key.names, values);
  const auto newest = [&](std::string_view columns) {
    return fmt::format("(SELECT {} FROM {} AS b WHERE {} ORDER BY b.{} DESC{})", columns, table,
                       key.condition(dialect, spec, "b"), version, dialect.first_rows(1));
  };
  if (dialect.joins_values()) {
    return dialect.bind(fmt::format("{} SELECT w.place, {} FROM w JOIN LATERAL {} AS h ON TRUE", list,
                                    history_columns_of(dialect, "h."), newest("b.*")));
  }
  // Found by its version once more, which is one place of the index.
  return dialect.bind(fmt::format("{} SELECT w.place, {} FROM w JOIN {} AS h ON {} AND h.{} = {}", list,
                                  history_columns_of(dialect, "h."), table, key.condition(dialect, spec, "h"), version,
                                  newest("b." + version)));
}

std::string history_end(const Dialect& dialect, const table::TableSpec& spec) {
  return dialect.bind(fmt::format("UPDATE {} SET {} = ? WHERE {}", dialect.quote(spec.name), dialect.quote("valid_to"),
                                  one_row(dialect, spec)));
}

std::string history_ends(const Dialect& dialect, const table::TableSpec& spec, size_t rows) {
  const JoinedKey key = joined_key(dialect, spec);
  std::vector<std::string> types = {dialect.types().time};
  types.insert(types.end(), key.types.begin(), key.types.end());
  types.push_back(key.version_type);
  return dialect.bind(fmt::format("UPDATE {} AS h SET {} = w.ends FROM {} WHERE {} AND h.{} = w.version",
                                  dialect.quote(spec.name), dialect.quote("valid_to"),
                                  values_of(rows, "ends, " + key.names + ", version", types),
                                  key.condition(dialect, spec, "h"), dialect.quote("cdc_version")));
}

std::string history_removal(const Dialect& dialect, const table::TableSpec& spec) {
  return dialect.bind(fmt::format("DELETE FROM {} WHERE {}", dialect.quote(spec.name), one_row(dialect, spec)));
}

}  // namespace ctk::sink::sql
