#include "sink/sql/dialect.h"

#include <fmt/format.h>

#include <algorithm>

namespace ctk::sink::sql {
namespace {

std::vector<std::string> key_columns(const table::TableSpec& spec) {
  std::vector<std::string> keys;
  for (const table::KeyColumn& key : spec.keys) keys.push_back(key.column);
  return keys;
}

/// `last`: what the definition ends with, a key or an index.
std::string definition_of(const Dialect& dialect, const table::QualifiedName& name, std::span<const ColumnDef> columns,
                          const std::string& last) {
  std::string sql = dialect.create_table_words() + dialect.quote(name) + " (\n";
  for (const ColumnDef& column : columns) {
    sql += "  " + dialect.quote(column.name);
    if (!column.type.empty()) sql += " " + column.type;
    sql += column.suffix + ",\n";
  }
  return sql + "  " + last + ")";
}

}  // namespace

std::string Dialect::quote(std::string_view name) const {
  const char quote = traits().quote;
  std::string quoted(1, quote);
  for (const char c : name) {
    if (c == quote) quoted += quote;
    quoted += c;
  }
  return quoted + quote;
}

std::string Dialect::quote(const table::QualifiedName& name) const {
  return name.schema.empty() ? quote(name.table) : quote(name.schema) + "." + quote(name.table);
}

std::string Dialect::quote_list(std::span<const std::string> names) const {
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
  for (const char c : sql) {
    if (inside == '\0' && c == '?') {
      bound += placeholder(++n);
      continue;
    }
    if (c == traits().quote || c == '\'') inside = inside == '\0' ? c : (inside == c ? '\0' : inside);
    bound += c;
  }
  return bound;
}

std::string Dialect::tuples(size_t columns, size_t rows) {
  std::string one = "(";
  for (size_t column = 0; column < columns; ++column) one += column == 0 ? "?" : ", ?";
  one += ")";
  std::string text;
  for (size_t row = 0; row < rows; ++row) text += (row == 0 ? "" : ", ") + one;
  return text;
}

std::vector<ColumnDef> Dialect::columns(const table::TableSpec& spec) const {
  using Role = ColumnDef::Role;
  const ColumnTypes& declared = types();
  std::vector<ColumnDef> all;
  for (const table::KeyColumn& key : spec.keys) {
    const std::string type = key_type(key.column_type, all.size(), spec.keys.size());
    all.push_back({key.column, type, (type == declared.text ? declared.bytewise : "") + " NOT NULL", Role::key});
  }
  all.push_back({"data", declared.data, "", Role::data});
  all.push_back({"aux", declared.aux, "", Role::aux});
  all.push_back({"cdc_version", declared.text, declared.bytewise, Role::version});
  all.push_back({"cdc_deleted", declared.boolean, "", Role::deleted});
  all.push_back({"cdc_time", declared.time, "", Role::time});
  return all;
}

std::string Dialect::create_table(const table::TableSpec& spec) const {
  return definition_of(*this, spec.name, columns(spec), "PRIMARY KEY (" + quote_list(key_columns(spec)) + ")");
}

std::string Dialect::create_history(const table::TableSpec& spec) const {
  return definition_of(*this, spec.name, history_columns(spec), history_index(spec));
}

std::string Dialect::converted(const RetypedKey& changed, const std::string& name) const {
  return changed.wanted.type.empty() ? name : fmt::format("CAST({} AS {})", name, changed.wanted.type);
}

std::vector<std::string> Dialect::retype_keys(const table::TableSpec& spec, std::span<const RetypedKey> changed) const {
  table::TableSpec earlier = spec;
  earlier.name.table += "_before";
  std::vector<std::string> names;
  std::string values;
  for (const ColumnDef& column : columns(spec)) {
    names.push_back(column.name);
    const std::string name = quote(column.name);
    const auto other = std::ranges::find(changed, column.name, [](const RetypedKey& each) { return each.wanted.name; });
    values += (values.empty() ? "" : ", ") + (other == changed.end() ? name : converted(*other, name));
  }
  std::vector<std::string> sql;
  if (spec.options.live_view) sql.push_back(drop_view_if_there(view_name(spec)));
  sql.push_back(rename_table(spec.name, earlier.name.table));
  sql.push_back(create_table(spec));
  sql.push_back(fmt::format("INSERT INTO {} ({}) SELECT {} FROM {}", quote(spec.name), quote_list(names), values,
                            quote(earlier.name)));
  sql.push_back("DROP TABLE " + quote(earlier.name));
  if (std::string index = create_mark_index(spec); !index.empty()) sql.push_back(std::move(index));
  if (spec.options.live_view) sql.push_back(create_view(spec));
  return sql;
}

std::string Dialect::add_column(const table::TableSpec& spec, const ColumnDef& column) const {
  return "ALTER TABLE " + quote(spec.name) + " " + add_column_words() + quote(column.name) + " " + column.type +
         column.suffix;
}

table::QualifiedName Dialect::view_name(const table::TableSpec& spec) const {
  std::string name = spec.name.table + "_live";
  if (name.size() > traits().longest_identifier) name = table::map_table_name(target(), name);
  return {spec.name.schema, name};
}

std::string Dialect::select_living(const table::TableSpec& spec) const {
  std::vector<std::string> shown;
  for (const ColumnDef& column : columns(spec)) {
    using Role = ColumnDef::Role;
    if (column.role == Role::key || column.role == Role::data || column.role == Role::aux) shown.push_back(column.name);
  }
  return fmt::format("SELECT {}\n  FROM {}\n  WHERE {}", quote_list(shown), quote(spec.name),
                     is_not_true(quote("cdc_deleted")));
}

std::string Dialect::create_view(const table::TableSpec& spec) const {
  return "CREATE VIEW " + quote(view_name(spec)) + " AS\n  " + select_living(spec);
}

std::string Dialect::drop_view(const table::QualifiedName& name) const { return "DROP VIEW " + quote(name); }

std::string Dialect::drop_view_if_there(const table::QualifiedName& name) const {
  return "DROP VIEW IF EXISTS " + quote(name);
}

std::string Dialect::rename_table(const table::QualifiedName& from, const std::string& to) const {
  return fmt::format("ALTER TABLE {} RENAME TO {}", quote(from), quote(to));
}

table::QualifiedName Dialect::mark_index_name(const table::TableSpec& spec) const {
  std::string name = spec.name.table + "_cdc_deleted_idx";
  if (name.size() > traits().longest_identifier) name = table::map_table_name(target(), name);
  return {spec.name.schema, name};
}

std::string Dialect::key_condition(const table::TableSpec& spec) const {
  std::string condition;
  for (const table::KeyColumn& key : spec.keys) {
    if (!condition.empty()) condition += " AND ";
    condition += key_column(key) + " = ?";
  }
  return condition;
}

std::string Dialect::key_list(const table::TableSpec& spec) const {
  std::string list;
  for (const table::KeyColumn& key : spec.keys) list += (list.empty() ? "" : ", ") + key_column(key);
  return list;
}

std::string Dialect::key_in(const table::TableSpec& spec, size_t rows) const {
  if (spec.keys.size() == 1) return fmt::format("{} IN {}", key_column(spec.keys.front()), tuples(rows, 1));
  return fmt::format("({}) IN ({})", key_list(spec), tuples(spec.keys.size(), rows));
}

}  // namespace ctk::sink::sql
