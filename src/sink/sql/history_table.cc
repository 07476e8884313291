#include "sink/sql/history_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>

#include "sink/sql/history_texts.h"
#include "sink/sql/key_lookup.h"
#include "sink/sql/sql_rights.h"
#include "sink/sql/sql_schema.h"

namespace ctk::sink::sql {
namespace {

constexpr std::string_view kRemove = "remove";

void append_cells(std::vector<Param>& params, const std::vector<table::KeyCell>& cells) {
  for (const table::KeyCell& cell : cells) params.push_back(Param::of_key(cell));
}

Param end_param(const std::optional<Timestamp>& to) { return Param::of_time(to.value_or(kNoTime)); }

std::optional<Timestamp> time_of(const std::optional<std::string>& cell) {
  if (!cell) return std::nullopt;
  const Result<Timestamp> time = parse_timestamp(*cell);
  return time ? std::optional(*time) : std::nullopt;
}

/// What a removed item looked like stands in the row before.
void append_row(std::vector<Param>& params, const HistoryRow& event, const std::optional<Timestamp>& to) {
  const table::Row& row = *event.row;
  const bool removed = event.operation == kRemove;
  append_cells(params, row.keys);
  params.push_back(removed ? Param{} : Param::of_json(row.data));
  params.push_back(removed ? Param{} : Param::of_json(row.aux));
  params.push_back(Param::of(row.version));
  params.push_back({Param::Kind::text, event.operation, 0, 0});
  params.push_back(Param::of_time(row.time));
  params.push_back(end_param(to));
  params.push_back(Param::of_boolean(event.by_time_to_live));
}

HistoryEvent event_of(std::span<const std::optional<std::string>> cells) {
  return {cells[0].value_or(""), time_of(cells[1]).value_or(kNoTime), time_of(cells[2])};
}

/// Rows that say which window they are of.
void take_places(const Answer& answer, std::span<std::vector<HistoryEvent>> windows) {
  for (const Cells& row : answer.rows) {
    size_t place = windows.size();
    const std::string text = row[0].value_or("");
    std::from_chars(text.data(), text.data() + text.size(), place);
    if (place < windows.size()) windows[place].push_back(event_of(std::span(row).subspan(1)));
  }
}

/// Rows of one window after the other, an execution each.
void take_in_turn(const Answer& answer, std::span<std::vector<HistoryEvent>> windows) {
  auto next = answer.rows.begin();
  for (size_t i = 0; i < answer.affected.size() && i < windows.size(); ++i) {
    for (int64_t n = 0; n < answer.affected[i] && next != answer.rows.end(); ++n) windows[i].push_back(event_of(*next++));
  }
}

/// How many of those that are left the next statement takes, and which of the texts, [i] for 2^i, it has: powers of two, so
/// that few are prepared. Where there is but one text, it takes all, and is executed often.
struct Portion {
  size_t text = 0, taken = 0;
};

Portion next_portion(size_t left, const std::vector<std::string>& texts) {
  const size_t power = std::min(texts.size() - 1, static_cast<size_t>(std::bit_width(left)) - 1);
  return {power, texts.size() == 1 ? left : size_t{1} << power};
}

/// Statements that write so many rows, each as many as one of the texts takes. `fill(params, i)`: appends row `i`.
template <class Fill>
std::vector<Statement> in_portions(size_t rows, const std::vector<std::string>& texts, Fill fill) {
  std::vector<Statement> statements;
  for (size_t next = 0; next < rows;) {
    const Portion portion = next_portion(rows - next, texts);
    Statement& statement = statements.emplace_back();
    statement.sql = texts[portion.text];
    statement.uncounted = true;
    fill(statement.params, next);
    statement.params.reserve(statement.params.size() * portion.taken);
    for (size_t i = 1; i < portion.taken; ++i) fill(statement.params, next + i);
    statement.width = statement.params.size() / portion.taken << portion.text;
    next += portion.taken;
  }
  return statements;
}

}  // namespace

HistoryTable::HistoryTable(const Dialect& dialect, table::TableSpec spec)
    : dialect_(dialect), spec_(std::move(spec)), width_(dialect.history_columns(spec_).size()) {
  for (size_t rows = 1; rows <= dialect.rows_per_write(); rows *= 2)
    inserts_.push_back(history_insert(dialect, spec_, rows));
  for (size_t keys = 1; dialect.joins_keys() && keys <= dialect.rows_per_insert(); keys *= 2) {
    newest_.push_back(history_newest_of(dialect, spec_, keys));
  }
  if (!dialect.joins_keys()) newest_.push_back(history_newest(dialect, spec_));
  std::erase(newest_, "");
  for (size_t rows = 1; dialect.joins_values() && rows <= dialect.rows_per_write(); rows *= 2) {
    windows_.push_back(history_windows(dialect, spec_, rows));
    ends_.push_back(history_ends(dialect, spec_, rows));
  }
  if (!dialect.joins_values()) {
    windows_.push_back(history_window(dialect, spec_));
    ends_.push_back(history_end(dialect, spec_));
  }
  remove_ = history_removal(dialect, spec_);
}

void HistoryTable::append(std::vector<Param>& params, const Window& window) const {
  append_cells(params, *window.key);
  for (const std::string* edge : {&window.range.from, &window.range.to}) {
    if (!dialect_.joins_values()) {
      append_cells(params, *window.key);
      params.push_back(Param::of(*edge));
    }
    params.push_back(Param::of(*edge));
  }
}

template <class Ask>
SqlResult<HistoryTable::EventsOfEach> HistoryTable::ask_each(Driver& driver, size_t count,
                                                             const std::vector<std::string>& texts, bool joined,
                                                             Ask ask) const {
  std::vector<Statement> selects;
  std::vector<size_t> first;  // question of each
  const std::string plans = joined ? dialect_.keep_to_indexes() : "";
  if (!plans.empty()) selects.push_back(look_up(plans));
  const size_t before = selects.size();
  for (size_t next = 0; next < count;) {
    const Portion portion = next_portion(count - next, texts);
    Statement& select = selects.emplace_back(look_up(texts[portion.text]));
    select.often = true;
    for (size_t i = next; i < next + portion.taken; ++i) ask(select.params, i);
    select.width = joined ? select.params.size() : select.params.size() / portion.taken;
    first.push_back(next);
    next += portion.taken;
  }
  EventsOfEach found(count);
  if (first.empty()) return found;
  SqlResult<std::vector<Answer>> answers = driver.run(std::span<const Statement>(selects));
  if (!answers) return forward_failure(std::move(answers));
  for (size_t i = 0; i < first.size(); ++i) {
    const std::span here = std::span(found).subspan(first[i]);
    joined ? take_places((*answers)[before + i], here) : take_in_turn((*answers)[before + i], here);
  }
  return found;
}

SqlResult<HistoryTable::EventsOfEach> HistoryTable::read_newest(Driver& driver, std::span<const HistoryOfRow> keys) const {
  return ask_each(driver, keys.size(), newest_, dialect_.joins_keys(),
                  [&](std::vector<Param>& params, size_t i) { append_cells(params, keys[i].key()); });
}

SqlResult<bool> HistoryTable::read(Driver& driver, coordination::Epoch epoch, std::span<const HistoryOfRow> keys,
                                   std::vector<HistoryOfKey>& histories) const {
  EventsOfEach newest;
  if (!newest_.empty()) {
    SqlResult<EventsOfEach> found = read_newest(driver, keys);
    if (!found) return forward_failure(std::move(found));
    newest = std::move(*found);
  }
  std::vector<Window> left;
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto one = [&] { return newest[i].empty() ? std::nullopt : std::optional(newest[i].front()); };
    auto windows = newest.empty() ? histories[i].windows(epoch) : histories[i].windows_left(epoch, one());
    for (table::VersionRange& each : windows) left.push_back({i, &keys[i].key(), std::move(each)});
  }
  SqlResult<EventsOfEach> found = ask_each(driver, left.size(), windows_, dialect_.joins_values(),
                                           [&](std::vector<Param>& params, size_t i) { append(params, left[i]); });
  if (!found) return forward_failure(std::move(found));
  for (size_t i = 0; i < left.size(); ++i) histories[left[i].key_place].take(std::move((*found)[i]));
  return true;
}

