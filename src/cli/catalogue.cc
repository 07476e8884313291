#include "cli/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

namespace ctk::cli {
namespace {

using table::Target;

constexpr auto kWords = std::to_array<std::string_view>({
    "ALTER TABLE", "ANALYZE",  "AND",        "AS",        "ASC",          "BEGIN",       "BETWEEN",       "BY",
    "CASE",        "CAST(",    "COMMIT",     "COUNT(",    "CREATE TABLE", "CREATE VIEW", "CROSS JOIN",    "DELETE FROM",
    "DESC",        "DISTINCT", "DROP TABLE", "DROP VIEW", "ELSE",         "END",         "EXISTS",        "EXPLAIN",
    "FALSE",       "FROM",     "GROUP BY",   "HAVING",    "IN",           "INNER JOIN",  "INSERT INTO",   "IS NOT NULL",
    "IS NULL",     "JOIN",     "LEFT JOIN",  "LIKE",      "LIMIT",        "MAX(",        "MIN(",          "NOT",
    "NULL",        "OFFSET",   "ON",         "OR",        "ORDER BY",     "PRAGMA",      "REFRESH TABLE", "RETURNING",
    "ROLLBACK",    "SELECT",   "SET",        "SHOW",      "SUM(",         "THEN",        "TRUE",          "UNION",
    "UPDATE",      "USING",    "VALUES",     "WHEN",      "WHERE",        "WITH",
});

std::string text_literal(std::string_view text) {
  std::string literal = "'";
  for (const char c : text) literal += c == '\'' ? std::string("''") : std::string(1, c);
  return literal + "'";
}

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool begins_with(std::string_view text, std::string_view beginning) {
  if (text.size() < beginning.size()) return false;
  return std::ranges::equal(text.substr(0, beginning.size()), beginning, {}, lower, lower);
}

/// A name that the database would read as it is.
bool is_plain(Target dialect, std::string_view name) {
  const auto fits = [&](unsigned char c) {
    const bool letter = std::islower(c) || (dialect == Target::sqlite && std::isupper(c)) || c == '_';
    return letter || (std::isdigit(c) != 0);
  };
  return !name.empty() && !std::isdigit(static_cast<unsigned char>(name.front())) && std::ranges::all_of(name, fits);
}

std::string quoted(Target dialect, const std::string& name) {
  if (is_plain(dialect, name)) return name;
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

}  // namespace

std::string list_tables_sql(Target dialect) {
  if (dialect == Target::postgres) {
    return "SELECT n.nspname AS \"schema\", c.relname AS \"table\", CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN "
           "'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'table' END AS \"kind\" FROM pg_catalog.pg_class c "
           "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND "
           "n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1, 2";
  }
  if (dialect == Target::cratedb) {
    return "SELECT table_schema AS \"schema\", table_name AS \"table\", CASE table_type WHEN 'BASE TABLE' THEN 'table' "
           "ELSE lower(table_type) END AS \"kind\" FROM information_schema.tables WHERE table_schema NOT IN "
           "('information_schema', 'pg_catalog', 'sys', 'blob') ORDER BY 1, 2";
  }
  return "SELECT 'main' AS \"schema\", name AS \"table\", type AS \"kind\" FROM sqlite_master WHERE type IN ('table', "
         "'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
}

std::string describe_table_sql(Target dialect, const table::QualifiedName& name) {
  const std::string schema = text_literal(name.schema);
  const std::string table = text_literal(name.table);
  if (dialect == Target::postgres) {
    return fmt::format(
        "SELECT a.attname AS \"column\", pg_catalog.format_type(a.atttypid, a.atttypmod) AS \"type\", NOT a.attnotnull "
        "AS "
        "\"nullable\", EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND "
        "a.attnum = ANY (i.indkey)) AS \"key\" FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = "
        "a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = {} AND c.relname = {} AND "
        "a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
        schema, table);
  }
  if (dialect == Target::cratedb) {
    return fmt::format(
        "SELECT c.column_name AS \"column\", c.data_type AS \"type\", c.is_nullable = 'YES' AS \"nullable\", "
        "k.column_name IS "
        "NOT "
        "NULL AS \"key\" FROM information_schema.columns c LEFT JOIN information_schema.key_column_usage k ON "
        "k.table_schema = c.table_schema AND k.table_name = c.table_name AND k.column_name = c.column_name WHERE "
        "c.table_schema = {} AND c.table_name = {} ORDER BY c.ordinal_position",
        schema, table);
  }
  return fmt::format(
      "SELECT name AS \"column\", type, CASE \"notnull\" WHEN 0 THEN 'true' ELSE 'false' END AS \"nullable\", CASE pk "
      "WHEN 0 THEN 'false' ELSE 'true' END AS \"key\" FROM pragma_table_info({})",
      table);
}

std::string list_names_sql(Target dialect) {
  constexpr int kMost = 5000;
  if (dialect == Target::postgres || dialect == Target::cratedb) {
    return fmt::format(
        "SELECT table_schema, table_name, column_name FROM information_schema.columns WHERE table_schema NOT IN "
        "('information_schema', 'pg_catalog', 'sys', 'blob') AND column_name NOT LIKE '%[%' LIMIT {}",
        kMost);
  }
  return fmt::format(
      "SELECT 'main', m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type IN ('table', "
      "'view') "
      "LIMIT {}",
      kMost);
}

std::vector<std::string> names_to_offer(Target dialect, const sink::ResultSet& names) {
  std::set<std::string> offered;
  for (const auto& row : names.rows) {
    for (const auto& cell : row) {
      if (cell) offered.insert(quoted(dialect, *cell));
    }
  }
  return {offered.begin(), offered.end()};
}

std::vector<std::string> completions(const std::string& word, const std::vector<std::string>& names) {
  std::vector<std::string> found;
  for (const std::string& name : names) {
    if (begins_with(name, word) || (name.starts_with('"') && begins_with(name.substr(1), word))) found.push_back(name);
  }
  const bool small = !word.empty() && std::islower(static_cast<unsigned char>(word.front())) != 0;
  for (const std::string_view each : kWords) {
    if (word.empty() || !begins_with(each, word)) continue;
    std::string offered(each);
    if (small) std::ranges::transform(offered, offered.begin(), lower);
    if (std::ranges::find(found, offered) == found.end()) found.push_back(std::move(offered));
  }
  return found;
}

}  // namespace ctk::cli
