#include "sink/sql/history_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <deque>

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

std::string insert_text(const Dialect& dialect, const table::TableSpec& spec, size_t rows) {
  std::vector<std::string> names;
  std::string row;
  for (const ColumnDef& column : dialect.history_columns(spec)) {
    names.push_back(column.name);
    row += row.empty() ? "(?" : ", ?";
  }
  row += ")";
  std::string values;
  for (size_t i = 0; i < rows; ++i) values += (i == 0 ? "" : ", ") + row;
  return dialect.bind(
      fmt::format("INSERT INTO {} ({}) VALUES {}", dialect.quote(spec.name), dialect.quote_list(names), values));
}

/// The rows from the one before a range of versions to the one behind it: four times the key, each version twice.
std::string select_text(const Dialect& dialect, const table::TableSpec& spec) {
  const std::string table = dialect.quote(spec.name), version = dialect.quote("cdc_version");
  const std::string key = dialect.key_condition(spec);
  const auto nearest = [&](std::string_view function, std::string_view side) {
    return fmt::format("COALESCE((SELECT {}({}) FROM {} WHERE {} AND {} {} ?), ?)", function, version, table, key, version,
                       side);
  };
  return dialect.bind(fmt::format("SELECT {0}, {1}, {2} FROM {3} WHERE {4} AND {0} >= {5} AND {0} <= {6}", version,
                                  dialect.time_text(dialect.quote("valid_from")),
                                  dialect.time_text(dialect.quote("valid_to")), table, key, nearest("MAX", "<"),
                                  nearest("MIN", ">")));
}

}  // namespace

HistoryTable::HistoryTable(const Dialect& dialect, table::TableSpec spec)
    : dialect_(dialect), spec_(std::move(spec)), width_(dialect.history_columns(spec_).size()) {
  const std::string table = dialect.quote(spec_.name);
  const std::string one = fmt::format("{} AND {} = ?", dialect.key_condition(spec_), dialect.quote("cdc_version"));
  select_ = select_text(dialect, spec_);
  end_ = dialect.bind(fmt::format("UPDATE {} SET {} = ? WHERE {}", table, dialect.quote("valid_to"), one));
  remove_ = dialect.bind(fmt::format("DELETE FROM {} WHERE {}", table, one));
  for (size_t rows = 1; rows <= dialect.rows_per_insert(); rows *= 2) {
    inserts_.push_back(insert_text(dialect, spec_, rows));
  }
}

Tried<bool> HistoryTable::read(Driver& driver, coordination::Epoch epoch, std::span<const HistoryOfRow> keys,
                               std::vector<HistoryOfKey>& histories) const {
  std::deque<table::VersionRange> windows;
  std::vector<size_t> whose;
  Statement select = look_up(select_);
  for (size_t i = 0; i < keys.size(); ++i) {
    const std::vector<table::KeyCell>& key = keys[i].key();
    for (table::VersionRange& each : histories[i].windows(epoch)) {
      const table::VersionRange& window = windows.emplace_back(std::move(each));
      whose.push_back(i);
      append_cells(select.params, key);
      for (const std::string* edge : {&window.from, &window.to}) {
        append_cells(select.params, key);
        select.params.push_back(Param::of(*edge));
        select.params.push_back(Param::of(*edge));
      }
    }
    select.width = 3 * key.size() + 4;
  }
  Tried<Answer> answer = driver.run(std::move(select));
  if (!answer) return broken(std::move(answer));
  auto next = answer->rows.begin();
  for (size_t i = 0; i < whose.size() && i < answer->affected.size(); ++i) {
    std::vector<HistoryEvent> rows;
    for (int64_t n = 0; n < answer->affected[i] && next != answer->rows.end(); ++n, ++next) {
      rows.push_back({(*next)[0].value_or(""), time_of((*next)[1]).value_or(kNoTime), time_of((*next)[2])});
    }
    histories[whose[i]].take(std::move(rows));
  }
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
  // As with the table's rows: powers of two, and where each row is a statement, one that is executed often.
  std::vector<Statement> statements;
  for (size_t next = 0; next < rows.size();) {
    const size_t left = rows.size() - next;
    const size_t power = std::min(inserts_.size() - 1, static_cast<size_t>(std::bit_width(left)) - 1);
    const size_t taken = inserts_.size() == 1 ? left : size_t{1} << power;
    Statement& insert = statements.emplace_back();
    insert.sql = inserts_[power];
    insert.width = (size_t{1} << power) * width_;
    insert.params.reserve(taken * width_);
    for (size_t i = 0; i < taken; ++i) append_row(insert.params, *rows[next + i].row, rows[next + i].to);
    next += taken;
  }
  return statements;
}

