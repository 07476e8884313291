#include "sink/cratedb/sweeper.h"

#include <fmt/format.h>

#include <functional>
#include <memory>

#include "sink/cratedb/row_args.h"
#include "sink/cratedb/statements.h"
#include "sink/cratedb/tables.h"
#include "sink/cratedb/witnesses.h"

namespace ctk::sink::cratedb {
namespace {

using coordination::StoredPosition;
using coordination::SweepPlan;

constexpr size_t kMarksAtOnce = 5000;

Task<Result<int64_t>> read_number(Session& session, std::string sql, std::string doing) {
  Statement statement{.sql = std::move(sql), .args = "", .bulk = ""};
  Result<Answer> answer = co_await run_or_fail(session, std::move(statement), std::move(doing));
  if (!answer) co_return forward_error(std::move(answer));
  if (answer->rows.empty() || answer->rows[0].empty()) co_return fail(ErrorKind::internal, "a count without a row");
  co_return cell_int(answer->rows[0][0]).value_or(0);
}

Task<Result<Timestamp>> server_time(Session& session) {
  Result<int64_t> millis = co_await read_number(session, "SELECT now()", "asking for the time");
  if (!millis) co_return forward_error(std::move(millis));
  co_return from_micros(*millis * 1000);
}

/// The minimum over the unfinished shards of all relays of the table; a relay without any rows holds everything back. The
/// request's own relay may know it better.
Task<Result<Timestamp>> read_watermark(CratePositions& positions, coordination::TableRecord record, SweepRequest request) {
  std::vector<StoredPosition> all;
  if (request.watermark) {
    StoredPosition& own = all.emplace_back();
    own.read_to = *request.watermark;
  }
  for (const coordination::RelayName& relay : record.relays) {
    if (request.watermark && relay == request.relay) continue;
    Result<std::vector<StoredPosition>> rows = co_await positions.read(relay);
    if (!rows) co_return forward_error(std::move(rows));
    if (rows->empty()) co_return kNoTime;
    all.insert(all.end(), rows->begin(), rows->end());
  }
  co_return coordination::watermark(all);
}

/// What is due now; remembers the pair that a later sweep needs.
Task<Result<SweepPlan>> plan(Session& session, CratePositions& positions, SweepRequest request) {
  Result<std::optional<StoredRecord>> stored = co_await find_record(session, request.table);
  if (!stored) co_return forward_error(std::move(stored));
  if (!*stored) co_return SweepPlan{};
  Result<Timestamp> watermark = co_await read_watermark(positions, (*stored)->record, request);
  if (!watermark) co_return forward_error(std::move(watermark));
  Result<Timestamp> now = co_await server_time(session);
  if (!now) co_return forward_error(std::move(now));
  const SweepPlan due = coordination::plan_sweep((*stored)->record, *watermark, *now, request.grace, request.floor);
  if (due.remember) {
    coordination::TableRecord changed = (*stored)->record;
    changed.sweep = due.remember;
    Statement update = update_record(session.bookkeeping, **stored, changed);
    Result<Answer> answer = co_await run_or_fail(session, std::move(update), "writing ctk_tables");
    if (!answer) co_return forward_error(std::move(answer));
    // Somebody else wrote the record: what is due stays true, and a next sweep notes the pair.
  }
  co_return due;
}

std::string tombstones_bulk(const std::vector<Mark>& marks) {
  std::vector<std::string> rows;
  for (const Mark& mark : marks) {
    rows.push_back(fmt::format("[{},{},{}]", fmt::join(mark.key, ","), mark.seq_no, mark.primary_term));
  }
  return fmt::format("[{}]", fmt::join(rows, ","));
}

/// How many of the rows were as they had been looked at; one that was revived or swept meanwhile is not ours to count.
Task<Result<uint64_t>> change_rows(Session& session, std::string sql, const table::TableSpec& spec,
                                   const std::vector<Mark>& rows) {
  const std::string doing = "sweeping " + spec.name.str();
  Statement statement{.sql = std::move(sql), .args = "", .bulk = tombstones_bulk(rows)};
  Result<Answer> answer = co_await run_or_fail(session, std::move(statement), doing);
  if (!answer) co_return forward_error(std::move(answer));
  uint64_t swept = 0;
  for (const RowResult& row : answer->results) {
    if (row.rowcount > 0) swept++;
    if (!row.error) continue;
    const Action action = action_for(*row.error);
    if (action != Action::lost_race && action != Action::row_is_gone)
      co_return std::unexpected(to_error(*row.error, doing));
  }
  co_return swept;
}

Task<Result<OpenDeadLetters>> find_open_letters(Session& session, const table::TableSpec& spec) {
  Result<Answer> letters = co_await run_or_fail(session, session.bookkeeping.select_dead_letter_keys(spec.source_table),
                                                "reading ctk_dead_letters");
  if (!letters) co_return forward_error(std::move(letters));
  co_return read_open_dead_letters(*letters, spec);
}

/// Rows that `select` finds below `bound`, but for those that `keep` keeps, are changed by `change`, some at a time.
struct SweepStatements {
  std::string select, change, bound;
  size_t kept = 0;  ///< at most so many of those found stay
  std::function<std::vector<Mark>(std::vector<Mark>)> sweepable;
};

Task<Result<uint64_t>> sweep_with(Session& session, const table::TableSpec& spec, SweepStatements broom) {
  uint64_t swept = 0;
  while (true) {
    Statement select{
        .sql = broom.select, .args = fmt::format("[{},{}]", broom.bound, kMarksAtOnce + broom.kept), .bulk = ""};
    Result<Answer> found = co_await run_or_fail(session, std::move(select), "reading rows of " + spec.name.str());
    if (!found) co_return forward_error(std::move(found));
    const std::vector<Mark> rows = broom.sweepable(read_marks(*found, spec.keys.size()));
    if (rows.empty()) co_return swept;
    Result<uint64_t> gone = co_await change_rows(session, broom.change, spec, rows);
    if (!gone) co_return gone;
    swept += *gone;
    // Also where none is counted: a try whose answer was lost may have done it.
    Statement refreshing{.sql = refresh(spec.name), .args = "", .bulk = ""};
    Result<Answer> refreshed = co_await run_or_fail(session, std::move(refreshing), "refreshing " + spec.name.str());
    if (!refreshed) co_return forward_error(std::move(refreshed));
    if (found->rows.size() < kMarksAtOnce || *gone == 0) co_return swept;
  }
}

Task<Result<uint64_t>> sweep_before(Session& session, const table::TableSpec& spec, Timestamp before) {
  Result<OpenDeadLetters> open = co_await find_open_letters(session, spec);
  if (!open) co_return forward_error(std::move(open));
  const auto letters = std::make_shared<const OpenDeadLetters>(std::move(*open));
  // Kept in whole milliseconds, rounded down: only what is before the same rounding is surely before.
  SweepStatements broom{select_due_tombstones(spec), delete_tombstone(spec), std::to_string(to_millis(before)),
                        letters->size(),
                        [letters](std::vector<Mark> marks) { return sweepable(std::move(marks), *letters); }};
  Result<uint64_t> swept = co_await sweep_with(session, spec, std::move(broom));
  co_return swept;
}

/// Rows that the load of this epoch has not seen: gone from the source, unless a dead letter says that they were refused.
Task<Result<uint64_t>> sweep_older(Session& session, const table::TableSpec& spec, coordination::Epoch epoch) {
  Result<OpenDeadLetters> open = co_await find_open_letters(session, spec);
  if (!open) co_return forward_error(std::move(open));
  const auto letters = std::make_shared<const OpenDeadLetters>(std::move(*open));
  const bool tombstones_stay = spec.options.deletes == table::Deletes::soft;
  SweepStatements broom{select_older(spec), tombstones_stay ? bury_older(spec) : delete_tombstone(spec),
                        fmt::format("\"{}\"", table::version_text(epoch, "")), letters->size(),
                        [letters](std::vector<Mark> rows) {
                          std::erase_if(rows, [&](const Mark& row) { return letters->contains(row.key); });
                          return rows;
                        }};
  Result<uint64_t> swept = co_await sweep_with(session, spec, std::move(broom));
  co_return swept;
}

/// What the last load owes, once the floor has passed.
Task<Result<bool>> pay_for_load(Session& session, const table::TableSpec& spec, SweepRequest request,
                                SweepOutcome& outcome) {
  Result<std::optional<StoredRecord>> stored = co_await find_record(session, request.table);
  if (!stored) co_return forward_error(std::move(stored));
  if (!*stored) co_return true;
  outcome.load = (*stored)->record.load;
  Result<Timestamp> now = co_await server_time(session);
  if (!now) co_return forward_error(std::move(now));
  const auto epoch = coordination::older_epochs_due((*stored)->record, *now, request.floor);
  if (!epoch) co_return true;
  Result<uint64_t> swept = co_await sweep_older(session, spec, *epoch);
  if (!swept) co_return forward_error(std::move(swept));
  outcome.older_swept = *swept;
  coordination::TableRecord complete = (*stored)->record;
  complete.load = coordination::LoadState::complete;
  Result<bool> noted = co_await store_record(session, **stored, std::move(complete));
  if (noted && *noted) outcome.load = coordination::LoadState::complete;
  co_return noted;
}

/// Rows of older epochs may go with this sweep, and marks.
Task<Result<bool>> renew_witnesses_before_sweep(Session& session, const table::TableSpec& spec, std::string table,
                                                coordination::Witnesses fresh) {
  Result<std::optional<StoredRecord>> stored = co_await find_record(session, table);
  if (!stored) co_return forward_error(std::move(stored));
  if (!*stored) co_return true;
  const bool owes = (*stored)->record.load == coordination::LoadState::loaded;
  std::string bound = owes ? table::version_text((*stored)->record.epoch, "") : "";
  Result<bool> renewed = co_await renew_witnesses(session, spec, std::move(table), std::move(fresh), std::move(bound));
  co_return renewed;
}

}  // namespace

std::vector<Mark> read_marks(const Answer& answer, size_t key_columns) {
  std::vector<Mark> marks;
  for (const auto& row : answer.rows) {
    if (row.size() != key_columns + 3) continue;
    marks.push_back({.key = {row.begin(), row.begin() + static_cast<ptrdiff_t>(key_columns)},
                     .version = cell_text(row[key_columns]).value_or(""),
                     .seq_no = row[key_columns + 1],
                     .primary_term = row[key_columns + 2]});
  }
  return marks;
}

OpenDeadLetters read_open_dead_letters(const Answer& answer, const table::TableSpec& spec) {
  OpenDeadLetters letters;
  for (const auto& row : answer.rows) {
    if (row.size() != 2) continue;
    const auto cells = key_cells(spec, cell_text(row[0]).value_or(""));
    if (!cells) continue;
    const std::string version = cell_text(row[1]).value_or("");
    const auto [entry, is_new] = letters.try_emplace(*cells, version);
    if (!is_new) entry->second = std::min(entry->second, version);
  }
  return letters;
}

std::vector<Mark> sweepable(std::vector<Mark> marks, const OpenDeadLetters& letters) {
  std::erase_if(marks, [&](const Mark& mark) {
    const auto found = letters.find(mark.key);
    return found != letters.end() && found->second < mark.version;
  });
  return marks;
}

Task<Result<LoadEnding>> finish_load(Session& session, LoadEnd end) {
  const auto found = session.tables.find(end.table);
  if (found == session.tables.end()) co_return fail(ErrorKind::internal, "table " + end.table + " is not open");
  const std::shared_ptr<TableState> state = found->second;
  const bool nothing_older = end.epoch == 1 && !state->spec.options.adopt;
  constexpr int kTries = 10;
  for (int i = 0; i < kTries; i++) {
    Result<std::optional<StoredRecord>> stored = co_await find_record(session, end.table);
    if (!stored) co_return forward_error(std::move(stored));
    if (!*stored || (*stored)->record.epoch != end.epoch) {
      co_return fail(ErrorKind::stale_epoch, fmt::format("the table {} has left epoch {}", end.table, end.epoch));
    }
    coordination::TableRecord record = (*stored)->record;
    if (record.load != coordination::LoadState::running) co_return LoadEnding{std::move(record), 0};
    Result<coordination::WitnessRows> rows = co_await find_rows(session, state->spec, record.witnesses);
    if (!rows) co_return forward_error(std::move(rows));
    const coordination::TableFound sight = coordination::judge_witnesses(*rows);
    if (sight != coordination::TableFound::as_recorded) {
      co_return std::unexpected(coordination::lost_table_error(end.table, sight));
    }
    Result<Timestamp> now = co_await server_time(session);
    if (!now) co_return forward_error(std::move(now));
    record.load = nothing_older ? coordination::LoadState::complete : coordination::LoadState::loaded;
    record.loaded = *now;
    Result<bool> noted = co_await store_record(session, **stored, record);
    if (!noted) co_return forward_error(std::move(noted));
    if (*noted) co_return LoadEnding{std::move(record), 0};
  }
  co_return fail(ErrorKind::unreachable, "ctk_tables changes faster than it can be written");
}

Task<Result<SweepOutcome>> sweep_table(Session& session, CratePositions& positions, SweepRequest request,
                                       coordination::Witnesses fresh) {
  const auto found = session.tables.find(request.table);
  if (found == session.tables.end()) co_return fail(ErrorKind::internal, "table " + request.table + " is not open");
  const std::shared_ptr<TableState> state = found->second;
  const table::TableSpec& spec = state->spec;
  Result<bool> made = co_await make_bookkeeping(session);
  if (!made) co_return forward_error(std::move(made));
  for (const table::QualifiedName& name : {spec.name, session.bookkeeping.dead_letters}) {
    Statement refreshing{.sql = refresh(name), .args = "", .bulk = ""};
    Result<Answer> refreshed = co_await run_or_fail(session, std::move(refreshing), "refreshing " + name.str());
    if (!refreshed) {
      if (refreshed.error().kind == ErrorKind::not_found) session.bookkeeping_is_missed = true;
      co_return forward_error(std::move(refreshed));
    }
  }
  Result<bool> known = co_await renew_witnesses_before_sweep(session, spec, request.table, std::move(fresh));
  if (!known) co_return forward_error(std::move(known));
  SweepOutcome outcome;
  Result<bool> paid = co_await pay_for_load(session, spec, request, outcome);
  if (!paid) co_return forward_error(std::move(paid));
  Result<SweepPlan> due = co_await plan(session, positions, request);
  if (!due) co_return forward_error(std::move(due));
  if (due->before) {
    Result<uint64_t> swept = co_await sweep_before(session, spec, *due->before);
    if (!swept) co_return forward_error(std::move(swept));
    outcome.swept = *swept;
  }
  Result<int64_t> tombstones =
      co_await read_number(session, count_tombstones(spec.name), "counting marks of " + spec.name.str());
  if (!tombstones) co_return forward_error(std::move(tombstones));
  outcome.tombstones_left = static_cast<uint64_t>(*tombstones);
  if (!request.count_living) co_return outcome;
  Result<int64_t> rows = co_await read_number(session, count_rows(spec.name), "counting rows of " + spec.name.str());
  if (!rows) co_return forward_error(std::move(rows));
  outcome.living = static_cast<uint64_t>(*rows - *tombstones);
  co_return outcome;
}

}  // namespace ctk::sink::cratedb
