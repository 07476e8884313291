#include "sink/sql/bookkeeping.h"

#include <fmt/format.h>

#include <algorithm>

#include "sink/own_tables.h"

namespace ctk::sink::sql {
namespace {

/// No rights are asked for where the schema is there: CREATE SCHEMA IF NOT EXISTS would want them even then.
SqlResult<bool> ensure_schema(Driver& driver, const Bookkeeping& at, bool create) {
  std::string find = at.dialect.find_schema();
  if (find.empty()) return true;
  SqlResult<Answer> found = driver.run(look_up(find, {Param::of(at.schema)}));
  if (!found) return forward_failure(std::move(found));
  if (!found->rows.empty()) return true;
  if (at.rehearsed != nullptr && !create) return true;
  if (!create) {
    return call_failure(
        {ErrorKind::not_found, fmt::format("there is no schema {}, and create-table=false", at.schema), "", ""});
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
  std::string sql = dialect.create_table_words() + quoted_name + " (";
  for (const OwnColumn& column : columns) sql += dialect.quote(column.name) + " " + column.type + ", ";
  return sql + "PRIMARY KEY (" + dialect.quote_list(key) + "))";
}

const std::string& own_long(const ColumnTypes& types) { return types.own_long.empty() ? types.text : types.own_long; }

/// Tables of earlier versions lack its last columns. Whoever may not alter them goes on without.
SqlResult<bool> add_witnesses(Driver& driver, const Bookkeeping& at) {
  SqlResult<RecordsTable> found = find_records_table(driver, at);
  if (!found) return forward_failure(std::move(found));
  if (found->has_witnesses) return true;
  const auto add = [&](std::string_view column, const std::string& type) {
    return statement(
        fmt::format("ALTER TABLE {} {}{} {}", at.tables, at.dialect.add_column_words(), at.dialect.quote(column), type));
  };
  const std::vector<Statement> columns = {add("since", at.dialect.types().time),
                                          add("witnesses", own_long(at.dialect.types()))};
  SqlResult<bool> added = true;
  if (!at.dialect.traits().ddl_in_transactions) {
    added = run_ddl(driver, at.dialect, columns);
  } else if (SqlResult<std::vector<Answer>> tried = run_in_savepoint(driver, at.dialect, columns); !tried) {
    added = forward_failure(std::move(tried));
  }
  return !added && added.error().scope == Scope::lost ? added : SqlResult<bool>(true);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> bookkeeping_ddl(const Bookkeeping& at) {
  const ColumnTypes& types = at.dialect.types();
  const std::string &text = types.text, &integer = types.integer, &time = types.time, &longest = own_long(types);
  const std::string id = types.own_key + " NOT NULL";
  // Names that the database takes for one table must be one record.
  const std::string table = types.table_name + " NOT NULL";
  const std::vector<OwnColumn> positions = {{"relay", id},         {"shard", id},      {"position", text},
                                            {"incarnation", text}, {"epoch", integer}, {"read_to", time},
                                            {"fence", integer},    {"worker", text},   {"updated", time}};
  const std::vector<OwnColumn> tables = {{"table", table},     {"source_table", text}, {"incarnation", text},
                                         {"kind", text},       {"epoch", integer},     {"load", text},
                                         {"cut", time},        {"relays", longest},    {"sweep_watermark", time},
                                         {"sweep_time", time}, {"names", longest},     {"loaded", time},
                                         {"keys", longest},    {"since", time},        {"witnesses", longest}};
  const std::vector<OwnColumn> letters = {{"id", id},         {"time", time},         {"relay", text},    {"shard", text},
                                          {"position", text}, {"source_table", text}, {"key", longest},   {"version", text},
                                          {"kind", text},     {"reason", longest},    {"change", longest}};
  return {{"ctk_positions", create_own(at.dialect, at.positions, positions, {"relay", "shard"})},
          {"ctk_tables", create_own(at.dialect, at.tables, tables, {"table"})},
          {"ctk_dead_letters", create_own(at.dialect, at.dead_letters, letters, {"id"})}};
}

Statement ask_about(const table::QualifiedName& name, const Dialect& dialect, std::string question) {
  std::vector<Param> names;
  for (size_t i = 0; i < dialect.times_named(); ++i) {
    names.push_back(Param::of(name.schema));
    names.push_back(Param::of(name.table));
  }
  return look_up(std::move(question), std::move(names));
}

SqlResult<Standing> look_at(Driver& driver, const Dialect& dialect, const table::QualifiedName& name) {
  SqlResult<Answer> found = driver.run(ask_about(name, dialect, dialect.describe_relation()));
  if (!found) return forward_failure(std::move(found));
  Standing standing;
  if (found->rows.empty()) return standing;
  const Cells& row = found->rows.front();
  standing.kind = row[0].value_or("");
  if (row[1]) standing.selection = read_selection(*row[1]);
  if (standing.selection && row[3]) standing.selection->from = {row[2].value_or(""), *row[3]};
  return standing;
}

SqlResult<bool> own_table_exists(Driver& driver, const Bookkeeping& at, const std::string& name) {
  const table::QualifiedName qualified{at.schema, name};
  SqlResult<Standing> standing = look_at(driver, at.dialect, qualified);
  if (!standing) return forward_failure(std::move(standing));
  if (standing->nothing()) return false;
  if (standing->kind != "a table") return call_failure(not_our_own(qualified.str(), "it is " + standing->kind));
  SqlResult<Answer> columns = driver.run(ask_about(qualified, at.dialect, at.dialect.describe_columns()));
  if (!columns) return forward_failure(std::move(columns));
  std::set<std::string> there;
  for (const Cells& row : columns->rows) there.insert(row[0].value_or(""));
  if (auto missing = missing_own_column(name, there)) {
    return call_failure(not_our_own(qualified.str(), "it has no column " + *missing));
  }
  return true;
}

SqlResult<bool> ensure_bookkeeping(Driver& driver, const Bookkeeping& at, bool create) {
  if (SqlResult<bool> schema = ensure_schema(driver, at, create); !schema) return schema;
  if (at.rehearsed != nullptr && !create) return true;
  for (const auto& [name, ddl] : bookkeeping_ddl(at)) {
    SqlResult<bool> there = own_table_exists(driver, at, name);
    if (!there) return there;
    if (*there) continue;
    if (!create) {
      return call_failure(
          {ErrorKind::not_found,
           fmt::format("the table {} is not there, and create-table=false", table::QualifiedName{at.schema, name}.str()),
           "", "create it with: " + ddl});
    }
    const Statement made_by = statement(ddl);
    if (SqlResult<bool> made = run_ddl(driver, at.dialect, std::span(&made_by, 1)); !made) return made;
  }
  return create ? add_witnesses(driver, at) : SqlResult<bool>(true);
}

SqlResult<RecordsTable> find_records_table(Driver& driver, const Bookkeeping& at) {
  const std::string name = "ctk_tables";
  SqlResult<bool> ours = own_table_exists(driver, at, name);
  if (!ours) return forward_failure(std::move(ours));
  if (!*ours) return RecordsTable{};
  SqlResult<Answer> columns = driver.run(ask_about({at.schema, name}, at.dialect, at.dialect.describe_columns()));
  if (!columns) return forward_failure(std::move(columns));
  RecordsTable found;
  found.there = true;
  found.has_witnesses = std::ranges::any_of(columns->rows, [](const Cells& row) { return row[0] == "witnesses"; });
  return found;
}

}  // namespace ctk::sink::sql