Statement HistoryTable::ends(std::span<const HistoryOfRow> keys, std::span<const HistoryChanges> changes) const {
  Statement update = statement(end_);
  for (size_t i = 0; i < keys.size(); ++i) {
    for (const HistoryChanges::End& each : changes[i].ends) {
      update.params.push_back(end_param(each.to));
      append_cells(update.params, keys[i].key());
      update.params.push_back(Param::of(each.version));
      update.width = keys[i].key().size() + 2;
    }
  }
  return update;
}

Statement HistoryTable::removals(std::span<const HistoryOfRow> keys, std::span<const HistoryChanges> changes) const {
  Statement remove = statement(remove_);
  for (size_t i = 0; i < keys.size(); ++i) {
    for (const std::string& version : changes[i].removals) {
      append_cells(remove.params, keys[i].key());
      remove.params.push_back(Param::of(version));
      remove.width = keys[i].key().size() + 1;
    }
  }
  return remove;
}

Tried<bool> HistoryTable::write(Driver& driver, coordination::Epoch epoch, std::span<const HistoryOfRow> keys) const {
  if (keys.empty()) return true;
  std::vector<HistoryOfKey> histories;
  for (const HistoryOfRow& key : keys) {
    std::vector<HistoryEvent> events;
    for (const HistoryRow& each : key.rows) events.push_back({each.row->version, each.row->time});
    histories.emplace_back(std::move(events));
  }
  if (Tried<bool> known = read(driver, epoch, keys, histories); !known) return known;
  std::vector<HistoryChanges> changes;
  for (const HistoryOfKey& history : histories) changes.push_back(history.plan());
  std::vector<Statement> script;
  if (Statement removed = removals(keys, changes); removed.width > 0) script.push_back(std::move(removed));
  for (Statement& insert : inserts(keys, changes)) script.push_back(std::move(insert));
  if (Statement ended = ends(keys, changes); ended.width > 0) script.push_back(std::move(ended));
  if (script.empty()) return true;
  Tried<std::vector<Answer>> written = driver.run(std::span<const Statement>(script));
  if (!written) return broken(std::move(written));
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

Tried<bool> ensure_history(Driver& driver, const Bookkeeping& at, const table::TableSpec& spec) {
  const Dialect& dialect = at.dialect;
  if (at.rehearsed != nullptr && !spec.options.create_table) return true;
  Tried<Standing> standing = look_at(driver, dialect, spec.name);
  if (!standing) return broken(std::move(standing));
  if (!standing->nothing() && standing->kind != "a table") {
    return broken(in_the_way(dialect, spec, "it is " + standing->kind));
  }
  Tried<FoundTable> found = describe_table(driver, dialect, spec.name);
  if (!found) return broken(std::move(found));
  Result<bool> create = judge_history(dialect, spec, *found);
  if (!create) return broken(std::move(create).error());
  if (*create && !spec.options.create_table) {
    return broken({ErrorKind::not_found, fmt::format("the table {} is not there, and create-table=false", spec.name.str()),
                   "", "create it with: " + dialect.create_history(spec)});
  }
  if (*create) {
    const Statement made_by = statement(dialect.create_history(spec));
    if (Tried<bool> made = run_ddl(driver, dialect, std::span(&made_by, 1)); !made) return made;
  }
  return at.rehearsed != nullptr ? Tried<bool>(true) : check_rights(driver, at, spec, false);
}

}  // namespace ctk::sink::sql
