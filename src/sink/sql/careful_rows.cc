#include "sink/sql/careful_rows.h"

#include <algorithm>
#include <utility>

#include "sink/sql/kept_rows.h"
#include "sink/sql/refusals.h"
#include "sink/sql/stale_rows.h"
#include "sink/sql/transaction.h"

namespace ctk::sink::sql {

SqlResult<bool> CarefulRows::begin() {
  doubts_.clear();
  proven_.clear();
  taken_ = 0;
  // What would only fail at COMMIT could not be told from the others.
  if (std::string at_once = job_.at.dialect.check_constraints_at_once(); !at_once.empty()) {
    if (SqlResult<Answer> set = driver_.run(statement(at_once)); !set) return forward_failure(std::move(set));
  }
  return true;
}

SqlResult<bool> CarefulRows::write(Items items, const RowTable& table) {
  if (items.empty()) return true;
  if (singly_ && items.size() > 1) {
    for (size_t i = 0; i < items.size(); ++i) {
      if (SqlResult<bool> written = write(items.subspan(i, 1), table); !written) return written;
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

SqlResult<bool> CarefulRows::write_with_history(Items items, const RowTable& table) {
  SqlResult<bool> written = in_part([&]() -> SqlResult<bool> {
    const std::vector<Statement> script = table.writes(rows_of(items));
    SqlResult<std::vector<Answer>> answers = driver_.run(std::span<const Statement>(script));
    if (!answers) return forward_failure(std::move(answers));
    note_results(items, table, script, *answers);
    SqlResult<NotKept> missing = rows_not_kept(driver_, job_.at.dialect, table, items);
    if (!missing) return forward_failure(std::move(missing));
    if (!missing->empty()) return std::unexpected(Failure{Scope::row, {ErrorKind::refused, kSuppressed, "", ""}});
    return table.history()->write(driver_, job_.epoch_of(table), histories_of(items));
  });
  if (written) taken_ += items.size();
  return written;
}

/// Of one key: where not all of its changes are taken together, the row with its own, and then each of the others, which
/// alone may be what is refused.
SqlResult<bool> CarefulRows::write_alone_with_history(RowItem& item, const RowTable& table) {
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
        in_part([&] { return table.history()->write(driver_, job_.epoch_of(table), std::span(&event, 1)); });
    if (kept) continue;
    if (kept.error().scope != Scope::row || !driver_.in_transaction()) return kept;
    item.park_below(level, to_string(kept.error().error));
  }
  return true;
}

SqlResult<bool> CarefulRows::in_part(const std::function<SqlResult<bool>()>& work) {
  return job_.at.dialect.traits().savepoints ? in_savepoint(driver_, work) : work();
}

SqlResult<bool> CarefulRows::refused(Items items, const RowTable& table, Failure failure) {
  const bool doubtful = failure.scope == Scope::doubtful || (failure.scope == Scope::conflict && job_.lasting_conflict());
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
    if (SqlResult<bool> first = write(items.first(half), table); !first) return first;
    return write(items.subspan(half), table);
  }
  if (doubtful) {
    doubts_.push_back({items[0], &table, std::move(failure)});
    return true;
  }
  items[0]->park(to_string(failure.error), failure.because_of_key);
  return items[0]->row() == nullptr ? SqlResult<bool>(true) : write(items, table);
}

SqlResult<bool> CarefulRows::try_nothing(const RowTable& table) {
  if (std::ranges::find(proven_, &table) != proven_.end()) return true;
  const std::vector<Statement> nothing = {statement(job_.at.dialect.upsert_nothing(table.renderer().spec()))};
  if (SqlResult<std::vector<Answer>> able = run_in_savepoint(driver_, job_.at.dialect, nothing); !able) {
    return forward_failure(std::move(able));
  }
  proven_.push_back(&table);
  return true;
}

SqlResult<bool> CarefulRows::park_suppressed(Items items, const RowTable& table) {
  SqlResult<NotKept> missing = rows_not_kept(driver_, job_.at.dialect, table, items);
  if (!missing) return forward_failure(std::move(missing));
  if (!missing->empty() && reads_back(job_.at.dialect)) {
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
    if (SqlResult<bool> written = write(lower, table); !written) return written;
  }
  return true;
}

SqlResult<bool> CarefulRows::settle() {
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
      if (SqlResult<bool> written = write(lower, *doubt.table); !written) return written;
    }
  }
  return true;
}

}  // namespace ctk::sink::sql
