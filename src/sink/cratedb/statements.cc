#include "sink/cratedb/statements.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"

namespace ctk::sink::cratedb {
namespace {

using table::ColumnType;
using table::Layout;
using table::LearnedType;
using table::TableSpec;

std::string quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (char c : text) {
    out += c;
    if (c == quote) out += quote;
  }
  return out += quote;
}

/// Joins what `text_of` makes of each item.
template <class Items, class TextOf>
std::string joined(const Items& items, std::string_view separator, TextOf text_of) {
  std::string out;
  for (const auto& item : items) {
    if (!out.empty()) out += separator;
    out += text_of(item);
  }
  return out;
}

std::string_view learned_type_ddl(LearnedType::Kind kind) {
  using enum LearnedType::Kind;
  switch (kind) {
    case text: return "TEXT";
    case double_precision: return "DOUBLE PRECISION";
    case bigint: return "BIGINT";
    case boolean: return "BOOLEAN";
    case object: return "OBJECT(STRICT)";
    case object_array_ignored: return "ARRAY(OBJECT(IGNORED))";
    case text_array: return "ARRAY(TEXT)";
    case double_array: return "ARRAY(DOUBLE PRECISION)";
    case bigint_array: return "ARRAY(BIGINT)";
    case boolean_array: return "ARRAY(BOOLEAN)";
    case unusable: break;
  }
  return "OBJECT(IGNORED)";
}

std::string key_definitions(const TableSpec& spec) {
  const bool single = spec.keys.size() == 1;
  auto define = [&](const table::KeyColumn& key) {
    const bool inline_key = single || spec.options.layout == Layout::ctk;
    return fmt::format("{} {}{}", quote_identifier(key.column), ascii_upper(type_name(key.column_type)),
                       inline_key ? " PRIMARY KEY" : "");
  };
  if (spec.options.layout == Layout::ctk) {
    return fmt::format("  \"pk\" OBJECT(STRICT) AS ({})", joined(spec.keys, ", ", define));
  }
  return joined(spec.keys, ",\n", [&](const auto& key) { return "  " + define(key); });
}

constexpr std::string_view kNewer = "excluded.\"cdc_version\" > coalesce(\"cdc_version\", '')";

/// `deletes=soft` keeps the last content known where the delete brings none.
std::string content_guard(const TableSpec& spec) {
  if (spec.options.deletes != table::Deletes::soft) return std::string(kNewer);
  return fmt::format("{} AND NOT (excluded.\"cdc_deleted\" AND excluded.\"data\" IS NULL AND excluded.\"aux\" IS NULL)",
                     kNewer);
}

std::string guarded(std::string_view column, std::string_view guard) {
  const std::string name = quote_identifier(column);
  return fmt::format("  {0} = CASE WHEN {1} THEN excluded.{0} ELSE {0} END", name, guard);
}

}  // namespace

std::string quote_identifier(std::string_view name) { return quoted(name, '"'); }
std::string quote_text(std::string_view text) { return quoted(text, '\''); }

std::string quote_name(const table::QualifiedName& name) {
  if (name.schema.empty()) return quote_identifier(name.table);
  return quote_identifier(name.schema) + "." + quote_identifier(name.table);
}

std::string subscript(std::string_view column, const table::Path& path) {
  std::string out = quote_identifier(column);
  for (const std::string& step : path) out += "[" + quote_text(step) + "]";
  return out;
}

std::string key_reference(const TableSpec& spec, const table::KeyColumn& key) {
  if (spec.options.layout == Layout::ctk) return subscript("pk", {key.column});
  return quote_identifier(key.column);
}

std::string key_list(const TableSpec& spec) {
  return joined(spec.keys, ", ", [&](const auto& key) { return key_reference(spec, key); });
}

std::string key_columns(const TableSpec& spec) {
  if (spec.options.layout == Layout::ctk) return "\"pk\"";
  return key_list(spec);
}

std::string key_condition(const TableSpec& spec) {
  return joined(spec.keys, " AND ", [&](const auto& key) { return key_reference(spec, key) + " = ?"; });
}

std::string type_name(ColumnType type) {
  switch (type) {
    case ColumnType::bigint: return "bigint";
    case ColumnType::double_precision: return "double precision";
    case ColumnType::boolean: return "boolean";
    case ColumnType::numeric: return "numeric(38,0)";
    case ColumnType::text:
    case ColumnType::binary:
    case ColumnType::untyped: break;
  }
  return "text";
}

bool data_is_ignored(const table::TableOptions& options) {
  return !options.typed || options.encoding == table::Encoding::dynamodb;
}

