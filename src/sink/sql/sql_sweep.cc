#include "sink/sql/sql_sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "sink/sql/row_key.h"
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
Tried<std::optional<Timestamp>> watermark_of(Driver& driver, const SweepJob& job, const TableRecord& record) {
  std::optional<Timestamp> lowest = job.request.watermark;
  for (const coordination::RelayName& relay : record.relays) {
    Tried<std::vector<StoredPosition>> rows = read_positions(driver, job.at, relay);
    if (!rows) return broken(std::move(rows));
    Timestamp relays = coordination::watermark(*rows);
    lowest = std::min(lowest.value_or(relays), relays);
  }
  return lowest;
}

/// Rows that must stay because of an open dead letter of their key: their ids, locked. `which` is a condition on the row
/// with one parameter, which is `bound`, or the letter's version where that is null.
Tried<std::vector<std::string>> protected_rows(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer,
                                               const std::string& which, const std::string* bound) {
  const table::TableSpec& spec = renderer.spec();
  Tried<std::vector<std::pair<std::string, std::string>>> letters = letter_keys(driver, at, spec.source_table);
  if (!letters) return broken(std::move(letters));
  std::vector<std::string> ids;
  if (letters->empty()) return ids;
  Statement find = look_up(
      at.dialect.bind(fmt::format("SELECT {} FROM {} WHERE {} AND {}{}", at.dialect.row_id(), Dialect::quote(spec.name),
                                  Dialect::key_condition(spec), which, at.dialect.for_update())));
  find.width = spec.keys.size() + 1;
  std::vector<std::vector<table::KeyCell>> keys;
  keys.reserve(letters->size());
  for (const auto& [key, version] : *letters) {
    const std::vector<table::KeyCell>& cells = keys.emplace_back(key_cells(renderer, key));
    if (cells.size() != spec.keys.size()) continue;
    for (const table::KeyCell& cell : cells) find.params.push_back(Param::of_key(cell));
    find.params.push_back(Param::of(bound == nullptr ? version : *bound));
  }
  if (find.params.empty()) return ids;
  Tried<Answer> answer = driver.run(std::move(find));
  if (!answer) return broken(std::move(answer));
  for (const Cells& row : answer->rows) ids.push_back(row[0].value_or(""));
  return ids;
}

/// Finishes a DELETE or UPDATE of rows by a condition with one parameter, but for some.
Tried<uint64_t> change_rows(Driver& driver, const Bookkeeping& at, std::string sql, const std::string& which, Param bound,
                            const std::vector<std::string>& keep) {
  sql += " WHERE " + which;
  std::string kept = at.dialect.row_id_list(keep);
  std::vector<Param> params = {bound};
  if (!keep.empty()) {
    sql += " AND " + at.dialect.row_not_in();
    params.push_back(Param::of(kept));
  }
  Tried<Answer> removed = driver.run(patiently(statement(at.dialect.bind(sql), std::move(params))));
  if (!removed) return broken(std::move(removed));
  return static_cast<uint64_t>(removed->affected.front());
}

/// Removes marks by their rows' ids, by halves where the database refuses some: those that a row of the users' refers to
/// stay, as marks. Inside a transaction.
class MarkRemover {
 public:
  MarkRemover(Driver& driver, const SweepJob& job) : driver_(driver), dialect_(job.at.dialect) {
    sql_ = dialect_.bind("DELETE FROM " + Dialect::quote(job.renderer.spec().name) + " WHERE \"cdc_deleted\" AND " +
                         dialect_.row_in());
  }

