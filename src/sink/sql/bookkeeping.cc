#include "sink/sql/bookkeeping.h"

#include <fmt/format.h>

#include <algorithm>

#include "sink/own_tables.h"

namespace ctk::sink::sql {
namespace {

/// No rights are asked for where the schema is there: CREATE SCHEMA IF NOT EXISTS would want them even then.
Tried<bool> ensure_schema(Driver& driver, const Bookkeeping& at, bool create) {
  std::string find = at.dialect.find_schema();
  if (find.empty()) return true;
  Tried<Answer> found = driver.run(look_up(find, {Param::of(at.schema)}));
  if (!found) return broken(std::move(found));
  if (!found->rows.empty()) return true;
  if (at.rehearsed != nullptr && !create) return true;
  if (!create) {
    return broken({ErrorKind::not_found, fmt::format("there is no schema {}, and create-table=false", at.schema), "", ""});
  }
  const Statement made = statement(at.dialect.create_schema(at.schema));
  return run_ddl(driver, at.dialect, std::span(&made, 1));
}

/// A column of our own tables: `type` as CREATE TABLE has it.
struct OwnColumn {
  std::string_view name;
  std::string type;
};
std::string create_own(const Dialect& dialect, const std::string& quoted_name, const std::vector<OwnColumn>& columns,
                       const std::vector<std::string>& key) {
  std::string sql = "CREATE TABLE IF NOT EXISTS " + quoted_name + " (";
  for (const OwnColumn& column : columns) sql += dialect.quote(column.name) + " " + column.type + ", ";
  return sql + "PRIMARY KEY (" + dialect.quote_list(key) + "))";
}

/// Tables of earlier versions lack its last columns. Whoever may not alter them goes on without.
Tried<bool> add_witnesses(Driver& driver, const Bookkeeping& at) {
  Tried<RecordsTable> found = find_records_table(driver, at);
  if (!found) return broken(std::move(found));
  if (found->has_witnesses) return true;
  const auto add = [&](std::string_view column, const std::string& type) {
    return statement(fmt::format("ALTER TABLE {} ADD COLUMN {} {}", at.tables, at.dialect.quote(column), type));
  };
  const std::vector<Statement> columns = {add("since", at.dialect.types().time), add("witnesses", at.dialect.types().text)};
  Tried<bool> added = true;
  if (!at.dialect.traits().ddl_in_transactions) {
    added = run_ddl(driver, at.dialect, columns);
  } else if (Tried<std::vector<Answer>> tried = run_in_savepoint(driver, at.dialect, columns); !tried) {
    added = broken(std::move(tried));
  }
  return !added && added.error().scope == Scope::lost ? added : Tried<bool>(true);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> bookkeeping_ddl(const Bookkeeping& at) {
  const ColumnTypes& types = at.dialect.types();
  const std::string &text = types.text, &integer = types.integer, &time = types.time;
  const std::string id = types.own_key + " NOT NULL";
  // Names that the database takes for one table must be one record.
  const std::string table = types.table_name + " NOT NULL";
  const std::vector<OwnColumn> positions = {{"relay", id},         {"shard", id},      {"position", text},
                                            {"incarnation", text}, {"epoch", integer}, {"read_to", time},
                                            {"fence", integer},    {"worker", text},   {"updated", time}};
  const std::vector<OwnColumn> tables = {{"table", table},     {"source_table", text}, {"incarnation", text},
                                         {"kind", text},       {"epoch", integer},     {"load", text},
                                         {"cut", time},        {"relays", text},       {"sweep_watermark", time},
                                         {"sweep_time", time}, {"names", text},        {"loaded", time},
                                         {"keys", text},       {"since", time},        {"witnesses", text}};
  const std::vector<OwnColumn> letters = {{"id", id},         {"time", time},         {"relay", text}, {"shard", text},
                                          {"position", text}, {"source_table", text}, {"key", text},   {"version", text},
                                          {"kind", text},     {"reason", text},       {"change", text}};
  return {{"ctk_positions", create_own(at.dialect, at.positions, positions, {"relay", "shard"})},
          {"ctk_tables", create_own(at.dialect, at.tables, tables, {"table"})},
          {"ctk_dead_letters", create_own(at.dialect, at.dead_letters, letters, {"id"})}};
}

Tried<Standing> look_at(Driver& driver, const Dialect& dialect, const table::QualifiedName& name) {
  Tried<Answer> found = driver.run(look_up(dialect.describe_relation(), {Param::of(name.schema), Param::of(name.table)}));
  if (!found) return broken(std::move(found));
  Standing standing;
  if (found->rows.empty()) return standing;
  const Cells& row = found->rows.front();
  standing.kind = row[0].value_or("");
  if (row[1]) standing.selection = read_selection(*row[1]);
  if (standing.selection && row[3]) standing.selection->from = {row[2].value_or(""), *row[3]};
  return standing;
}

Tried<bool> own_table_exists(Driver& driver, const Bookkeeping& at, const std::string& name) {
  const table::QualifiedName qualified{at.schema, name};
  Tried<Standing> standing = look_at(driver, at.dialect, qualified);
  if (!standing) return broken(std::move(standing));
  if (standing->nothing()) return false;
  if (standing->kind != "a table") return broken(not_our_own(qualified.str(), "it is " + standing->kind));
  Tried<Answer> columns =
      driver.run(look_up(at.dialect.describe_columns(), {Param::of(qualified.schema), Param::of(qualified.table)}));
  if (!columns) return broken(std::move(columns));
  std::set<std::string> there;
  for (const Cells& row : columns->rows) there.insert(row[0].value_or(""));
  if (auto missing = missing_own_column(name, there)) {
    return broken(not_our_own(qualified.str(), "it has no column " + *missing));
  }
  return true;
}

Tried<bool> ensure_bookkeeping(Driver& driver, const Bookkeeping& at, bool create) {
  if (Tried<bool> schema = ensure_schema(driver, at, create); !schema) return schema;
  if (at.rehearsed != nullptr && !create) return true;
  for (const auto& [name, ddl] : bookkeeping_ddl(at)) {
    Tried<bool> there = own_table_exists(driver, at, name);
    if (!there) return there;
    if (*there) continue;
    if (!create) {
      return broken(
          {ErrorKind::not_found,
           fmt::format("the table {} is not there, and create-table=false", table::QualifiedName{at.schema, name}.str()),
           "", "create it with: " + ddl});
    }
    const Statement made_by = statement(ddl);
    if (Tried<bool> made = run_ddl(driver, at.dialect, std::span(&made_by, 1)); !made) return made;
  }
  return create ? add_witnesses(driver, at) : Tried<bool>(true);
}

Tried<RecordsTable> find_records_table(Driver& driver, const Bookkeeping& at) {
  const std::string name = "ctk_tables";
  Tried<bool> ours = own_table_exists(driver, at, name);
  if (!ours) return broken(std::move(ours));
  if (!*ours) return RecordsTable{};
  Tried<Answer> columns = driver.run(look_up(at.dialect.describe_columns(), {Param::of(at.schema), Param::of(name)}));
  if (!columns) return broken(std::move(columns));
  RecordsTable found;
  found.there = true;
  found.has_witnesses = std::ranges::any_of(columns->rows, [](const Cells& row) { return row[0] == "witnesses"; });
  return found;
}

}  // namespace ctk::sink::sql