std::string create_table(const TableSpec& spec) {
  std::string primary_key;
  if (spec.options.layout != Layout::ctk && spec.keys.size() > 1) {
    primary_key = fmt::format(",\n  PRIMARY KEY ({})", key_list(spec));
  }
  return fmt::format(
      "CREATE TABLE IF NOT EXISTS {} (\n{},\n  \"data\" OBJECT({}),\n  \"aux\" OBJECT(IGNORED),\n"
      "  \"cdc_version\" TEXT,\n  \"cdc_deleted\" BOOLEAN,\n  \"cdc_time\" TIMESTAMP WITH TIME ZONE{}\n)",
      quote_name(spec.name), key_definitions(spec), data_is_ignored(spec.options) ? "IGNORED" : "STRICT", primary_key);
}

std::string select_living(const TableSpec& spec) {
  return fmt::format("SELECT {}, \"data\", \"aux\" FROM {} WHERE NOT coalesce(\"cdc_deleted\", false)", key_columns(spec),
                     quote_name(spec.name));
}

std::string create_live_view(const TableSpec& spec) {
  table::QualifiedName view = spec.name;
  view.table += "_live";
  return fmt::format("CREATE VIEW {} AS\n{}", quote_name(view), select_living(spec));
}

std::string drop_view(const table::QualifiedName& name) { return "DROP VIEW IF EXISTS " + quote_name(name); }

std::string add_columns(const table::QualifiedName& name, const std::vector<table::NewColumn>& columns) {
  return fmt::format("ALTER TABLE {}\n  {}", quote_name(name), joined(columns, ",\n  ", [](const auto& column) {
                       return fmt::format("ADD COLUMN {} {}", subscript("data", column.path),
                                          learned_type_ddl(column.type.kind));
                     }));
}

const std::vector<std::pair<std::string, std::string>>& own_columns() {
  static const std::vector<std::pair<std::string, std::string>> columns = {
      {"cdc_version", "text"}, {"cdc_deleted", "boolean"}, {"cdc_time", "timestamp with time zone"}};
  return columns;
}

std::string add_own_columns(const table::QualifiedName& name, const std::vector<std::string>& missing) {
  std::string list;
  for (const auto& [column, type] : own_columns()) {
    if (std::find(missing.begin(), missing.end(), column) == missing.end()) continue;
    if (!list.empty()) list += ",\n  ";
    list += fmt::format("ADD COLUMN {} {}", quote_identifier(column), ascii_upper(type));
  }
  return fmt::format("ALTER TABLE {}\n  {}", quote_name(name), list);
}

std::string upsert(const TableSpec& spec) {
  const size_t keys = spec.options.layout == Layout::ctk ? 1 : spec.keys.size();
  std::string places;
  for (size_t i = 0; i < keys; i++) places += "?, ";
  const std::string content = content_guard(spec);
  return fmt::format(
      "INSERT INTO {} ({}, \"data\", \"aux\", \"cdc_version\", \"cdc_deleted\", \"cdc_time\")\n"
      "VALUES ({}?, ?, ?, ?, ?)\nON CONFLICT ({}) DO UPDATE SET\n{},\n{},\n{},\n{},\n{}",
      quote_name(spec.name), key_columns(spec), places, key_list(spec), guarded("data", content), guarded("aux", content),
      guarded("cdc_version", kNewer), guarded("cdc_deleted", kNewer), guarded("cdc_time", kNewer));
}

std::string select_due_tombstones(const TableSpec& spec) {
  return fmt::format(
      "SELECT {}, \"cdc_version\", \"_seq_no\", \"_primary_term\" FROM {} WHERE \"cdc_deleted\" AND \"cdc_time\" < ? "
      "LIMIT ?",
      key_list(spec), quote_name(spec.name));
}

std::string select_older(const TableSpec& spec) {
  std::string older = "\"cdc_version\" < ?";
  if (spec.options.adopt) older = "(" + older + " OR \"cdc_version\" IS NULL)";
  if (spec.options.deletes == table::Deletes::soft) older += " AND coalesce(\"cdc_deleted\", FALSE) = FALSE";
  return fmt::format("SELECT {}, \"cdc_version\", \"_seq_no\", \"_primary_term\" FROM {} WHERE {} LIMIT ?", key_list(spec),
                     quote_name(spec.name), older);
}

std::string bury_older(const TableSpec& spec) {
  return fmt::format("UPDATE {} SET \"cdc_deleted\" = TRUE WHERE {} AND \"_seq_no\" = ? AND \"_primary_term\" = ?",
                     quote_name(spec.name), key_condition(spec));
}

