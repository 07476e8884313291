#include "sink/sql/sql_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "sink/sql/careful_rows.h"
#include "sink/sql/kept_rows.h"
#include "sink/sql/row_item.h"
#include "sink/sql/sql_dead_letters.h"
#include "sink/sql/sql_positions.h"
#include "sink/sql/sql_registry.h"
#include "sink/sql/stale_rows.h"

namespace ctk::sink::sql {
namespace {

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
  BatchWriter(Driver& driver, const WriteJob& job)
      : driver_(driver), job_(job), items_(job.batch.tables.size()), careful_rows_(driver, job) {
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
  /// Where no letter could be written with the rows: which of them are letters was not known.
  SqlResult<bool> keep_letters();
  /// Finds those that are longer than the server takes: from here on letters() has them without their changes.
  SqlResult<bool> withhold_long_changes(std::span<const DeadLetter> kept);
  SqlResult<bool> look_for_suppressed(const Script& script);
  std::vector<DeadLetter> letters() const;
  Result<BatchOutcome> already_written();
  BatchOutcome outcome() const;

  Driver& driver_;
  const WriteJob& job_;
  std::vector<std::deque<RowItem>> items_;  ///< as in the batch
  bool careful_ = false;                    ///< from now on each row may be refused alone
  CarefulRows careful_rows_;
  std::unordered_set<std::string> withheld_;  ///< ids of letters
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
    const bool rows_own =
        scope == Scope::row || scope == Scope::doubtful || (conflict && left <= 1 && job_.lasting_conflict());
    if (careful_rows_.take_found()) {
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
    const HistoryTable* history = rows.table->history();
    if (history == nullptr) continue;
    // Behind the rows, whose locks keep others from their histories.
    SqlResult<bool> kept_history = history->write(driver_, job_.epoch_of(*rows.table), histories_of(rows.items));
    if (!kept_history) return kept_history;
  }
  if (careful_) {
    if (SqlResult<bool> rows = write_carefully(); !rows) return rows;
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
  if (SqlResult<bool> begun = careful_rows_.begin(); !begun) return begun;
  for (size_t i = 0; i < items_.size(); ++i) {
    std::vector<RowItem*> items = rows_to_write(i);
    if (SqlResult<bool> written = careful_rows_.write(items, *job_.tables[i]); !written) return written;
  }
  if (SqlResult<bool> settled = careful_rows_.settle(); !settled) return settled;
  return keep_letters();
}

SqlResult<bool> BatchWriter::keep_letters() {
  if (!job_.batch.settled.empty()) {
    if (SqlResult<Answer> removed = driver_.run(remove_letters(job_.at, job_.batch.settled)); !removed)
      return forward_failure(std::move(removed));
  }
  const std::vector<DeadLetter> kept = letters();
  if (kept.empty()) return true;
  const std::vector<Statement> keep = keep_dead_letters(job_.at, kept);
  SqlResult<std::vector<Answer>> inserted = driver_.run(std::span(keep));
  if (inserted) return check_dead_letters_kept(inserted->back(), kept);
  if (!inserted.error().too_long) return forward_failure(std::move(inserted));
  const size_t known = withheld_.size();
  if (SqlResult<bool> found = withhold_long_changes(kept); !found) return found;
  return withheld_.size() > known ? keep_letters() : forward_failure(std::move(inserted));
}

SqlResult<bool> BatchWriter::withhold_long_changes(std::span<const DeadLetter> kept) {
  for (const DeadLetter& letter : kept) {
    const std::vector<DeadLetter> alone = {letter};
    const std::vector<Statement> keep = keep_dead_letters(job_.at, alone);
    SqlResult<std::vector<Answer>> inserted = driver_.run(std::span(keep));
    if (inserted) continue;
    if (!inserted.error().too_long) return forward_failure(std::move(inserted));
    withheld_.insert(letter.id);
  }
  return true;
}

/// A batch that has rows which the table did not keep is written again with care, which parks them.
SqlResult<bool> BatchWriter::look_for_suppressed(const Script& script) {
  for (const Script::Rows& rows : script.rows) {
    std::vector<RowItem*> items = rows.items;
    SqlResult<NotKept> missing = rows_not_kept(driver_, job_.at.dialect, *rows.table, items);
    if (!missing) return forward_failure(std::move(missing));
    if (missing->empty()) continue;
    const Scope scope = driver_.take_smaller_steps() ? Scope::again : Scope::row;
    return std::unexpected(
        Failure{scope, {ErrorKind::refused, reads_back(job_.at.dialect) ? kNotAsGiven : kSuppressed, "", ""}});
  }
  return true;
}

std::vector<DeadLetter> BatchWriter::letters() const {
  std::vector<DeadLetter> all = job_.batch.dead_letters;
  for (const std::deque<RowItem>& items : items_) {
    for (const RowItem& item : items) item.append_dead_letters(all, job_.batch, job_.now);
  }
  for (DeadLetter& letter : all) {
    if (withheld_.contains(letter.id)) withhold_change(letter);
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
        ids.push_back(id_without_change(ids.back()));
      }
    }
  }
  SqlResult<std::vector<DeadLetter>> kept = read_dead_letters(driver_, job_.at, ids);
  if (!kept) return give_up(std::move(kept).error());
  std::unordered_map<std::string, const DeadLetter*> by_id;
  for (const DeadLetter& letter : *kept) by_id[letter.id] = &letter;
  const auto find = [&](const std::string& id) {
    const auto whole = by_id.find(id);
    return whole != by_id.end() ? whole : by_id.find(id_without_change(id));
  };
  for (std::deque<RowItem>& items : items_) {
    for (RowItem& item : items) {
      while (!item.candidates().exhausted()) {
        auto found = find(item.letter(item.candidates().level(), job_.batch, job_.now).id);
        if (found == by_id.end()) break;
        item.park(found->second->reason, false);
      }
      for (size_t level = item.candidates().level() + 1; level < item.candidates().count(); ++level) {
        const auto found = find(item.letter(level, job_.batch, job_.now).id);
        if (found != by_id.end()) item.park_below(level, found->second->reason);
      }
    }
  }
  return outcome();
}

}  // namespace

coordination::Epoch WriteJob::epoch_of(const RowTable& table) const {
  const auto place = std::ranges::find(tables, &table, [](const auto& each) { return each.get(); });
  return batch.tables[static_cast<size_t>(place - tables.begin())].epoch;
}

Result<BatchOutcome> write_batch(Driver& driver, const WriteJob& job) { return BatchWriter(driver, job).write(); }

}  // namespace ctk::sink::sql