std::vector<Statement> HistoryTable::inserts(std::span<const HistoryOfRow> keys,
                                             std::span<const HistoryChanges> changes) const {
  struct Inserted {
    const HistoryRow* row;
    std::optional<Timestamp> to;
  };
  std::vector<Inserted> rows;
  for (size_t i = 0; i < keys.size(); ++i) {
    for (const HistoryChanges::Insert& each : changes[i].inserts) rows.push_back({&keys[i].rows[each.event], each.to});
  }
  return in_portions(rows.size(), inserts_, [&](auto& params, size_t i) { append_row(params, *rows[i].row, rows[i].to); });
}

std::vector<Statement> HistoryTable::ends(std::span<const HistoryOfRow> keys,
                                          std::span<const HistoryChanges> changes) const {
  struct Ended {
    const std::vector<table::KeyCell>* key;
    const HistoryChanges::End* end;
  };
  std::vector<Ended> rows;
  for (size_t i = 0; i < keys.size(); ++i) {
    for (const HistoryChanges::End& each : changes[i].ends) rows.push_back({&keys[i].key(), &each});
  }
  return in_portions(rows.size(), ends_, [&](auto& params, size_t i) {
    params.push_back(end_param(rows[i].end->to));
    append_cells(params, *rows[i].key);
    params.push_back(Param::of(rows[i].end->version));
  });
}