std::string delete_tombstone(const TableSpec& spec) {
  return fmt::format("DELETE FROM {} WHERE {} AND \"_seq_no\" = ? AND \"_primary_term\" = ?", quote_name(spec.name),
                     key_condition(spec));
}

std::string select_rows(const TableSpec& spec, size_t rows) {
  const std::vector<std::string> conditions(rows, "(" + key_condition(spec) + ")");
  return fmt::format("SELECT {}, \"cdc_version\", coalesce(\"cdc_deleted\", FALSE) FROM {} WHERE {}", key_list(spec),
                     quote_name(spec.name), fmt::join(conditions, " OR "));
}

std::string select_whole_rows(const TableSpec& spec, size_t rows) {
  const std::vector<std::string> conditions(rows, "(" + key_condition(spec) + ")");
  return fmt::format("SELECT {}, \"data\", \"aux\", \"cdc_version\", coalesce(\"cdc_deleted\", FALSE) FROM {} WHERE {}",
                     key_list(spec), quote_name(spec.name), fmt::join(conditions, " OR "));
}

namespace {

std::string select_walked(const TableSpec& spec, std::string_view content, const std::vector<KeyOrder>& behind,
                          KeyOrder order, size_t limit) {
  const auto ordered = [&](const table::KeyColumn& key, KeyOrder by) {
    const std::string column = key_reference(spec, key);
    return by == KeyOrder::utf16 && type_name(key.column_type) == "text" ? "concat(" + column + ", '')" : column;
  };
  std::string condition;
  for (const KeyOrder by : behind) {
    if (spec.keys.size() == 1) condition += fmt::format(" AND {} > ?", ordered(spec.keys[0], by));
    if (spec.keys.size() == 2) {
      condition += fmt::format(" AND ({} > ? OR ({} = ? AND {} > ?))", ordered(spec.keys[0], by),
                               key_reference(spec, spec.keys[0]), ordered(spec.keys[1], by));
    }
  }
  return fmt::format("SELECT {}{} FROM {} WHERE coalesce(\"cdc_deleted\", FALSE) = FALSE{} ORDER BY {} LIMIT {}",
                     key_list(spec), content, quote_name(spec.name), condition,
                     joined(spec.keys, ", ", [&](const auto& key) { return ordered(key, order); }), limit);
}

}  // namespace

std::string select_living_keys(const TableSpec& spec, const std::vector<KeyOrder>& behind, KeyOrder order, size_t limit) {
  return select_walked(spec, "", behind, order, limit);
}

std::string select_living_rows(const TableSpec& spec, const std::vector<KeyOrder>& behind, KeyOrder order, size_t limit) {
  return select_walked(spec, ", \"data\", \"aux\"", behind, order, limit);
}

std::string select_guard(const TableSpec& spec) {
  return fmt::format("SELECT \"cdc_version\", \"_seq_no\", \"_primary_term\" FROM {} WHERE {}", quote_name(spec.name),
                     key_condition(spec));
}

std::string rewrite_row(const TableSpec& spec) {
  return fmt::format(
      "UPDATE {} SET \"data\" = ?, \"aux\" = ?, \"cdc_deleted\" = ? WHERE {} AND \"_seq_no\" = ? AND \"_primary_term\" = ?",
      quote_name(spec.name), key_condition(spec));
}

std::string mark_row(const TableSpec& spec) {
  if (spec.options.deletes == table::Deletes::soft) return bury_older(spec);
  return fmt::format(
      "UPDATE {} SET \"data\" = NULL, \"aux\" = NULL, \"cdc_deleted\" = TRUE WHERE {} AND \"_seq_no\" = ? AND "
      "\"_primary_term\" = ?",
      quote_name(spec.name), key_condition(spec));
}

std::string select_highest_version(const table::QualifiedName& name) {
  return fmt::format(
      "SELECT \"cdc_version\" FROM {} WHERE \"cdc_version\" IS NOT NULL ORDER BY \"cdc_version\" DESC LIMIT 1",
      quote_name(name));
}

std::string count_tombstones(const table::QualifiedName& name) {
  return fmt::format("SELECT count(*) FROM {} WHERE \"cdc_deleted\"", quote_name(name));
}

std::string count_rows(const table::QualifiedName& name) {
  return fmt::format("SELECT count(*) FROM {}", quote_name(name));
}

std::string refresh(const table::QualifiedName& name) { return "REFRESH TABLE " + quote_name(name); }

}  // namespace ctk::sink::cratedb
