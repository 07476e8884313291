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

std::string text_literal(Target dialect, std::string_view text) {
  std::string literal = "'";
  for (const char c : text) {
    const bool doubled = c == '\'' || (c == '\\' && dialect->sql.lexical.backslashes);
    literal += std::string(doubled ? 2 : 1, c);
  }
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
    const bool letter = std::islower(c) || (dialect->sql.lexical.names_keep_case && std::isupper(c)) || c == '_';
    return letter || (std::isdigit(c) != 0);
  };
  return !name.empty() && !std::isdigit(static_cast<unsigned char>(name.front())) && std::ranges::all_of(name, fits);
}

std::string quoted(Target dialect, const std::string& name) {
  if (is_plain(dialect, name)) return name;
  std::string text(1, dialect->quote);
  for (const char c : name) text += std::string(c == dialect->quote ? 2 : 1, c);
  return text + dialect->quote;
}

}  // namespace

std::string list_tables_sql(Target dialect) { return std::string(dialect->sql.catalogue.tables); }

std::string describe_table_sql(Target dialect, const table::QualifiedName& name) {
  return fmt::format(fmt::runtime(dialect->sql.catalogue.columns), fmt::arg("schema", text_literal(dialect, name.schema)),
                     fmt::arg("table", text_literal(dialect, name.table)));
}

std::string list_names_sql(Target dialect) { return std::string(dialect->sql.catalogue.names); }

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
    const bool quoted = name.starts_with('"') || name.starts_with('`');
    if (begins_with(name, word) || (quoted && begins_with(name.substr(1), word))) found.push_back(name);
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