Statement HistoryTable::removals(std::span<const HistoryOfRow> keys, std::span<const HistoryChanges> changes) const {
  Statement remove = statement(remove_);
  remove.uncounted = true;
  for (size_t i = 0; i < keys.size(); ++i) {
    for (const std::string& version : changes[i].removals) {
      append_cells(remove.params, keys[i].key());
      remove.params.push_back(Param::of(version));
      remove.width = keys[i].key().size() + 1;
    }
  }
  return remove;
}

SqlResult<bool> HistoryTable::write(Driver& driver, coordination::Epoch epoch, std::span<const HistoryOfRow> keys) const {
  if (keys.empty()) return true;
  std::vector<HistoryOfKey> histories;
  for (const HistoryOfRow& key : keys) {
    std::vector<HistoryEvent> events;
    for (const HistoryRow& each : key.rows) events.push_back({each.row->version, each.row->time});
    histories.emplace_back(std::move(events));
  }
  if (SqlResult<bool> known = read(driver, epoch, keys, histories); !known) return known;
  std::vector<HistoryChanges> changes;
  for (const HistoryOfKey& history : histories) changes.push_back(history.plan());
  std::vector<Statement> script;
  if (Statement removed = removals(keys, changes); removed.width > 0) script.push_back(std::move(removed));
  for (Statement& insert : inserts(keys, changes)) script.push_back(std::move(insert));
  for (Statement& ended : ends(keys, changes)) script.push_back(std::move(ended));
  if (script.empty()) return true;
  SqlResult<std::vector<Answer>> written = driver.run(std::span<const Statement>(script));
  if (!written) return forward_failure(std::move(written));
  return dialect_.belief() == Belief::nothing ? check_kept(driver, keys, changes) : SqlResult<bool>(true);
}

