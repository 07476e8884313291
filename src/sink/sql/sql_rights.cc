#include "sink/sql/sql_rights.h"

#include <fmt/format.h>

namespace ctk::sink::sql {
namespace {

bool is_needed(const std::string& table, const std::string& right, const table::TableSpec& spec, bool positions) {
  if (table == spec.name.table) return right != "DELETE" || spec.options.deletes != table::Deletes::soft;
  if (table == "ctk_positions") return positions;
  if (table == "ctk_tables") return right != "DELETE";
  return table == "ctk_dead_letters" && (right == "SELECT" || right == "INSERT");
}

/// "INSERT, UPDATE on public.demo; SELECT on public.ctk_tables"
std::string list_of(const MissingRights& missing, const std::string& schema) {
  std::string text;
  const std::string* last = nullptr;
  for (const auto& [table, right] : missing) {
    if (last != nullptr && *last == table) {
      text += ", " + right;
    } else {
      if (last != nullptr) text += " on " + table::QualifiedName{schema, *last}.str() + "; ";
      text += right;
    }
    last = &table;
  }
  return last == nullptr ? text : text + " on " + table::QualifiedName{schema, *last}.str();
}

}  // namespace

MissingRights needed_rights(const MissingRights& missing, const table::TableSpec& spec, bool positions) {
  MissingRights needed;
  for (const auto& [table, right] : missing) {
    if (is_needed(table, right, spec, positions)) needed.emplace_back(table, right);
  }
  return needed;
}

SqlResult<bool> check_rights(Driver& driver, const Bookkeeping& at, const table::TableSpec& spec, bool positions) {
  const std::string find = at.dialect.missing_rights();
  if (find.empty()) return true;
  SqlResult<Answer> answer = driver.run(look_up(find, {Param::of(spec.name.schema), Param::of(spec.name.table)}));
  if (!answer) return forward_failure(std::move(answer));
  MissingRights missing;
  std::string user;
  for (const Cells& row : answer->rows) {
    missing.emplace_back(row[0].value_or(""), row[1].value_or(""));
    user = row[2].value_or("");
  }
  const MissingRights needed = needed_rights(missing, spec, positions);
  if (needed.empty()) return true;
  std::string hint;
  for (const auto& [table, right] : needed) {
    hint += fmt::format("{}GRANT {} ON {} TO {}", hint.empty() ? "" : "; ", right,
                        at.dialect.quote(table::QualifiedName{spec.name.schema, table}), at.dialect.quote(user));
  }
  return call_failure(
      {ErrorKind::denied, fmt::format("the user {} lacks rights: {}", user, list_of(needed, spec.name.schema)), "", hint});
}

}  // namespace ctk::sink::sql
