#include "sink/sql/sql_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <unordered_map>
#include <utility>

#include "sink/sql/kept_rows.h"
#include "sink/sql/refusals.h"
#include "sink/sql/row_item.h"
#include "sink/sql/sql_dead_letters.h"
#include "sink/sql/sql_positions.h"
#include "sink/sql/sql_registry.h"
#include "sink/sql/stale_rows.h"

namespace ctk::sink::sql {
namespace {

using Items = std::span<RowItem*>;

std::vector<const table::Row*> rows_of(Items items) {
  std::vector<const table::Row*> rows;
  rows.reserve(items.size());
  for (RowItem* item : items) rows.push_back(item->row());
  return rows;
}

/// The keys' order: every writer locks rows in it.
bool before(const RowItem* a, const RowItem* b) {
  const std::vector<table::KeyCell>&left = a->row()->keys, &right = b->row()->keys;
  auto order = [](const table::KeyCell& l, const table::KeyCell& r) {
    if (l.text != r.text) return l.text < r.text;
    return l.integer != r.integer ? l.integer < r.integer : l.real < r.real;
  };
  return std::lexicographical_compare(left.begin(), left.end(), right.begin(), right.end(), order);
}

class BatchWriter {
 public:
  BatchWriter(Driver& driver, const WriteJob& job) : driver_(driver), job_(job), items_(job.batch.tables.size()) {
    for (size_t i = 0; i < items_.size(); ++i) {
      const TableWrites& writes = job.batch.tables[i];
      for (const FoldedChange& change : writes.changes) {
        const auto keeps = job.tables[i]->history() != nullptr ? RowItem::Keeps::each : RowItem::Keeps::newest;
        items_[i].emplace_back(change, job.tables[i]->renderer(), writes.version_epoch(), keeps);
      }
    }
  }

  Result<BatchOutcome> write();

 private:
  struct Script;

  std::vector<RowItem*> rows_to_write(size_t table);
  SqlResult<bool> attempt();
  /// on-error=stop: what was refused so far; it is not to be written then.
  std::vector<RefusedChange> refusals() const;
  SqlResult<bool> check(const Script& script, const std::vector<Answer>& answers);
  /// Whether what an epoch's statement found lets its table be written.
  SqlResult<bool> check_epochs(std::span<const Answer> answers) const;
  /// Where nothing can be taken back: before anything is written; positions move once all is.
  SqlResult<bool> may_write_apart();
  SqlResult<bool> move_apart(MoveStatements& moves);
  SqlResult<bool> write_carefully();
  SqlResult<bool> settle_doubts();
  SqlResult<bool> bisect(Items items, const RowTable& table);
  SqlResult<bool> keep_history(Items items, const RowTable& table);
  SqlResult<bool> write_with_history(Items items, const RowTable& table);
  SqlResult<bool> write_alone_with_history(RowItem& item, const RowTable& table);
  SqlResult<bool> refused(Items items, const RowTable& table, Failure failure);
  SqlResult<bool> try_nothing(const RowTable& table);
  SqlResult<NotKept> not_kept(Items items, const RowTable& table);
  SqlResult<bool> look_for_suppressed(const Script& script);
  SqlResult<bool> park_suppressed(Items items, const RowTable& table);
  /// Work that can be taken back as a whole, where the database can.
  SqlResult<bool> in_part(const std::function<SqlResult<bool>()>& work);
  coordination::Epoch table_epoch(const RowTable& table) const;
  bool reads_back() const { return job_.at.dialect.belief() == Belief::nothing; }
  /// Whether a conflict may be one row's own: the batch has met nothing else in all its tries before.
  bool lasting_conflict() const { return job_.tries > 1; }
  std::vector<DeadLetter> letters() const;
  Result<BatchOutcome> already_written();
  BatchOutcome outcome() const;

  Driver& driver_;
  const WriteJob& job_;
  std::vector<std::deque<RowItem>> items_;  ///< as in the batch
  bool careful_ = false;
  bool singly_ = false;     ///< a refusal ends the transaction: halves cannot be taken back
  bool found_one_ = false;  ///< such a transaction has shown whose row it was: the next one gets further

