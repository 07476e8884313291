#include "sink/sql/conflict_dialect.h"

#include <fmt/format.h>

#include <algorithm>

namespace ctk::sink::sql {

std::string ConflictDialect::assignment(const ColumnDef& column, bool keep_content) const {
  const std::string name = quote(column.name);
  const bool content = column.role == ColumnDef::Role::data || column.role == ColumnDef::Role::aux;
  if (!content || !keep_content) return fmt::format("{0} = excluded.{0}", name);
  // A mark without an image keeps the last content known.
  return fmt::format("{0} = CASE WHEN excluded.{1} AND excluded.{2} IS NULL THEN t.{0} ELSE excluded.{0} END", name,
                     quote("cdc_deleted"), quote("data"));
}

std::string ConflictDialect::upsert(const table::TableSpec& spec, size_t rows) const {
  return bind(upsert_of(spec, "VALUES " + tuples(columns(spec).size(), rows)));
}

std::string ConflictDialect::upsert_nothing(const table::TableSpec& spec) const {
  std::string nulls;
  for (size_t i = 0; i < columns(spec).size(); ++i) nulls += i == 0 ? "NULL" : ", NULL";
  return upsert_of(spec, "SELECT " + nulls + " WHERE FALSE");
}

std::string ConflictDialect::upsert_of(const table::TableSpec& spec, const std::string& rows) const {
  const bool keep_content = spec.options.deletes == table::Deletes::soft;
  std::vector<std::string> names, keys;
  std::string assignments;
  for (const ColumnDef& column : columns(spec)) {
    names.push_back(column.name);
    if (column.role == ColumnDef::Role::key) {
      keys.push_back(column.name);
      continue;
    }
    if (!assignments.empty()) assignments += ", ";
    assignments += assignment(column, keep_content);
  }
  const std::string version = quote("cdc_version");
  return fmt::format("INSERT INTO {} AS t ({}) {} ON CONFLICT ({}) DO UPDATE SET {} WHERE t.{} IS NULL OR {} > {}{}",
                     quote(spec.name), quote_list(names), rows, quote_list(keys), assignments, version,
                     bytewise("excluded." + version), bytewise("t." + version), returning());
}

std::string ConflictDialect::insert_if_absent(const Insert& insert) const {
  return bind(fmt::format("INSERT INTO {} ({}) {} ON CONFLICT ({}) DO NOTHING", insert.into, quote_list(insert.columns),
                          insert.rows, quote_list(insert.key)));
}

std::string ConflictDialect::replace(const Insert& insert) const {
  std::string assignments;
  for (const std::string& column : insert.columns) {
    if (std::ranges::find(insert.key, column) != insert.key.end()) continue;
    assignments += fmt::format("{0}{1} = excluded.{1}", assignments.empty() ? "" : ", ", quote(column));
  }
  return bind(fmt::format("INSERT INTO {} ({}) {} ON CONFLICT ({}) DO UPDATE SET {}", insert.into,
                          quote_list(insert.columns), insert.rows, quote_list(insert.key), assignments));
}

std::string ConflictDialect::update_if_same(const Insert& insert, const std::string& changed,
                                            std::span<const std::string> same) const {
  std::string condition;
  for (const std::string& column : same) {
    condition += fmt::format("{0}t.{1} = excluded.{1}", condition.empty() ? "" : " AND ", quote(column));
  }
  return bind(fmt::format("INSERT INTO {0} AS t ({1}) {2} ON CONFLICT ({3}) DO UPDATE SET {4} = excluded.{4} WHERE {5}",
                          insert.into, quote_list(insert.columns), insert.rows, quote_list(insert.key), quote(changed),
                          condition));
}

}  // namespace ctk::sink::sql
