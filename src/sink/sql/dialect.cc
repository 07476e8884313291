#include "sink/sql/dialect.h"

#include "table/spec.h"

namespace ctk::sink::sql {
namespace {

std::string assignment(const ColumnDef& column, bool keep_content) {
  std::string name = Dialect::quote(column.name);
  std::string text = name + " = excluded." + name;
  bool content = column.role == ColumnDef::Role::data || column.role == ColumnDef::Role::aux;
  if (!content || !keep_content) return text;
  // A mark without an image keeps the last content known.
  return name + " = CASE WHEN excluded.\"cdc_deleted\" AND excluded.\"data\" IS NULL THEN t." + name + " ELSE excluded." +
         name + " END";
}

std::string value_tuples(const Dialect& dialect, size_t columns, size_t rows) {
  std::string text;
  size_t n = 0;
  for (size_t row = 0; row < rows; ++row) {
    text += row == 0 ? "(" : ", (";
    for (size_t column = 0; column < columns; ++column) {
      if (column > 0) text += ", ";
      text += dialect.placeholder(++n);
    }
    text += ")";
  }
  return text;
}

}  // namespace

std::string Dialect::quote(std::string_view name) {
  std::string quoted = "\"";
  for (char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string Dialect::quote(const table::QualifiedName& name) {
  return name.schema.empty() ? quote(name.table) : quote(name.schema) + "." + quote(name.table);
}

std::string Dialect::quote_list(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    if (!list.empty()) list += ", ";
    list += quote(name);
  }
  return list;
}

std::string Dialect::bind(std::string_view sql) const {
  std::string bound;
  char inside = '\0';
  size_t n = 0;
  for (char c : sql) {
    if (inside == '\0' && c == '?') {
      bound += placeholder(++n);
      continue;
    }
    if (c == '"' || c == '\'') inside = inside == '\0' ? c : (inside == c ? '\0' : inside);
    bound += c;
  }
  return bound;
}

std::vector<ColumnDef> Dialect::columns(const table::TableSpec& spec) const {
  using Role = ColumnDef::Role;
  std::vector<ColumnDef> all;
  for (const table::KeyColumn& key : spec.keys) {
    all.push_back({key.column, key_type(key.column_type), key_suffix(key.column_type) + " NOT NULL", Role::key});
  }
  all.push_back({"data", data_type(), "", Role::data});
  all.push_back({"aux", aux_type(), "", Role::aux});
  all.push_back({"cdc_version", text_type(), version_suffix(), Role::version});
  all.push_back({"cdc_deleted", "boolean", "", Role::deleted});
  all.push_back({"cdc_time", time_type(), "", Role::time});
  return all;
}

std::string Dialect::create_table(const table::TableSpec& spec) const {
  std::string sql = "CREATE TABLE IF NOT EXISTS " + quote(spec.name) + " (\n";
  for (const ColumnDef& column : columns(spec)) {
    sql += "  " + quote(column.name);
    if (!column.type.empty()) sql += " " + column.type;
    sql += column.suffix + ",\n";
  }
  std::vector<std::string> keys;
  for (const table::KeyColumn& key : spec.keys) keys.push_back(key.column);
  return sql + "  PRIMARY KEY (" + quote_list(keys) + "))";
}

std::string Dialect::add_column(const table::TableSpec& spec, const ColumnDef& column) const {
  return "ALTER TABLE " + quote(spec.name) + " ADD COLUMN " + quote(column.name) + " " + column.type + column.suffix;
}

table::QualifiedName Dialect::view_name(const table::TableSpec& spec) const {
  constexpr size_t kLongestPostgresName = 63;
  std::string name = spec.name.table + "_live";
  if (target() == table::Target::postgres && name.size() > kLongestPostgresName) {
    name = table::map_table_name(target(), name);
  }
  return {spec.name.schema, name};
}

std::string Dialect::select_living(const table::TableSpec& spec) const {
  std::vector<std::string> shown;
  for (const ColumnDef& column : columns(spec)) {
    using Role = ColumnDef::Role;
    if (column.role == Role::key || column.role == Role::data || column.role == Role::aux) shown.push_back(column.name);
  }
  return "SELECT " + quote_list(shown) + "\n  FROM " + quote(spec.name) + "\n  WHERE \"cdc_deleted\" IS NOT TRUE";
}

std::string Dialect::create_view(const table::TableSpec& spec) const {
  return "CREATE VIEW " + quote(view_name(spec)) + " AS\n  " + select_living(spec);
}

std::string Dialect::drop_view(const table::QualifiedName& name) const { return "DROP VIEW " + quote(name); }

table::QualifiedName Dialect::mark_index_name(const table::TableSpec& spec) const {
  std::string index = spec.name.table + "_cdc_deleted_idx";
  if (index.size() > 63) index = table::map_table_name(table::Target::postgres, index);
  return {spec.name.schema, index};
}

std::string Dialect::create_mark_index(const table::TableSpec& spec) const {
  bool named_in_schema = target() == table::Target::sqlite;  // PostgreSQL puts an index beside its table
  const table::QualifiedName index = mark_index_name(spec);
  std::string name = named_in_schema ? quote(index) : quote(index.table);
  std::string on = named_in_schema ? quote(spec.name.table) : quote(spec.name);
  return "CREATE INDEX IF NOT EXISTS " + name + " ON " + on + " (\"cdc_deleted\") WHERE \"cdc_deleted\"";
}

std::string Dialect::upsert(const table::TableSpec& spec, size_t rows) const {
  return upsert_of(spec, "VALUES " + value_tuples(*this, columns(spec).size(), rows));
}

std::string Dialect::upsert_nothing(const table::TableSpec& spec) const {
  std::string nulls;
  for (size_t i = 0; i < columns(spec).size(); ++i) nulls += i == 0 ? "NULL" : ", NULL";
  return upsert_of(spec, "SELECT " + nulls + " WHERE FALSE");
}

std::string Dialect::upsert_of(const table::TableSpec& spec, const std::string& rows) const {
  bool keep_content = spec.options.deletes == table::Deletes::soft;
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
  return "INSERT INTO " + quote(spec.name) + " AS t (" + quote_list(names) + ") " + rows + " ON CONFLICT (" +
         quote_list(keys) + ") DO UPDATE SET " + assignments + " WHERE t.\"cdc_version\" IS NULL OR " +
         bytewise("excluded.\"cdc_version\"") + " > " + bytewise("t.\"cdc_version\"") + returning();
}

std::string Dialect::key_condition(const table::TableSpec& spec) {
  std::string condition;
  for (const table::KeyColumn& key : spec.keys) {
    if (!condition.empty()) condition += " AND ";
    condition += quote(key.column) + " = ?";
  }
  return condition;
}

}  // namespace ctk::sink::sql