  /// A row that was refused alone, and may not be the only one.
  struct Doubt {
    RowItem* item;
    const RowTable* table;
    Failure failure;
  };
  // Of one transaction:
  std::vector<Doubt> doubts_;
  size_t taken_ = 0;                     ///< rows that were written, one by one or together
  std::vector<const RowTable*> proven_;  ///< tables that take a write of no rows
};

/// One transaction's statements but the COMMIT, and where they stand.
struct BatchWriter::Script {
  std::vector<Statement> statements;
  size_t moves = 0, first_move = 0;  ///< number of compare-and-sets; they are one statement
  size_t epochs = 0, first_epoch = 0;
  struct Rows {
    size_t first;
    size_t count;
    const RowTable* table;
    std::vector<RowItem*> items;
  };
  std::vector<Rows> rows;
  size_t letters = 0;  ///< kept by the last statement
};

std::vector<RowItem*> BatchWriter::rows_to_write(size_t table) {
  std::vector<RowItem*> rows;
  for (RowItem& item : items_[table]) {
    item.stale = false;
    if (item.row() != nullptr) rows.push_back(&item);
  }
  if (job_.at.dialect.traits().concurrent_writers) std::sort(rows.begin(), rows.end(), before);
  return rows;
}

Result<BatchOutcome> BatchWriter::write() {
  if (std::vector<RefusedChange> refused = refusals(); !refused.empty()) return stopped_by(std::move(refused));
  for (int left = kTransactionTries;; --left) {
    SqlResult<bool> written = attempt();
    if (std::vector<RefusedChange> refused = refusals(); !refused.empty()) return stopped_by(std::move(refused));
    if (written) return *written ? outcome() : already_written();
    const Scope scope = written.error().scope;
    const bool conflict = scope == Scope::conflict;
    const bool rows_own = scope == Scope::row || scope == Scope::doubtful || (conflict && left <= 1 && lasting_conflict());
    if (std::exchange(found_one_, false)) {
      left = kTransactionTries + 1;
    } else if (rows_own && !careful_) {
      careful_ = true;
    } else if ((scope != Scope::again && !conflict) || left <= 1) {
      return std::unexpected(call_error(std::move(written).error()));
    }
  }
}

std::vector<RefusedChange> BatchWriter::refusals() const {
  std::vector<RefusedChange> refused;
  if (!job_.batch.stop_on_refusal) return refused;
  for (const std::deque<RowItem>& items : items_) {
    for (const RowItem& item : items) item.append_refusal(refused);
  }
  return refused;
}

/// True: written. False: a compare-and-set found another position.
SqlResult<bool> BatchWriter::attempt() {
  const Batch& batch = job_.batch;
  Script script;
  script.statements = opening_statements(job_.at.dialect);
  auto append = [&](std::vector<Statement> more) {
    for (Statement& each : more) script.statements.push_back(std::move(each));
  };

  std::optional<coordination::Epoch> epoch;
  for (const TableWrites& writes : batch.tables) epoch = std::max(epoch.value_or(0), writes.epoch);
  MoveStatements moves(job_.at, batch.relay, batch.moves, epoch, job_.now);
  const bool apart = !job_.at.dialect.traits().transactions;
  if (apart) {
    if (SqlResult<bool> may = may_write_apart(); !may) return may;
  }
  script.moves = apart ? 0 : batch.moves.size();
  script.first_move = script.statements.size();
  const size_t move_statements = script.moves > 0 ? moves.statements.size() : 0;
  if (script.moves > 0) append(std::move(moves.statements));

  script.first_epoch = script.statements.size();
  script.epochs = batch.tables.size();
  for (const TableWrites& writes : batch.tables) append({check_epoch(job_.at, writes.table, writes.epoch)});

  std::vector<DeadLetter> kept = letters();
  if (!careful_) {
    for (size_t i = 0; i < batch.tables.size(); ++i) {
      std::vector<RowItem*> items = rows_to_write(i);
      size_t first = script.statements.size();
      append(job_.tables[i]->writes(rows_of(items)));
      script.rows.push_back({first, script.statements.size() - first, job_.tables[i].get(), std::move(items)});
    }
    if (!batch.settled.empty()) append({remove_letters(job_.at, batch.settled)});
    if (!kept.empty()) append(keep_dead_letters(job_.at, kept));
    script.letters = kept.size();
  }

  SqlResult<std::vector<Answer>> answers = driver_.run(std::span<const Statement>(script.statements));
  Rollback transaction(driver_);
  if (!answers) return forward_failure(std::move(answers));
  SqlResult<bool> checked = check(script, *answers);
  if (!checked || !*checked) return checked;
  const auto of_moves = std::span(std::as_const(*answers)).subspan(script.first_move, move_statements);
  if (SqlResult<bool> moved = moves.are_kept(of_moves); !moved || !*moved) return moved;
  if (SqlResult<bool> all = look_for_suppressed(script); !all) return all;
  for (const Script::Rows& rows : script.rows) {
    std::vector<RowItem*> items = rows.items;
    if (SqlResult<bool> written = keep_history(items, *rows.table); !written) return written;
  }
  if (careful_) {
    if (SqlResult<bool> rows = write_carefully(); !rows) return rows;
    if (SqlResult<bool> settled = settle_doubts(); !settled) return settled;
    if (!refusals().empty()) return true;  // rolled back
  }
  if (apart && !batch.moves.empty()) return move_apart(moves);
  if (SqlResult<Answer> committed = transaction.commit(); !committed) return forward_failure(std::move(committed));
  return true;
}

SqlResult<bool> BatchWriter::may_write_apart() {
  std::vector<Statement> statements;
  for (const TableWrites& writes : job_.batch.tables)
    statements.push_back(check_epoch(job_.at, writes.table, writes.epoch));
  SqlResult<std::vector<Answer>> answers = driver_.run(std::span<const Statement>(statements));
  return answers ? check_epochs(*answers) : forward_failure(std::move(answers));
}

SqlResult<bool> BatchWriter::move_apart(MoveStatements& moves) {
  SqlResult<std::vector<Answer>> answers = driver_.run(std::span<const Statement>(moves.statements));
  if (!answers) return forward_failure(std::move(answers));
  return MoveStatements::all_moved(answers->front()) ? moves.are_kept(*answers) : SqlResult<bool>(false);
}

SqlResult<bool> BatchWriter::check(const Script& script, const std::vector<Answer>& answers) {
  if (script.moves > 0 && !MoveStatements::all_moved(answers[script.first_move])) return false;
  if (SqlResult<bool> current = check_epochs(std::span(answers).subspan(script.first_epoch, script.epochs)); !current) {
    return current;
  }
  for (const Script::Rows& rows : script.rows) {
    std::vector<RowItem*> items = rows.items;
    note_results(items, *rows.table, std::span(script.statements).subspan(rows.first, rows.count),
                 std::span(answers).subspan(rows.first, rows.count));
  }
  return script.letters == 0 ? SqlResult<bool>(true) : check_dead_letters_kept(answers.back(), letters());
}

SqlResult<bool> BatchWriter::check_epochs(std::span<const Answer> answers) const {
  for (size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].affected.front() == 1) continue;
    const TableWrites& writes = job_.batch.tables[i];
    return call_failure(
        {ErrorKind::stale_epoch, fmt::format("the table {} has left epoch {}", writes.table, writes.epoch), "", ""});
  }
  return true;
}

