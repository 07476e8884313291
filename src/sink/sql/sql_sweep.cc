#include "sink/sql/sql_sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "sink/sql/counted_change.h"
#include "sink/sql/key_lookup.h"
#include "sink/sql/row_key.h"
#include "sink/sql/row_names.h"
#include "sink/sql/sql_dead_letters.h"
#include "sink/sql/sql_positions.h"
#include "sink/sql/sql_registry.h"
#include "sink/sql/sql_witnesses.h"

namespace ctk::sink::sql {
namespace {

using coordination::StoredPosition;
using coordination::TableRecord;

enum class Removal {
  at_once,
  by_halves,  ///< a row of the users' refers to some of the rows
};

/// The least time up to which everything is read and stored: of the table's relays, and what the request knows.
/// kNoTime where a relay has no rows: it may start anew. Nothing where no one knows.
SqlResult<std::optional<Timestamp>> watermark_of(Driver& driver, const SweepJob& job, const TableRecord& record) {
  std::optional<Timestamp> lowest = job.request.watermark;
  for (const coordination::RelayName& relay : record.relays) {
    SqlResult<std::vector<StoredPosition>> rows = read_positions(driver, job.at, relay);
    if (!rows) return forward_failure(std::move(rows));
    Timestamp relays = coordination::watermark(*rows);
    lowest = std::min(lowest.value_or(relays), relays);
  }
  return lowest;
}

/// Which rows a sweep is about: a condition, unbound, and its one parameter.
struct Which {
  std::string condition;
  Param bound;
};

/// Rows that must stay because of an open dead letter of their key, locked. `which` is a condition on the row with one
/// parameter, which is `bound`, or the letter's version where that is null.
SqlResult<std::vector<RowName>> protected_rows(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer,
                                               const std::string& which, const std::string* bound) {
  const table::TableSpec& spec = renderer.spec();
  SqlResult<std::vector<std::pair<std::string, std::string>>> letters = dead_letter_keys(driver, at, spec.source_table);
  if (!letters) return forward_failure(std::move(letters));
  SqlResult<RowNaming> naming = RowNaming::find(driver, at.dialect, spec);
  if (!naming) return forward_failure(std::move(naming));
  KeyLookup lookup(at.dialect, spec, {.columns = naming->columns(), .condition = which, .lock = at.dialect.for_update()});
  std::vector<std::vector<table::KeyCell>> keys;
  keys.reserve(letters->size());
  for (const auto& [key, version] : *letters) {
    const std::vector<table::KeyCell>& cells = keys.emplace_back(key_cells(renderer, key));
    if (cells.size() == spec.keys.size()) lookup.ask(cells, {Param::of(bound == nullptr ? version : *bound)});
  }
  SqlResult<std::vector<std::optional<Cells>>> rows = lookup.run(driver);
  if (!rows) return forward_failure(std::move(rows));
  std::vector<RowName> names;
  for (const std::optional<Cells>& row : *rows) {
    if (row) names.push_back(naming->read(*row));
  }
  if (names.size() <= naming->most()) return names;
  return call_failure(
      {ErrorKind::refused,
       fmt::format("{} rows of table {} may not be swept before older changes of theirs, which lie in the dead "
                   "letters: more than one statement can leave out",
                   names.size(), spec.name.str()),
       "", "see ctk dead-letters list"});
}

/// Finishes a DELETE or UPDATE of rows, but for some.
SqlResult<uint64_t> change_rows(Driver& driver, const Bookkeeping& at, const table::TableSpec& spec, std::string sql,
                                const Which& which, const std::vector<RowName>& keep) {
  CountedChange change{at.dialect.quote(spec.name), std::move(sql), which.condition, {which.bound}};
  SqlResult<RowNaming> naming = RowNaming::find(driver, at.dialect, spec);
  if (!naming) return forward_failure(std::move(naming));
  const NamedRows kept(*naming, keep);
  if (!keep.empty()) {
    change.condition += " AND " + kept.not_in();
    kept.append_params(change.params);
  }
  return run_counted(driver, at.dialect, std::move(change));
}

/// Removes marks by their rows' names, by halves where the database refuses some: those that a row of the users' refers to
/// stay, as marks. Inside a transaction.
class MarkRemover {
 public:
  MarkRemover(Driver& driver, const SweepJob& job, const RowNaming& naming)
      : driver_(driver), dialect_(job.at.dialect), naming_(naming) {
    delete_ = fmt::format("DELETE FROM {} WHERE {} AND ", dialect_.quote(job.renderer.spec().name),
                          dialect_.is_true(dialect_.quote("cdc_deleted")));
  }

  SqlResult<uint64_t> remove(std::span<const RowName> rows) {
    if (rows.empty()) return uint64_t{0};
    if (rows.size() > naming_.most()) return remove_halves(rows);
    const NamedRows named(naming_, rows);
    std::vector<Param> params;
    named.append_params(params);
    const std::vector<Statement> script = {statement(dialect_.bind(delete_ + named.in()), std::move(params))};
    SqlResult<std::vector<Answer>> answers = run_in_savepoint(driver_, dialect_, script);
    if (answers) return static_cast<uint64_t>(answers->front().affected.front());
    if (answers.error().scope != Scope::row || !driver_.in_transaction()) return forward_failure(std::move(answers));
    return rows.size() == 1 ? SqlResult<uint64_t>(uint64_t{0}) : remove_halves(rows);
  }

