// SQL that every database takes which has transactions: a guarded UPDATE, and then an INSERT of what is not there.
#include <fmt/format.h>

#include <algorithm>

#include "sink/sql/catalogue_dialect.h"

namespace ctk::sink::sql {
namespace {

using table::ColumnType;
using Role = ColumnDef::Role;

/// The number of the parameter that `column` is among `columns`, as a marker.
std::string marker_of(std::span<const std::string> columns, std::string_view column) {
  const auto place = std::ranges::find(columns, column);
  return "?" + std::to_string(place - columns.begin() + 1);
}

class GenericDialect final : public CatalogueDialect {
 public:
  using CatalogueDialect::CatalogueDialect;

  /// Steps share their parameters.
  std::string placeholder(size_t n) const override { return "?" + std::to_string(n); }

  const ColumnTypes& types() const override {
    static const ColumnTypes kTypes = {.text = "TEXT",
                                       .integer = "BIGINT",
                                       .time = "VARCHAR(40)",
                                       .boolean = "SMALLINT",
                                       .data = "TEXT",
                                       .aux = "TEXT",
                                       .bytewise = "",
                                       .own_key = "VARCHAR(255)",
                                       .table_name = "VARCHAR(255)",
                                       .history_version = "VARCHAR(160)"};
    return kTypes;
  }
  std::string time_text(const std::string& column) const override { return column; }
  std::string first_rows(size_t) const override { return ""; }

  std::string upsert(const table::TableSpec& spec, size_t) const override {
    const std::vector<std::string> names = column_names(spec);
    const std::string key = key_of(spec, names), version = quote("cdc_version");
    std::string set;
    for (const ColumnDef& column : columns(spec)) {
      if (column.role == Role::key) continue;
      set += fmt::format("{}{} = {}", set.empty() ? "" : ", ", quote(column.name), new_value(spec, column, names));
    }
    const std::string update = fmt::format("UPDATE {} SET {} WHERE {} AND ({} IS NULL OR {} < {})", quote(spec.name), set,
                                           key, version, version, marker_of(names, "cdc_version"));
    return update + std::string(kNextStep) + insert_missing(quote(spec.name), names, key);
  }
  std::string upsert_nothing(const table::TableSpec& spec) const override {
    const std::string name = quote("cdc_version");
    return fmt::format("UPDATE {} SET {} = {} WHERE 1 = 0", quote(spec.name), name, name);
  }

  std::string insert_if_absent(const Insert& insert) const override {
    if (insert.rows.starts_with("VALUES")) {
      return insert_missing(insert.into, insert.columns, key_of(insert.key, insert.columns));
    }
    std::string same;
    for (const std::string& column : insert.key) {
      same += fmt::format("{}t.{} = s.{}", same.empty() ? "" : " AND ", quote(column), quote(column));
    }
    return bind(fmt::format("INSERT INTO {} ({}) SELECT * FROM ({}) s WHERE NOT EXISTS (SELECT 1 FROM {} t WHERE {})",
                            insert.into, quote_list(insert.columns), insert.rows, insert.into, same));
  }
  std::string replace(const Insert& insert) const override {
    std::string set;
    for (const std::string& column : insert.columns) {
      if (std::ranges::find(insert.key, column) != insert.key.end()) continue;
      set += fmt::format("{}{} = {}", set.empty() ? "" : ", ", quote(column), marker_of(insert.columns, column));
    }
    const std::string key = key_of(insert.key, insert.columns);
    return fmt::format("UPDATE {} SET {} WHERE {}{}", insert.into, set, key, kNextStep) +
           insert_missing(insert.into, insert.columns, key);
  }
  std::string update_if_same(const Insert& insert, const std::string& changed,
                             std::span<const std::string> same) const override {
    const std::string key = key_of(insert.key, insert.columns);
    const std::string alike = key_of(same, insert.columns);
    return fmt::format("UPDATE {} SET {} = {} WHERE {} AND {}{}", insert.into, quote(changed),
                       marker_of(insert.columns, changed), key, alike, kNextStep) +
           insert_missing(insert.into, insert.columns, key);
  }

 protected:
  std::string key_type(ColumnType type, size_t, size_t) const override {
    return type == ColumnType::bigint ? "BIGINT" : "VARCHAR(255)";
  }

 private:
  /// `"pk" = ?1 AND "sk" = ?2`.
  std::string key_of(std::span<const std::string> key, std::span<const std::string> names) const {
    std::string condition;
    for (const std::string& column : key) {
      condition += fmt::format("{}{} = {}", condition.empty() ? "" : " AND ", quote(column), marker_of(names, column));
    }
    return condition;
  }
  std::string key_of(const table::TableSpec& spec, std::span<const std::string> names) const {
    std::vector<std::string> key;
    for (const table::KeyColumn& column : spec.keys) key.push_back(column.column);
    return key_of(key, names);
  }

  std::string new_value(const table::TableSpec& spec, const ColumnDef& column, std::span<const std::string> names) const {
    std::string given = marker_of(names, column.name);
    const bool content = column.role == Role::data || column.role == Role::aux;
    if (!content || spec.options.deletes != table::Deletes::soft) return given;
    // A mark without an image keeps the last content known.
    return fmt::format("CASE WHEN {} = 1 AND COALESCE({}, '') = '' THEN {} ELSE {} END", marker_of(names, "cdc_deleted"),
                       marker_of(names, "data"), quote(column.name), given);
  }

  /// One row, where none has its key: a count is a row in every case, and needs no table of one row (DUAL).
  std::string insert_missing(const std::string& into, std::span<const std::string> names, const std::string& key) const {
    std::string values;
    for (const std::string& name : names) values += (values.empty() ? "" : ", ") + marker_of(names, name);
    return fmt::format("INSERT INTO {} ({}) SELECT {} FROM (SELECT COUNT(*) AS n FROM {} WHERE {}) s WHERE s.n = 0", into,
                       quote_list(names), values, into, key);
  }
};

}  // namespace

std::unique_ptr<Dialect> make_generic_dialect(table::Target target) { return std::make_unique<GenericDialect>(target); }

}  // namespace ctk::sink::sql