SqlResult<bool> BatchWriter::write_carefully() {
  doubts_.clear();
  proven_.clear();
  taken_ = 0;
  // What would only fail at COMMIT could not be told from the others.
  if (std::string at_once = job_.at.dialect.check_constraints_at_once(); !at_once.empty()) {
    if (SqlResult<Answer> set = driver_.run(statement(at_once)); !set) return forward_failure(std::move(set));
  }
  for (size_t i = 0; i < items_.size(); ++i) {
    std::vector<RowItem*> items = rows_to_write(i);
    if (SqlResult<bool> written = bisect(items, *job_.tables[i]); !written) return written;
  }
  return true;
}

/// Parks the rows that were refused alone, and tries what lies below them, unless the target is to blame.
SqlResult<bool> BatchWriter::settle_doubts() {
  while (!doubts_.empty()) {
    const Failure& first = doubts_.front().failure;
    const RefusedRows seen{first.error.kind,           doubts_.size(), taken_,
                           job_.written_before,        job_.tries,     first.scope == Scope::conflict,
                           !job_.batch.settled.empty()};
    if (blame(seen) == Blame::target) return std::unexpected(std::move(doubts_.front().failure));
    for (Doubt& doubt : std::exchange(doubts_, {})) {
      doubt.item->park(to_string(doubt.failure.error), doubt.failure.because_of_key);
      if (doubt.item->row() == nullptr) continue;
      RowItem* lower[] = {doubt.item};
      if (SqlResult<bool> written = bisect(lower, *doubt.table); !written) return written;
    }
  }
  if (!job_.batch.settled.empty()) {
    if (SqlResult<Answer> removed = driver_.run(remove_letters(job_.at, job_.batch.settled)); !removed)
      return forward_failure(std::move(removed));
  }
  std::vector<DeadLetter> kept = letters();
  if (kept.empty()) return true;
  const std::vector<Statement> keep = keep_dead_letters(job_.at, kept);
  SqlResult<std::vector<Answer>> inserted = driver_.run(std::span(keep));
  if (!inserted) return forward_failure(std::move(inserted));
  return check_dead_letters_kept(inserted->back(), kept);
}