  Tried<uint64_t> remove(std::span<const std::string> ids) {
    if (ids.empty()) return uint64_t{0};
    const std::string list = dialect_.row_id_list(ids);
    const std::vector<Statement> script = {statement("SAVEPOINT ctk_marks"), statement(sql_, {Param::of(list)}),
                                           statement("RELEASE SAVEPOINT ctk_marks")};
    Tried<std::vector<Answer>> answers = driver_.run(std::span(script));
    if (answers) return static_cast<uint64_t>((*answers)[1].affected.front());
    if (answers.error().scope != Scope::row) return broken(std::move(answers));
    const std::vector<Statement> undo = {statement("ROLLBACK TO SAVEPOINT ctk_marks"),
                                         statement("RELEASE SAVEPOINT ctk_marks")};
    if (Tried<std::vector<Answer>> undone = driver_.run(std::span(undo)); !undone) return broken(std::move(undone));
    if (ids.size() == 1) return uint64_t{0};
    Tried<uint64_t> first = remove(ids.first(ids.size() / 2));
    if (!first) return first;
    Tried<uint64_t> second = remove(ids.subspan(ids.size() / 2));
    if (!second) return second;
    return *first + *second;
  }

 private:
  Driver& driver_;
  const Dialect& dialect_;
  std::string sql_;
};

/// What the database refuses to remove at once.
Tried<uint64_t> remove_marks_by_halves(Driver& driver, const SweepJob& job, const std::string& due, Param bound,
                                       const std::vector<std::string>& keep) {
  const Dialect& dialect = job.at.dialect;
  Tried<Answer> found =
      driver.run(patiently(statement(dialect.bind(fmt::format("SELECT {} FROM {} WHERE {}", dialect.row_id(),
                                                              Dialect::quote(job.renderer.spec().name), due)),
                                     {bound})));
  if (!found) return broken(std::move(found));
  std::vector<std::string> ids;
  for (const Cells& row : found->rows) {
    if (row[0] && std::ranges::find(keep, *row[0]) == keep.end()) ids.push_back(*row[0]);
  }
  return MarkRemover(driver, job).remove(ids);
}

/// Marks stay while an older change of their key may still be replayed.
Tried<uint64_t> remove_marks(Driver& driver, const SweepJob& job, Timestamp before, Removal removal) {
  const std::string hidden = "\"cdc_deleted\" AND " + job.at.dialect.bytewise("\"cdc_version\"") + " > ?";
  Tried<std::vector<std::string>> keep = protected_rows(driver, job.at, job.renderer, hidden, nullptr);
  if (!keep) return broken(std::move(keep));
  const std::string due = "\"cdc_deleted\" AND \"cdc_time\" < ?";
  if (removal == Removal::by_halves) return remove_marks_by_halves(driver, job, due, Param::of_time(before), *keep);
  const std::string remove = "DELETE FROM " + Dialect::quote(job.renderer.spec().name);
  return change_rows(driver, job.at, remove, due, Param::of_time(before), *keep);
}

/// What a complete load has not seen is gone from its source, unless a dead letter says that it was merely refused. With
/// deletes=soft it is marked.
Tried<uint64_t> remove_older(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer,
                             coordination::Epoch epoch) {
  const bool adopt = renderer.spec().options.adopt;
  if (epoch == 1 && !adopt) return uint64_t{0};
  std::string older = at.dialect.bytewise("\"cdc_version\"") + " < ?";
  if (adopt) older = "(" + older + " OR \"cdc_version\" IS NULL)";
  const std::string bound = table::version_text(epoch, "");
  Tried<std::vector<std::string>> keep = protected_rows(driver, at, renderer, older, &bound);
  if (!keep) return broken(std::move(keep));
  const std::string table = Dialect::quote(renderer.spec().name);
  if (renderer.spec().options.deletes != table::Deletes::soft) {
    return change_rows(driver, at, "DELETE FROM " + table, older, Param::of(bound), *keep);
  }
  older += " AND \"cdc_deleted\" IS NOT TRUE";
  return change_rows(driver, at, "UPDATE " + table + " SET \"cdc_deleted\" = TRUE", older, Param::of(bound), *keep);
}

