#include "sink/sql/odbc_catalogue.h"

#include <algorithm>
#include <cstdlib>

#include "base/ascii.h"
#include "sink/sql/catalogue_dialect.h"
#include "sink/sql/odbc_results.h"

namespace ctk::sink::sql {
namespace {

// The columns of ODBC's answers, from 0 (SQLTables, SQLColumns, SQLPrimaryKeys in its reference).
constexpr size_t kSchema = 1, kTable = 2, kTableType = 3;
constexpr size_t kColumnName = 3, kTypeName = 5, kNullable = 10, kDefault = 12;
constexpr size_t kKeyColumn = 3, kKeyPlace = 4;

struct Asked {
  std::string schema, table;
};

SQLCHAR* chars_of(const std::string& text) {
  return text.empty() ? nullptr : reinterpret_cast<SQLCHAR*>(const_cast<char*>(text.data()));  // NOLINT: as in ODBC
}
SQLSMALLINT size_of(const std::string& text) { return static_cast<SQLSMALLINT>(text.size()); }

/// A pattern that finds the name, and others: `_` and `%` stand for more than themselves, and so does `_` for the
/// backslash, which drivers escape in their own ways. What is found is compared.
std::string as_pattern(std::string name) {
  std::ranges::replace(name, '\\', '_');
  return name;
}

std::string cell(const Cells& row, size_t place) { return place < row.size() ? row[place].value_or("") : ""; }

std::string kind_of_relation(const std::string& type) {
  const std::string name = ascii_lower(type);
  if (name == "table" || name == "base table") return "a table";
  return "a " + name;
}

/// Calls the function that has the answer.
SQLRETURN ask_catalogue(const OdbcHandle& handle, std::string_view question, const Asked& asked) {
  const OdbcLibrary& odbc = *odbc_library();
  if (question == kKeysQuestion) {
    return odbc.PrimaryKeys(handle.get(), nullptr, 0, chars_of(asked.schema), size_of(asked.schema), chars_of(asked.table),
                            size_of(asked.table));
  }
  const std::string schema = as_pattern(asked.schema), name = as_pattern(asked.table);
  const auto call = question == kRelationQuestion ? odbc.Tables : odbc.Columns;
  return call(handle.get(), nullptr, 0, chars_of(schema), size_of(schema), chars_of(name), size_of(name), nullptr, 0);
}

/// A row of ODBC's as the sink reads it; the place of a key's column goes before, for the order.
Cells filled_in(std::string_view question, const Cells& row) {
  if (question == kRelationQuestion) {
    return {kind_of_relation(cell(row, kTableType)), std::nullopt, std::nullopt, std::nullopt};
  }
  if (question == kKeysQuestion) return {"", cell(row, kKeyColumn), std::nullopt};
  const bool has_default = !cell(row, kDefault).empty() && ascii_lower(cell(row, kDefault)) != "null";
  return {cell(row, kColumnName), cell(row, kTypeName), cell(row, kNullable) == "0" ? "1" : "0", has_default ? "1" : "0"};
}

}  // namespace

bool OdbcCatalogue::is_same(const std::string& name, const std::string& wanted) const {
  return folds_case_ ? ascii_lower(name) == ascii_lower(wanted) : name == wanted;
}

SqlResult<Answer> OdbcCatalogue::answer(const Statement& question) const {
  Answer answer;
  if (question.sql == kProductQuestion) {
    answer.rows.push_back({connection_.text(SQL_DBMS_NAME) + " " + connection_.text(SQL_DBMS_VER)});
    answer.affected.push_back(1);
    return answer;
  }
  const Asked asked{std::string(question.params.at(0).text), std::string(question.params.at(1).text)};
  const OdbcHandle handle = connection_.statement();
  const auto failed = [&] { return std::unexpected(odbc_failure(dialect_, diagnose(handle), shown_)); };
  if (!SQL_SUCCEEDED(ask_catalogue(handle, question.sql, asked))) return failed();
  std::optional<std::string> schema;
  std::vector<std::pair<int, Cells>> rows;
  const std::vector<OdbcColumn> columns = columns_of(handle);
  Cells row;
  Fetched fetched = fetch_row(handle, columns, false, row);
  for (; fetched == Fetched::row; fetched = fetch_row(handle, columns, false, row)) {
    // Patterns say more than names; and of several schemas, where none was named, one is meant.
    const std::string found_in = cell(row, kSchema);
    const bool in_schema = asked.schema.empty() || found_in.empty() || is_same(found_in, asked.schema);
    if (!is_same(cell(row, kTable), asked.table) || !in_schema || found_in != schema.value_or(found_in)) continue;
    schema = found_in;
    const bool key = question.sql == kKeysQuestion;
    rows.emplace_back(key ? static_cast<int>(std::strtol(cell(row, kKeyPlace).c_str(), nullptr, 10)) : 0,
                      filled_in(question.sql, row));
  }
  if (fetched != Fetched::end) return failed();
  std::ranges::stable_sort(rows, {}, &std::pair<int, Cells>::first);
  for (auto& [place, cells] : rows) answer.rows.push_back(std::move(cells));
  answer.affected.push_back(static_cast<int64_t>(answer.rows.size()));
  return answer;
}

}  // namespace ctk::sink::sql