/// Writes rows inside the transaction; what is refused is found by halving.
SqlResult<bool> BatchWriter::bisect(Items items, const RowTable& table) {
  if (items.empty()) return true;
  if (singly_ && items.size() > 1) {
    for (size_t i = 0; i < items.size(); ++i) {
      if (SqlResult<bool> written = bisect(items.subspan(i, 1), table); !written) return written;
    }
    return true;
  }
  if (table.history() != nullptr) {
    SqlResult<bool> written =
        items.size() == 1 ? write_alone_with_history(*items[0], table) : write_with_history(items, table);
    return written ? written : refused(items, table, std::move(written).error());
  }
  const std::vector<Statement> script = table.writes(rows_of(items));
  SqlResult<std::vector<Answer>> answers = run_in_savepoint(driver_, job_.at.dialect, script);
  if (answers) {
    note_results(items, table, script, *answers);
    taken_ += items.size();
    return park_suppressed(items, table);
  }
  return refused(items, table, std::move(answers).error());
}

/// Behind the rows, whose locks keep others from their histories.
SqlResult<bool> BatchWriter::keep_history(Items items, const RowTable& table) {
  if (table.history() == nullptr) return true;
  std::vector<HistoryOfRow> keys;
  for (const RowItem* item : items) keys.push_back(item->history());
  return table.history()->write(driver_, table_epoch(table), keys);
}

/// Rows and their histories, or nothing of them.
SqlResult<bool> BatchWriter::write_with_history(Items items, const RowTable& table) {
  SqlResult<bool> written = in_part([&]() -> SqlResult<bool> {
    const std::vector<Statement> script = table.writes(rows_of(items));
    SqlResult<std::vector<Answer>> answers = driver_.run(std::span<const Statement>(script));
    if (!answers) return forward_failure(std::move(answers));
    note_results(items, table, script, *answers);
    SqlResult<NotKept> missing = not_kept(items, table);
    if (!missing) return forward_failure(std::move(missing));
    if (!missing->empty()) return std::unexpected(Failure{Scope::row, {ErrorKind::refused, kSuppressed, "", ""}});
    return keep_history(items, table);
  });
  if (written) taken_ += items.size();
  return written;
}

