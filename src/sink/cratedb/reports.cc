#include "sink/cratedb/reports.h"

#include <charconv>

#include "json/writer.h"
#include "sink/cratedb/definition.h"
#include "sink/cratedb/relations.h"
#include "sink/cratedb/statements.h"
#include "sink/cratedb/tables.h"

namespace ctk::sink::cratedb {
namespace {

/// Type ids of the HTTP endpoint ("Column types" in CrateDB's reference).
ResultSet::Column::Kind kind_of(int type) {
  using enum ResultSet::Column::Kind;
  switch (type) {
    case 3: return boolean;
    case 2:
    case 6:
    case 7:
    case 8:
    case 9:
    case 10:
    case 11:
    case 15:
    case 22: return number;
    case 0:
    case 12:
    case 13:
    case 14:
    case 16:
    case 28:
    case 100: return json;
    default: return text;
  }
}

std::string name_args(const table::QualifiedName& name) {
  std::string args;
  json::Writer writer(args);
  writer.begin_array();
  writer.string(name.schema);
  writer.string(name.table);
  writer.end_array();
  return args;
}

/// One cell of a statement that the user may not be allowed to run, or that fits no table of theirs.
Task<Result<std::optional<std::string>>> read_cell_if_allowed(Session& session, Statement statement, std::string doing) {
  SqlResult answer = co_await session.client.run(std::move(statement));
  if (!answer) {
    const Action action = answer.error().action;
    if (action == Action::wait || action == Action::send_less) co_return std::unexpected(answer.error().error(doing));
    co_return std::nullopt;
  }
  if (answer->rows.empty() || answer->rows[0].empty()) co_return std::nullopt;
  co_return cell_text(answer->rows[0][0]);
}

int64_t number_or_zero(const std::optional<std::string>& cell) { return cell ? cell_int(*cell).value_or(0) : 0; }

/// Figures, each with the statement that gives it. (Statements are named before they are awaited: g++ 12 destroys a
/// temporary aggregate that is an argument of a coroutine twice.)
Task<Result<bool>> fill_figures(Session& session, table::QualifiedName name, TableReport& report) {
  const std::string doing = "reading figures of " + name.str();
  Statement rows{.sql = count_rows(name), .args = "", .bulk = ""};
  Result<std::optional<std::string>> cell = co_await read_cell_if_allowed(session, std::move(rows), doing);
  if (!cell) co_return forward_error(std::move(cell));
  report.rows = number_or_zero(*cell);
  Statement tombstones{.sql = count_tombstones(name), .args = "", .bulk = ""};
  cell = co_await read_cell_if_allowed(session, std::move(tombstones), doing);
  if (!cell) co_return forward_error(std::move(cell));
  report.tombstones = number_or_zero(*cell);
  report.living = report.rows - report.tombstones;
  Statement health{.sql = "SELECT health FROM sys.health WHERE table_schema = ? AND table_name = ?",
                   .args = name_args(name),
                   .bulk = ""};
  cell = co_await read_cell_if_allowed(session, std::move(health), doing);
  if (!cell) co_return forward_error(std::move(cell));
  report.health = *cell;
  Statement size{.sql = "SELECT sum(size) FROM sys.shards WHERE schema_name = ? AND table_name = ? AND \"primary\"",
                 .args = name_args(name),
                 .bulk = ""};
  cell = co_await read_cell_if_allowed(session, std::move(size), doing);
  if (!cell) co_return forward_error(std::move(cell));
  if (*cell) report.size_bytes = cell_int(**cell);
  co_return true;
}

}  // namespace

ResultSet to_result_set(const Answer& answer) {
  ResultSet result;
  for (size_t i = 0; i < answer.columns.size(); i++) {
    result.columns.push_back({answer.columns[i], kind_of(i < answer.types.size() ? answer.types[i] : 0)});
  }
  if (answer.columns.empty()) {
    result.affected = answer.rowcount;
    return result;
  }
  for (const auto& row : answer.rows) {
    auto& cells = result.rows.emplace_back();
    for (size_t i = 0; i < row.size(); i++) {
      const bool is_json = i < result.columns.size() && result.columns[i].kind == ResultSet::Column::Kind::json;
      if (is_json && row[i] != "null") {
        cells.emplace_back(row[i]);
      } else {
        cells.push_back(cell_text(row[i]));
      }
    }
  }
  return result;
}

Task<Result<std::vector<DeadLetter>>> list_dead_letters(Session& session, std::optional<std::string> id) {
  Result<bool> there = co_await refresh_if_there(session, session.bookkeeping.dead_letters);
  if (!there) co_return forward_error(std::move(there));
  if (!*there) co_return std::vector<DeadLetter>{};
  Statement select = session.bookkeeping.select_dead_letters(id);
  Result<Answer> answer = co_await run_or_fail(session, std::move(select), "reading ctk_dead_letters");
  if (!answer) co_return forward_error(std::move(answer));
  co_return read_dead_letters(*answer);
}

Task<Result<DeadLetterPage>> read_dead_letter_page(Session& session, std::string from, size_t bytes) {
  DeadLetterPage page;
  Result<bool> there = co_await refresh_if_there(session, session.bookkeeping.dead_letters);
  if (!there) co_return forward_error(std::move(there));
  if (!*there) co_return page;
  Statement measure = session.bookkeeping.select_dead_letter_sizes(from, kMostLettersOfAPage);
  Result<Answer> sizes = co_await run_or_fail(session, std::move(measure), "reading ctk_dead_letters");
  if (!sizes) co_return forward_error(std::move(sizes));
  std::string last;
  size_t taken = 0, count = 0;
  for (const std::vector<std::string>& row : sizes->rows) {
    size_t size = 0;
    std::from_chars(row[1].data(), row[1].data() + row[1].size(), size);
    if (count > 0 && taken + size > bytes) break;
    taken += size;
    last = cell_text(row[0]).value_or("");
    ++count;
  }
  if (count == 0) co_return page;
  if (count < sizes->rows.size() || count == kMostLettersOfAPage) page.next = last;
  Statement select = session.bookkeeping.select_dead_letters_between(from, last);
  Result<Answer> answer = co_await run_or_fail(session, std::move(select), "reading ctk_dead_letters");
  if (!answer) co_return forward_error(std::move(answer));
  page.letters = read_dead_letters(*answer);
  co_return page;
}

Task<Result<TableReport>> report(Session& session, CratePositions& positions, table::QualifiedName name) {
  const std::string doing = "reading the definition of " + name.str();
  Statement select = select_columns(name);
  Result<Answer> columns = co_await run_or_fail(session, std::move(select), doing);
  if (!columns) co_return forward_error(std::move(columns));
  if (columns->rows.empty()) co_return fail(ErrorKind::not_found, "table " + name.str() + " is not there");
  Statement show = show_create_table(name);
  Result<Answer> ddl = co_await run_or_fail(session, std::move(show), doing);
  if (!ddl) {
    std::vector<std::string> names{name.table};
    Result<Relations> there = co_await look_at(session, name.schema, std::move(names));
    const std::string kind = there ? there->at(name.table).kind : "";
    if (kind.empty() || kind == "a table") co_return forward_error(std::move(ddl));
    co_return std::unexpected(not_a_table(name, kind));
  }
  const Definition definition = read_definition(*columns, *ddl);

  TableReport result;
  result.table = name.str();
  for (const Column& column : definition.columns) {
    result.columns.push_back({column.path.empty() ? column.top : subscript(column.top, column.path), column.type});
  }
  result.key = definition.primary_key;
  Statement refreshing{.sql = refresh(name), .args = "", .bulk = ""};
  Result<Answer> refreshed = co_await run_or_fail(session, std::move(refreshing), "refreshing " + name.str());
  if (!refreshed) co_return forward_error(std::move(refreshed));
  Result<bool> step = co_await fill_figures(session, name, result);
  if (!step) co_return forward_error(std::move(step));

  Result<std::optional<StoredRecord>> stored = co_await find_record(session, name.str());
  if (!stored) co_return forward_error(std::move(stored));
  if (!*stored) co_return result;
  result.record = (*stored)->record;
  for (const coordination::RelayName& relay : result.record->relays) {
    Result<std::vector<coordination::StoredPosition>> rows = co_await positions.read(relay);
    if (!rows) co_return forward_error(std::move(rows));
    result.positions.emplace_back(relay, std::move(*rows));
  }
  Statement count = session.bookkeeping.count_dead_letters(result.record->source_table);
  Result<std::optional<std::string>> letters = co_await read_cell_if_allowed(session, std::move(count), doing);
  if (!letters) co_return forward_error(std::move(letters));
  result.dead_letters = number_or_zero(*letters);
  Statement nameless = session.bookkeeping.count_dead_letters("");
  letters = co_await read_cell_if_allowed(session, std::move(nameless), doing);
  if (!letters) co_return forward_error(std::move(letters));
  result.dead_letters_of_no_table = number_or_zero(*letters);
  co_return result;
}

}  // namespace ctk::sink::cratedb
