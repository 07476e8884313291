// A transaction around a piece of work: begun, committed, rolled back on failure, tried again where the database says so.
// And what may stand within one: names that are locked, DDL, parts that can be undone.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sink/sql/dialect.h"
#include "sink/sql/driver.h"

namespace ctk::sink::sql {

/// How often a transaction that the database broke off (deadlock, serialization) is run again before the call fails.
inline constexpr int kTransactionTries = 5;

/// Rolls back when it goes out of scope, unless committed. The BEGIN is the caller's, so that it can go out together with
/// the first statements.
class Rollback {
 public:
  explicit Rollback(Driver& driver) : driver_(driver) {}
  ~Rollback();
  Rollback(const Rollback&) = delete;
  Rollback& operator=(const Rollback&) = delete;

  SqlResult<Answer> commit();

 private:
  Driver& driver_;
  bool open_ = true;
};

/// An error of our own inside a transaction: rolls it back and becomes the call's error.
inline std::unexpected<Failure> call_failure(Error error) {
  return std::unexpected(Failure{Scope::call, std::move(error)});
}
/// Hands a failure on.
template <class T>
std::unexpected<Failure> forward_failure(SqlResult<T>&& tried) {
  return std::unexpected(std::move(tried).error());
}
/// What a failure is for the caller of the sink.
inline Error call_error(Failure failure) { return std::move(failure.error); }

/// What every transaction begins with.
std::vector<Statement> opening_statements(const Dialect& dialect);

/// Names that stand for no row, locked so that two programs that create things at the same time wait for each other. Held
/// to the transaction's end, or, where DDL ends transactions, by the session until this goes out of scope.
class NameLocks {
 public:
  NameLocks(Driver& driver, const Dialect& dialect, std::span<const std::string> names)
      : driver_(driver), dialect_(dialect), names_(names) {}
  ~NameLocks();
  NameLocks(const NameLocks&) = delete;
  NameLocks& operator=(const NameLocks&) = delete;

  /// Each does what is to be done at its time.
  SqlResult<bool> before_transaction() { return of_session() ? lock() : SqlResult<bool>(true); }
  SqlResult<bool> within_transaction() { return of_session() ? SqlResult<bool>(true) : lock(); }

 private:
  bool of_session() const { return !dialect_.release_names().empty(); }
  SqlResult<bool> lock();

  Driver& driver_;
  const Dialect& dialect_;
  std::span<const std::string> names_;
  bool held_ = false;
};

/// Runs DDL inside of a transaction. Where that commits what came before, the rest is a transaction of its own: so nothing
/// may come before that must not stand without the rest.
SqlResult<bool> run_ddl(Driver& driver, const Dialect& dialect, std::span<const Statement> ddl);

/// Runs a script inside of a transaction. Where it fails and the transaction can go on (Driver::in_transaction, and
/// traits().savepoints), nothing of it is done.
SqlResult<std::vector<Answer>> run_in_savepoint(Driver& driver, const Dialect& dialect, std::span<const Statement> script);

/// The same for work that asks in between. There must be savepoints.
SqlResult<bool> in_savepoint(Driver& driver, const std::function<SqlResult<bool>()>& work);

/// Runs `body` in a transaction, with these names locked.
template <class T>
Result<T> transact(Driver& driver, const Dialect& dialect, std::span<const std::string> names,
                   const std::function<SqlResult<T>(Driver&)>& body) {
  for (int left = kTransactionTries;; --left) {
    SqlResult<T> value = [&]() -> SqlResult<T> {
      NameLocks locks(driver, dialect, names);
      if (SqlResult<bool> locked = locks.before_transaction(); !locked) return forward_failure(std::move(locked));
      const std::vector<Statement> opening = opening_statements(dialect);
      SqlResult<std::vector<Answer>> begun = driver.run(std::span(opening));
      Rollback transaction(driver);
      if (!begun) return forward_failure(std::move(begun));
      if (SqlResult<bool> locked = locks.within_transaction(); !locked) return forward_failure(std::move(locked));
      SqlResult<T> made = body(driver);
      if (!made) return made;
      if (SqlResult<Answer> committed = transaction.commit(); !committed) return forward_failure(std::move(committed));
      return made;
    }();
    if (value) return std::move(*value);
    const Scope scope = value.error().scope;
    const bool may_pass = scope == Scope::again || scope == Scope::conflict;
    if (!may_pass || left == 1) return std::unexpected(call_error(std::move(value).error()));
  }
}

template <class T>
Result<T> transact(Driver& driver, const Dialect& dialect, const std::function<SqlResult<T>(Driver&)>& body) {
  return transact<T>(driver, dialect, {}, body);
}

}  // namespace ctk::sink::sql