Tried<LoadEnding> end_load(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer, const LoadEnd& end,
                           Timestamp now) {
  Tried<std::optional<TableRecord>> found = read_record(driver, at, end.table, at.dialect.for_update());
  if (!found) return broken(std::move(found));
  if (!*found || (*found)->epoch != end.epoch) {
    return broken({ErrorKind::stale_epoch, fmt::format("the table {} has left epoch {}", end.table, end.epoch), "", ""});
  }
  LoadEnding ending{std::move(**found), 0};
  if (ending.record.load == coordination::LoadState::complete) return ending;
  if (Tried<bool> whole = check_witnesses(driver, at, renderer, ending.record); !whole) return broken(std::move(whole));
  Tried<uint64_t> swept = remove_older(driver, at, renderer, end.epoch);
  if (!swept) return broken(std::move(swept));
  if (Tried<bool> kept = keep_witnesses(driver, at, renderer, ending.record); !kept) return broken(std::move(kept));
  ending.swept = *swept;
  ending.record.load = coordination::LoadState::complete;
  ending.record.loaded = now;
  if (Tried<bool> noted = write_record(driver, at, ending.record); !noted) return broken(std::move(noted));
  return ending;
}

Tried<uint64_t> count_rows(Driver& driver, const SweepJob& job, const std::string& condition) {
  Statement count = look_up("SELECT count(*) FROM " + Dialect::quote(job.renderer.spec().name) + condition);
  Tried<Answer> answer = driver.run(patiently(std::move(count)));
  if (!answer) return broken(std::move(answer));
  uint64_t rows = 0;
  if (answer->rows.empty()) return rows;
  const std::string cell = answer->rows.front()[0].value_or("0");
  std::from_chars(cell.data(), cell.data() + cell.size(), rows);
  return rows;
}

Tried<uint64_t> sweep_due(Driver& driver, const SweepJob& job, Removal removal) {
  if (const std::string at_once = job.at.dialect.check_constraints_at_once();
      removal == Removal::by_halves && !at_once.empty()) {
    if (Tried<Answer> set = driver.run(statement(at_once)); !set) return broken(std::move(set));
  }
  // No load may begin meanwhile, but writes go on.
  std::string lock = job.request.floor > Duration::zero() ? job.at.dialect.for_update() : job.at.dialect.for_share();
  Tried<std::optional<TableRecord>> record = read_record(driver, job.at, job.request.table, lock);
  if (!record) return broken(std::move(record));
  if (!*record) return uint64_t{0};
  if (Tried<bool> whole = check_witnesses(driver, job.at, job.renderer, **record); !whole) return broken(std::move(whole));
  bool marks_stay = job.renderer.spec().options.deletes == table::Deletes::soft;
  if (marks_stay) return uint64_t{0};
  Tried<std::optional<Timestamp>> watermark = watermark_of(driver, job, **record);
  if (!watermark) return broken(std::move(watermark));
  if (!*watermark) return uint64_t{0};
  Duration grace = job.request.grace;
  // Times of DynamoDB Streams are whole seconds.
  bool coarse = (*record)->kind == dynamodb::VersionKind::streams && grace != Duration::max();
  if (coarse) grace += std::chrono::seconds(1);
  coordination::SweepPlan plan = coordination::plan_sweep(**record, **watermark, job.now, grace, job.request.floor);
  if (plan.remember) {
    (*record)->sweep = plan.remember;
    if (Tried<bool> noted = write_record(driver, job.at, **record); !noted) return broken(std::move(noted));
  }
  if (!plan.before) return uint64_t{0};
  Tried<uint64_t> swept = remove_marks(driver, job, *plan.before, removal);
  if (!swept || *swept == 0) return swept;
  if (Tried<bool> kept = keep_witnesses(driver, job.at, job.renderer, **record); !kept) return broken(std::move(kept));
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
  Tried<uint64_t> marks = count_rows(driver, job, " WHERE \"cdc_deleted\"");
  if (!marks) return std::unexpected(call_error(std::move(marks).error()));
  outcome.marks_left = *marks;
  if (!job.request.count_living) return outcome;
  Tried<uint64_t> all = count_rows(driver, job, "");  // of a narrow index, where the database can
  if (!all) return std::unexpected(call_error(std::move(all).error()));
  outcome.living = *all - std::min(*all, *marks);
  return outcome;
}

}  // namespace ctk::sink::sql