SqlResult<bool> HistoryTable::check_kept(Driver& driver, std::span<const HistoryOfRow> keys,
                                         std::span<const HistoryChanges> changes) const {
  KeyLookup lookup(dialect_, spec_,
                   {.columns = fmt::format("{}, {}", dialect_.quote("data"), dialect_.quote("aux")),
                    .condition = dialect_.quote("cdc_version") + " = ?"});
  std::vector<const HistoryRow*> given;
  for (size_t i = 0; i < keys.size(); ++i) {
    for (const HistoryChanges::Insert& each : changes[i].inserts) {
      given.push_back(&keys[i].rows[each.event]);
      lookup.ask(given.back()->row->keys, {Param::of(given.back()->row->version)});
    }
  }
  SqlResult<std::vector<std::optional<Cells>>> rows = lookup.run(driver);
  if (!rows) return forward_failure(std::move(rows));
  for (size_t i = 0; i < given.size(); ++i) {
    const std::optional<Cells>& stored = (*rows)[i];
    const bool removed = given[i]->operation == kRemove;
    const bool as_text = spec_.target->data == table::DataColumn::text && !removed;
    const table::Row& row = *given[i]->row;
    if (stored && (!as_text || ((*stored)[0] == row.data && (*stored)[1] == row.aux))) continue;
    return std::unexpected(Failure{
        Scope::row,
        {ErrorKind::refused, "the driver wrote a row of the history, and it is not there as it was given", "", ""}});
  }
  return true;
}

namespace {

Error in_the_way(const Dialect& dialect, const table::TableSpec& spec, const std::string& why) {
  return {ErrorKind::refused,
          fmt::format("the table {} cannot be a history: {}; it should be: {}", spec.name.str(), why,
                      dialect.create_history(spec)),
          "", "choose another name with history"};
}

/// Whether the table is to be made.
Result<bool> judge_history(const Dialect& dialect, const table::TableSpec& spec, const FoundTable& found) {
  if (found.columns.empty()) return true;
  const std::vector<ColumnDef> wanted = dialect.history_columns(spec);
  for (const ColumnDef& column : wanted) {
    const auto there = std::ranges::find(found.columns, column.name, &FoundColumn::name);
    if (there == found.columns.end()) {
      return std::unexpected(
          in_the_way(dialect, spec, fmt::format("the column {} is missing", dialect.quote(column.name))));
    }
    if (dialect.fits(column, *there)) continue;
    return std::unexpected(
        in_the_way(dialect, spec, fmt::format("the column {} has another type", dialect.quote(column.name))));
  }
  for (const FoundColumn& column : found.columns) {
    const bool ours = std::ranges::find(wanted, column.name, &ColumnDef::name) != wanted.end();
    if (ours || !column.not_null || column.has_default) continue;
    return std::unexpected(in_the_way(
        dialect, spec, fmt::format("the column {} must have a value, and has no default", dialect.quote(column.name))));
  }
  return false;
}

}  // namespace

SqlResult<bool> ensure_history(Driver& driver, const Bookkeeping& at, const table::TableSpec& spec) {
  const Dialect& dialect = at.dialect;
  if (at.rehearsed != nullptr && !spec.options.create_table) return true;
  SqlResult<Standing> standing = look_at(driver, dialect, spec.name);
  if (!standing) return forward_failure(std::move(standing));
  if (!standing->nothing() && standing->kind != "a table") {
    return call_failure(in_the_way(dialect, spec, "it is " + standing->kind));
  }
  SqlResult<FoundTable> found = describe_table(driver, dialect, spec.name);
  if (!found) return forward_failure(std::move(found));
  Result<bool> create = judge_history(dialect, spec, *found);
  if (!create) return call_failure(std::move(create).error());
  if (*create && !spec.options.create_table) {
    return call_failure({ErrorKind::not_found,
                         fmt::format("the table {} is not there, and create-table=false", spec.name.str()), "",
                         "create it with: " + dialect.create_history(spec)});
  }
  if (*create) {
    const Statement made_by = statement(dialect.create_history(spec));
    if (SqlResult<bool> made = run_ddl(driver, dialect, std::span(&made_by, 1)); !made) return made;
  }
  return at.rehearsed != nullptr ? SqlResult<bool>(true) : check_rights(driver, at, spec, false);
}

}  // namespace ctk::sink::sql
