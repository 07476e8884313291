#include "sink/sql/transaction.h"

#include <fmt/format.h>

namespace ctk::sink::sql {

Rollback::~Rollback() {
  if (!open_ || !driver_.in_transaction()) return;
  // A transaction that cannot be rolled back would be taken for the next one's: the connection must go.
  if (SqlResult<Answer> undone = driver_.run(statement("ROLLBACK")); !undone) driver_.disconnect();
}

SqlResult<Answer> Rollback::commit() {
  SqlResult<Answer> committed = driver_.run(statement("COMMIT"));
  if (committed) open_ = false;
  return committed;
}

std::vector<Statement> opening_statements(const Dialect& dialect) {
  std::vector<Statement> opening = {statement(dialect.begin())};
  if (const std::string bounds = dialect.bound_transaction(); !bounds.empty()) opening.push_back(look_up(bounds));
  return opening;
}

SqlResult<bool> NameLocks::lock() {
  const std::string lock = dialect_.lock_name();
  if (lock.empty()) return true;
  for (const std::string& name : names_) {
    SqlResult<Answer> locked = driver_.run(look_up(lock, {Param::of(name)}));
    if (!locked) return forward_failure(std::move(locked));
    held_ = true;
    if (!locked->rows.empty() && locked->rows.front().front().value_or("0") == "0") {
      return call_failure({ErrorKind::throttled, fmt::format("another program holds the lock \"{}\"", name), "", ""});
    }
  }
  return true;
}

NameLocks::~NameLocks() {
  if (!held_ || !of_session()) return;
  // The session's end gives them back, too.
  if (SqlResult<Answer> released = driver_.run(look_up(dialect_.release_names())); !released) driver_.disconnect();
}

SqlResult<bool> run_ddl(Driver& driver, const Dialect& dialect, std::span<const Statement> ddl) {
  if (ddl.empty()) return true;
  SqlResult<std::vector<Answer>> done = driver.run(ddl);
  const bool lost = !done && done.error().scope == Scope::lost;
  if (!lost && !dialect.traits().ddl_in_transactions && !driver.in_transaction()) {
    const std::vector<Statement> opening = opening_statements(dialect);
    if (SqlResult<std::vector<Answer>> begun = driver.run(std::span(opening)); !begun)
      return forward_failure(std::move(begun));
  }
  if (!done) return forward_failure(std::move(done));
  return true;
}

namespace {

/// Takes back what a savepoint has begun, where its failure lets the transaction go on.
SqlResult<bool> undo_part(Driver& driver, Scope failed) {
  const bool goes_on = failed == Scope::row || failed == Scope::doubtful || failed == Scope::conflict;
  if (!goes_on || !driver.in_transaction()) return true;
  const std::vector<Statement> undo = {statement("ROLLBACK TO SAVEPOINT ctk_part"),
                                       statement("RELEASE SAVEPOINT ctk_part")};
  if (SqlResult<std::vector<Answer>> undone = driver.run(std::span(undo)); !undone)
    return forward_failure(std::move(undone));
  return true;
}

}  // namespace

SqlResult<std::vector<Answer>> run_in_savepoint(Driver& driver, const Dialect& dialect, std::span<const Statement> script) {
  if (!dialect.traits().savepoints) return driver.run(script);
  std::vector<Statement> whole = {statement("SAVEPOINT ctk_part")};
  whole.insert(whole.end(), script.begin(), script.end());
  whole.push_back(statement("RELEASE SAVEPOINT ctk_part"));
  SqlResult<std::vector<Answer>> answers = driver.run(std::span<const Statement>(whole));
  if (answers) {
    answers->erase(answers->begin());
    answers->pop_back();
    return answers;
  }
  if (SqlResult<bool> undone = undo_part(driver, answers.error().scope); !undone) return forward_failure(std::move(undone));
  return answers;
}

SqlResult<bool> in_savepoint(Driver& driver, const std::function<SqlResult<bool>()>& work) {
  if (SqlResult<Answer> begun = driver.run(statement("SAVEPOINT ctk_part")); !begun)
    return forward_failure(std::move(begun));
  SqlResult<bool> done = work();
  if (done) {
    if (SqlResult<Answer> kept = driver.run(statement("RELEASE SAVEPOINT ctk_part")); !kept)
      return forward_failure(std::move(kept));
    return done;
  }
  if (SqlResult<bool> undone = undo_part(driver, done.error().scope); !undone) return undone;
  return done;
}

}  // namespace ctk::sink::sql
