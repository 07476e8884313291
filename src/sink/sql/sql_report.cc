#include "sink/sql/sql_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "sink/sql/sql_dead_letters.h"
#include "sink/sql/sql_positions.h"
#include "sink/sql/sql_registry.h"
#include "sink/sql/sql_schema.h"

namespace ctk::sink::sql {
namespace {

std::optional<int64_t> to_integer(const std::optional<std::string>& cell) {
  if (!cell) return std::nullopt;
  int64_t value = 0;
  std::from_chars(cell->data(), cell->data() + cell->size(), value);
  return value;
}

SqlResult<bool> count_rows(Driver& driver, const Dialect& dialect, const table::QualifiedName& name,
                           const FoundTable& found, TableReport& report) {
  bool tombstones = std::any_of(found.columns.begin(), found.columns.end(),
                                [](const FoundColumn& column) { return column.name == "cdc_deleted"; });
  const std::string marks =
      tombstones ? fmt::format("sum(CASE WHEN {} THEN 1 ELSE 0 END)", dialect.is_true(dialect.quote("cdc_deleted"))) : "0";
  const std::string sql = fmt::format("SELECT count(*), {} FROM {}", marks, dialect.quote(name));
  SqlResult<Answer> answer = driver.run(patiently(look_up(sql)));
  if (!answer) return forward_failure(std::move(answer));
  if (answer->rows.empty()) return true;
  report.rows = to_integer(answer->rows[0][0]).value_or(0);
  report.tombstones = to_integer(answer->rows[0][1]).value_or(0);
  report.living = report.rows - report.tombstones;
  return true;
}

/// SQLite's columns without a type: a number of a key takes the first of three that holds it exactly.
void name_untyped_columns(TableReport& report) {
  for (TableReport::Column& column : report.columns) {
    if (!column.type.empty()) continue;
    const bool key = std::ranges::find(report.key, column.name) != report.key.end();
    column.type = key ? "INTEGER, REAL or TEXT" : "ANY";
  }
}

/// A size that cannot be had is no error.
void read_size(Driver& driver, const Dialect& dialect, const table::QualifiedName& name, TableReport& report) {
  if (dialect.table_size().empty()) return;
  SqlResult<Answer> answer = driver.run(look_up(dialect.table_size(), {Param::of(name.schema), Param::of(name.table)}));
  if (answer && !answer->rows.empty()) report.size_bytes = to_integer(answer->rows[0][0]);
}

SqlResult<bool> read_bookkeeping(Driver& driver, const Bookkeeping& at, TableReport& report) {
  SqlResult<std::optional<coordination::TableRecord>> record = read_record(driver, at, report.table, "");
  if (!record) return forward_failure(std::move(record));
  report.record = std::move(*record);
  if (!report.record) return true;
  for (const coordination::RelayName& relay : report.record->relays) {
    SqlResult<std::vector<coordination::StoredPosition>> rows = read_positions(driver, at, relay);
    if (!rows) return forward_failure(std::move(rows));
    report.positions.emplace_back(relay, std::move(*rows));
  }
  SqlResult<int64_t> letters = count_dead_letters(driver, at, report.record->source_table);
  if (!letters) return forward_failure(std::move(letters));
  report.dead_letters = *letters;
  letters = count_dead_letters(driver, at, "");
  if (!letters) return forward_failure(std::move(letters));
  report.dead_letters_of_no_table = *letters;
  return true;
}

}  // namespace

SqlResult<TableReport> report_table(Driver& driver, const Bookkeeping& at, const table::QualifiedName& name) {
  SqlResult<FoundTable> found = describe_table(driver, at.dialect, name);
  if (!found) return forward_failure(std::move(found));
  if (found->columns.empty()) {
    SqlResult<Standing> there = look_at(driver, at.dialect, name);
    if (!there) return forward_failure(std::move(there));
    if (there->nothing() || there->kind == "a table") {
      return call_failure({ErrorKind::not_found, fmt::format("there is no table {}", name.str()), "", ""});
    }
    return call_failure(not_a_table(name, there->kind));
  }
  TableReport report;
  report.table = name.str();
  for (const FoundColumn& column : found->columns) report.columns.push_back({column.name, column.type});
  if (!found->keys.empty()) report.key = found->keys.front().columns;
  if (SqlResult<bool> counted = count_rows(driver, at.dialect, name, *found, report); !counted)
    return forward_failure(std::move(counted));
  read_size(driver, at.dialect, name, report);
  name_untyped_columns(report);
  if (SqlResult<bool> read = read_bookkeeping(driver, at, report); !read) return forward_failure(std::move(read));
  return report;
}

}  // namespace ctk::sink::sql