/// Of one key: where not all of its changes are taken together, the row with its own, and then each of the others, which
/// alone may be what is refused.
SqlResult<bool> BatchWriter::write_alone_with_history(RowItem& item, const RowTable& table) {
  RowItem* alone[] = {&item};
  SqlResult<bool> written = write_with_history(alone, table);
  const bool others = item.history().rows.size() > 1;
  if (written || !others || written.error().scope != Scope::row) return written;
  if (!driver_.in_transaction() || !job_.at.dialect.traits().savepoints) return written;
  item.leave_below();
  written = write_with_history(alone, table);
  item.take_below();
  if (!written) return written;
  for (size_t level = item.candidates().level() + 1; level < item.candidates().count(); ++level) {
    const HistoryOfRow event = item.history_below(level);
    if (event.rows.empty()) continue;
    SqlResult<bool> kept =
        in_part([&] { return table.history()->write(driver_, table_epoch(table), std::span(&event, 1)); });
    if (kept) continue;
    if (kept.error().scope != Scope::row || !driver_.in_transaction()) return kept;
    item.park_below(level, to_string(kept.error().error));
  }
  return true;
}

SqlResult<bool> BatchWriter::in_part(const std::function<SqlResult<bool>()>& work) {
  return job_.at.dialect.traits().savepoints ? in_savepoint(driver_, work) : work();
}

coordination::Epoch BatchWriter::table_epoch(const RowTable& table) const {
  const auto place = std::ranges::find(job_.tables, &table, [](const auto& each) { return each.get(); });
  return job_.batch.tables[static_cast<size_t>(place - job_.tables.begin())].epoch;
}

SqlResult<bool> BatchWriter::refused(Items items, const RowTable& table, Failure failure) {
  const bool doubtful = failure.scope == Scope::doubtful || (failure.scope == Scope::conflict && lasting_conflict());
  if (failure.scope != Scope::row && !doubtful) return std::unexpected(std::move(failure));
  const bool alone = items.size() == 1;
  // SQLite: RAISE(ROLLBACK) in a trigger, ON CONFLICT ROLLBACK.
  if (!driver_.in_transaction() || !job_.at.dialect.traits().savepoints) {
    found_one_ = true;
    singly_ = true;
    if (alone) items[0]->park(to_string(failure.error), failure.because_of_key);
    failure.scope = Scope::again;
    return std::unexpected(std::move(failure));
  }
  if (doubtful) {
    if (SqlResult<bool> able = try_nothing(table); !able) return able;
  }
  if (!alone) {
    size_t half = items.size() / 2;
    if (SqlResult<bool> first = bisect(items.first(half), table); !first) return first;
    return bisect(items.subspan(half), table);
  }
  if (doubtful) {
    doubts_.push_back({items[0], &table, std::move(failure)});
    return true;
  }
  items[0]->park(to_string(failure.error), failure.because_of_key);
  return items[0]->row() == nullptr ? SqlResult<bool>(true) : bisect(items, table);
}

/// Fails as the target does where it takes no rows at all.
SqlResult<bool> BatchWriter::try_nothing(const RowTable& table) {
  if (std::ranges::find(proven_, &table) != proven_.end()) return true;
  const std::vector<Statement> nothing = {statement(job_.at.dialect.upsert_nothing(table.renderer().spec()))};
  if (SqlResult<std::vector<Answer>> able = run_in_savepoint(driver_, job_.at.dialect, nothing); !able) {
    return forward_failure(std::move(able));
  }
  proven_.push_back(&table);
  return true;
}

/// What a table holds otherwise than it was given must not stay: where nothing undoes it, the run ends, and the positions
/// stand before it.
SqlResult<NotKept> BatchWriter::not_kept(Items items, const RowTable& table) {
  SqlResult<NotKept> missing = rows_not_kept(driver_, job_.at.dialect, table, items);
  if (!missing || !missing->altered || job_.at.dialect.traits().transactions) return missing;
  return call_failure({ErrorKind::refused,
                       fmt::format("{}: {}, and without transactions that cannot be undone",
                                   table.renderer().spec().name.str(), kNotAsGiven),
                       "", "use another driver"});
}

