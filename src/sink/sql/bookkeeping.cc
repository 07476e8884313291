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
  Tried<Answer> made = driver.run(statement(at.dialect.create_schema(at.schema)));
  if (!made) return broken(std::move(made));
  return true;
}

/// Tables of earlier versions lack its last columns. Whoever may not alter them goes on without.
Tried<bool> add_witnesses(Driver& driver, const Bookkeeping& at) {
  Tried<RecordsTable> found = find_records_table(driver, at);
  if (!found) return broken(std::move(found));
  if (found->has_witnesses) return true;
  if (Tried<Answer> begun = driver.run(statement("SAVEPOINT ctk_column")); !begun) return broken(std::move(begun));
  const std::string add = "ALTER TABLE " + at.tables + " ADD COLUMN ";
  const std::vector<Statement> columns = {statement(add + "since " + at.dialect.time_type()),
                                          statement(add + "witnesses " + at.dialect.text_type())};
  const Tried<std::vector<Answer>> added = driver.run(std::span<const Statement>(columns));
  if (!added && added.error().scope == Scope::lost) return std::unexpected(added.error());
  std::vector<Statement> end;
  if (!added) end.push_back(statement("ROLLBACK TO SAVEPOINT ctk_column"));
  end.push_back(statement("RELEASE SAVEPOINT ctk_column"));
  Tried<std::vector<Answer>> ended = driver.run(std::span<const Statement>(end));
  if (!ended) return broken(std::move(ended));
  return true;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> bookkeeping_ddl(const Bookkeeping& at) {
  std::string text = " " + at.dialect.text_type();
  std::string id = text + (at.dialect.target() == table::Target::postgres ? " COLLATE \"C\" NOT NULL" : " NOT NULL");
  // Names that the database takes for one table must be one record.
  std::string table = at.dialect.target() == table::Target::sqlite ? text + " COLLATE NOCASE NOT NULL" : id;
  std::string integer = " " + at.dialect.integer_type();
  std::string time = " " + at.dialect.time_type();
  return {
      {"ctk_positions", "CREATE TABLE IF NOT EXISTS " + at.positions + " (relay" + id + ", shard" + id + ", position" +
                            text + ", incarnation" + text + ", epoch" + integer + ", read_to" + time + ", fence" + integer +
                            ", worker" + text + ", updated" + time + ", PRIMARY KEY (relay, shard))"},
      {"ctk_tables", "CREATE TABLE IF NOT EXISTS " + at.tables + " (\"table\"" + table + " PRIMARY KEY, source_table" +
                         text + ", incarnation" + text + ", kind" + text + ", epoch" + integer + ", load" + text + ", cut" +
                         time + ", relays" + text + ", sweep_watermark" + time + ", sweep_time" + time + ", names" + text +
                         ", loaded" + time + ", keys" + text + ", since" + time + ", witnesses" + text + ")"},
      {"ctk_dead_letters", "CREATE TABLE IF NOT EXISTS " + at.dead_letters + " (id" + id + " PRIMARY KEY, time" + time +
                               ", relay" + text + ", shard" + text + ", position" + text + ", source_table" + text +
                               ", key" + text + ", version" + text + ", kind" + text + ", reason" + text + ", change" +
                               text + ")"},
  };
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
  if (Tried<bool> locked = lock_name(driver, at.dialect, "ctk tables " + at.schema); !locked) return locked;
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
    if (Tried<Answer> made = driver.run(statement(ddl)); !made) return broken(std::move(made));
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

Tried<bool> lock_name(Driver& driver, const Dialect& dialect, const std::string& name) {
  std::string lock = dialect.lock_name();
  if (lock.empty()) return true;
  if (Tried<Answer> locked = driver.run(look_up(lock, {Param::of(name)})); !locked) return broken(std::move(locked));
  return true;
}

}  // namespace ctk::sink::sql