 private:
  SqlResult<uint64_t> remove_halves(std::span<const RowName> rows) {
    SqlResult<uint64_t> first = remove(rows.first(rows.size() / 2));
    if (!first) return first;
    SqlResult<uint64_t> second = remove(rows.subspan(rows.size() / 2));
    if (!second) return second;
    return *first + *second;
  }

  Driver& driver_;
  const Dialect& dialect_;
  const RowNaming& naming_;
  std::string delete_;
};

/// What the database refuses to remove at once.
SqlResult<uint64_t> remove_marks_by_halves(Driver& driver, const SweepJob& job, const Which& due,
                                           const std::vector<RowName>& keep) {
  const table::TableSpec& spec = job.renderer.spec();
  SqlResult<RowNaming> naming = RowNaming::find(driver, job.at.dialect, spec);
  if (!naming) return forward_failure(std::move(naming));
  const std::string sql =
      fmt::format("SELECT {} FROM {} WHERE {}", naming->columns(), job.at.dialect.quote(spec.name), due.condition);
  SqlResult<Answer> found = driver.run(patiently(statement(job.at.dialect.bind(sql), {due.bound})));
  if (!found) return forward_failure(std::move(found));
  std::vector<RowName> rows;
  for (const Cells& row : found->rows) {
    RowName name = naming->read(row);
    if (std::ranges::find(keep, name) == keep.end()) rows.push_back(std::move(name));
  }
  return MarkRemover(driver, job, *naming).remove(rows);
}

/// Marks stay while an older change of their key may still be replayed.
SqlResult<uint64_t> remove_marks(Driver& driver, const SweepJob& job, Timestamp before, Removal removal) {
  const Dialect& dialect = job.at.dialect;
  const std::string marked = dialect.is_true(dialect.quote("cdc_deleted"));
  const std::string hidden = fmt::format("{} AND {} > ?", marked, dialect.bytewise(dialect.quote("cdc_version")));
  SqlResult<std::vector<RowName>> keep = protected_rows(driver, job.at, job.renderer, hidden, nullptr);
  if (!keep) return forward_failure(std::move(keep));
  const std::string due = fmt::format("{} AND {} < ?", marked, dialect.quote("cdc_time"));
  if (removal == Removal::by_halves) return remove_marks_by_halves(driver, job, {due, Param::of_time(before)}, *keep);
  const std::string remove = "DELETE FROM " + dialect.quote(job.renderer.spec().name);
  return change_rows(driver, job.at, job.renderer.spec(), remove, {due, Param::of_time(before)}, *keep);
}

/// What a complete load has not seen is gone from its source, unless a dead letter says that it was merely refused. With
/// deletes=soft it is marked.
SqlResult<uint64_t> remove_older(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer,
                                 coordination::Epoch epoch) {
  const bool adopt = renderer.spec().options.adopt;
  if (epoch == 1 && !adopt) return uint64_t{0};
  const std::string version_column = at.dialect.quote("cdc_version"), marked = at.dialect.quote("cdc_deleted");
  std::string older = at.dialect.bytewise(version_column) + " < ?";
  if (adopt) older = "(" + older + " OR " + version_column + " IS NULL)";
  const std::string bound = table::version_text(epoch, "");
  SqlResult<std::vector<RowName>> keep = protected_rows(driver, at, renderer, older, &bound);
  if (!keep) return forward_failure(std::move(keep));
  const table::TableSpec& spec = renderer.spec();
  const std::string table = at.dialect.quote(spec.name);
  if (spec.options.deletes != table::Deletes::soft) {
    return change_rows(driver, at, spec, "DELETE FROM " + table, {older, Param::of(bound)}, *keep);
  }
  older += " AND " + at.dialect.is_not_true(marked);
  const std::string mark = fmt::format("UPDATE {} SET {} = {}", table, marked, at.dialect.true_value());
  return change_rows(driver, at, spec, mark, {older, Param::of(bound)}, *keep);
}

SqlResult<LoadEnding> end_load(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer, const LoadEnd& end,
                               Timestamp now) {
  SqlResult<std::optional<TableRecord>> found = read_record(driver, at, end.table, at.dialect.for_update());
  if (!found) return forward_failure(std::move(found));
  if (!*found || (*found)->epoch != end.epoch) {
    return call_failure(
        {ErrorKind::stale_epoch, fmt::format("the table {} has left epoch {}", end.table, end.epoch), "", ""});
  }
  LoadEnding ending{std::move(**found), 0};
  if (ending.record.load == coordination::LoadState::complete) return ending;
  if (SqlResult<bool> whole = check_witnesses(driver, at, renderer, ending.record); !whole)
    return forward_failure(std::move(whole));
  SqlResult<uint64_t> swept = remove_older(driver, at, renderer, end.epoch);
  if (!swept) return forward_failure(std::move(swept));
  if (SqlResult<bool> kept = keep_witnesses(driver, at, renderer, ending.record); !kept)
    return forward_failure(std::move(kept));
  ending.swept = *swept;
  ending.record.load = coordination::LoadState::complete;
  ending.record.loaded = now;
  if (SqlResult<bool> noted = write_record(driver, at, ending.record); !noted) return forward_failure(std::move(noted));
  return ending;
}

SqlResult<uint64_t> count_rows(Driver& driver, const SweepJob& job, const std::string& condition) {
  Statement count = look_up("SELECT count(*) FROM " + job.at.dialect.quote(job.renderer.spec().name) + condition);
  SqlResult<Answer> answer = driver.run(patiently(std::move(count)));
  if (!answer) return forward_failure(std::move(answer));
  uint64_t rows = 0;
  if (answer->rows.empty()) return rows;
  const std::string cell = answer->rows.front()[0].value_or("0");
  std::from_chars(cell.data(), cell.data() + cell.size(), rows);
  return rows;
}

SqlResult<uint64_t> sweep_due(Driver& driver, const SweepJob& job, Removal removal) {
  if (const std::string at_once = job.at.dialect.check_constraints_at_once();
      removal == Removal::by_halves && !at_once.empty()) {
    if (SqlResult<Answer> set = driver.run(statement(at_once)); !set) return forward_failure(std::move(set));
  }
  // No load may begin meanwhile, but writes go on.
  std::string lock = job.request.floor > Duration::zero() ? job.at.dialect.for_update() : job.at.dialect.for_share();
  SqlResult<std::optional<TableRecord>> record = read_record(driver, job.at, job.request.table, lock);
  if (!record) return forward_failure(std::move(record));
  if (!*record) return uint64_t{0};
  if (SqlResult<bool> whole = check_witnesses(driver, job.at, job.renderer, **record); !whole)
    return forward_failure(std::move(whole));
  bool tombstones_stay = job.renderer.spec().options.deletes == table::Deletes::soft;
  if (tombstones_stay) return uint64_t{0};
  SqlResult<std::optional<Timestamp>> watermark = watermark_of(driver, job, **record);
  if (!watermark) return forward_failure(std::move(watermark));
  if (!*watermark) return uint64_t{0};
  Duration grace = job.request.grace;
  // Times of DynamoDB Streams are whole seconds.
  bool coarse = (*record)->kind == dynamodb::VersionKind::streams && grace != Duration::max();
  if (coarse) grace += std::chrono::seconds(1);
  coordination::SweepPlan plan = coordination::plan_sweep(**record, **watermark, job.now, grace, job.request.floor);
  if (plan.remember) {
    (*record)->sweep = plan.remember;
    if (SqlResult<bool> noted = write_record(driver, job.at, **record); !noted) return forward_failure(std::move(noted));
  }
  if (!plan.before) return uint64_t{0};
  SqlResult<uint64_t> swept = remove_marks(driver, job, *plan.before, removal);
  const bool none = swept && *swept == 0 && job.at.dialect.belief() == Belief::everything;
  if (!swept || none) return swept;
  if (SqlResult<bool> kept = keep_witnesses(driver, job.at, job.renderer, **record); !kept)
    return forward_failure(std::move(kept));
  return swept;
}

}  // namespace

Result<LoadEnding> finish_load(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer, const LoadEnd& end,
                               Timestamp now) {
  return transact<LoadEnding>(driver, at.dialect, [&](Driver& inside) { return end_load(inside, at, renderer, end, now); });
}

Result<SweepOutcome> sweep_table(Driver& driver, const SweepJob& job) {
  SweepOutcome outcome;
  const auto sweep = [&](Removal removal) {
    return transact<uint64_t>(driver, job.at.dialect, [&](Driver& inside) { return sweep_due(inside, job, removal); });
  };
  Result<uint64_t> swept = sweep(Removal::at_once);
  if (!swept && swept.error().kind == ErrorKind::refused) swept = sweep(Removal::by_halves);
  if (!swept) return forward_error(std::move(swept));
  outcome.swept = *swept;
  // Behind the look at the old ones: what an emptied table has got since must not hide that it was emptied.
  if (!job.fresh.empty()) {
    Result<bool> noted = note_witnesses(driver, job.at, job.renderer, job.request.table, job.fresh);
    if (!noted) return forward_error(std::move(noted));
  }
  SqlResult<uint64_t> marks =
      count_rows(driver, job, " WHERE " + job.at.dialect.is_true(job.at.dialect.quote("cdc_deleted")));
  if (!marks) return std::unexpected(call_error(std::move(marks).error()));
  outcome.tombstones_left = *marks;
  if (!job.request.count_living) return outcome;
  SqlResult<uint64_t> all = count_rows(driver, job, "");  // of a narrow index, where the database can
  if (!all) return std::unexpected(call_error(std::move(all).error()));
  outcome.living = *all - std::min(*all, *marks);
  return outcome;
}

}  // namespace ctk::sink::sql