/// A batch that has such rows is written again with care, which parks them.
SqlResult<bool> BatchWriter::look_for_suppressed(const Script& script) {
  for (const Script::Rows& rows : script.rows) {
    std::vector<RowItem*> items = rows.items;
    SqlResult<NotKept> missing = not_kept(items, *rows.table);
    if (!missing) return forward_failure(std::move(missing));
    if (missing->empty()) continue;
    const Scope scope = driver_.take_smaller_steps() ? Scope::again : Scope::row;
    return std::unexpected(Failure{scope, {ErrorKind::refused, reads_back() ? kNotAsGiven : kSuppressed, "", ""}});
  }
  return true;
}

SqlResult<bool> BatchWriter::park_suppressed(Items items, const RowTable& table) {
  SqlResult<NotKept> missing = not_kept(items, table);
  if (!missing) return forward_failure(std::move(missing));
  if (!missing->empty() && reads_back()) {
    // What it holds must not stay: the transaction is begun again, without the row.
    found_one_ = true;
    singly_ = true;
    if (items.size() == 1) items[0]->park(kNotAsGiven, false);
    return std::unexpected(Failure{Scope::again, {ErrorKind::refused, kNotAsGiven, "", ""}});
  }
  taken_ -= missing->rows.size();
  for (RowItem* item : missing->rows) {
    item->park(kSuppressed, false);
    if (item->row() == nullptr) continue;
    RowItem* lower[] = {item};
    if (SqlResult<bool> written = bisect(lower, table); !written) return written;
  }
  return true;
}

std::vector<DeadLetter> BatchWriter::letters() const {
  std::vector<DeadLetter> all = job_.batch.dead_letters;
  for (const std::deque<RowItem>& items : items_) {
    for (const RowItem& item : items) item.append_dead_letters(all, job_.batch, job_.now);
  }
  return all;
}

BatchOutcome BatchWriter::outcome() const {
  BatchOutcome outcome;
  outcome.dead_letters = letters();
  for (const std::deque<RowItem>& items : items_) {
    std::vector<ChangeOutcome>& table = outcome.tables.emplace_back();
    for (const RowItem& item : items) table.push_back(item.outcome());
  }
  return outcome;
}

/// The positions are not where this batch starts. Where they are where it ends, an earlier try of it was committed and only
/// its answer was lost: what it parked is read back.
Result<BatchOutcome> BatchWriter::already_written() {
  auto give_up = [](Failure failure) { return std::unexpected(call_error(std::move(failure))); };
  SqlResult<MoveState> state = explain_failed_move(driver_, job_.at, job_.batch.relay, job_.batch.moves);
  if (!state) return give_up(std::move(state).error());
  std::vector<std::string> ids;
  for (const std::deque<RowItem>& items : items_) {
    for (const RowItem& item : items) {
      for (size_t level = item.candidates().level(); level < item.candidates().count(); ++level) {
        ids.push_back(item.letter(level, job_.batch, job_.now).id);
      }
    }
  }
  SqlResult<std::vector<DeadLetter>> kept = read_dead_letters(driver_, job_.at, ids);
  if (!kept) return give_up(std::move(kept).error());
  std::unordered_map<std::string, const DeadLetter*> by_id;
  for (const DeadLetter& letter : *kept) by_id[letter.id] = &letter;
  for (std::deque<RowItem>& items : items_) {
    for (RowItem& item : items) {
      while (!item.candidates().exhausted()) {
        auto found = by_id.find(item.letter(item.candidates().level(), job_.batch, job_.now).id);
        if (found == by_id.end()) break;
        item.park(found->second->reason, false);
      }
      for (size_t level = item.candidates().level() + 1; level < item.candidates().count(); ++level) {
        const auto found = by_id.find(item.letter(level, job_.batch, job_.now).id);
        if (found != by_id.end()) item.park_below(level, found->second->reason);
      }
    }
  }
  return outcome();
}

}  // namespace

Result<BatchOutcome> write_batch(Driver& driver, const WriteJob& job) { return BatchWriter(driver, job).write(); }

}  // namespace ctk::sink::sql
