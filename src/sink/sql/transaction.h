// A transaction around a piece of work: begun, committed, rolled back on failure, tried again where the database says so.
#pragma once

#include <functional>
#include <utility>

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

  Tried<Answer> commit();

 private:
  Driver& driver_;
  bool open_ = true;
};

/// An error of our own inside a transaction: rolls it back and becomes the call's error.
inline std::unexpected<Failure> broken(Error error) { return std::unexpected(Failure{Scope::call, std::move(error)}); }
/// Hands a failure on.
template <class T>
std::unexpected<Failure> broken(Tried<T>&& tried) {
  return std::unexpected(std::move(tried).error());
}
/// What a failure is for the caller of the sink.
inline Error call_error(Failure failure) { return std::move(failure.error); }

/// What every transaction begins with.
inline std::vector<Statement> opening_statements(const Dialect& dialect) {
  std::vector<Statement> opening = {statement(dialect.begin())};
  if (const std::string bounds = dialect.bound_transaction(); !bounds.empty()) opening.push_back(look_up(bounds));
  return opening;
}

/// Runs `body` in a transaction.
template <class T>
Result<T> transact(Driver& driver, const Dialect& dialect, const std::function<Tried<T>(Driver&)>& body) {
  for (int left = kTransactionTries;; --left) {
    Tried<T> value = [&]() -> Tried<T> {
      const std::vector<Statement> opening = opening_statements(dialect);
      Tried<std::vector<Answer>> begun = driver.run(std::span(opening));
      Rollback transaction(driver);
      if (!begun) return broken(std::move(begun));
      Tried<T> made = body(driver);
      if (!made) return made;
      if (Tried<Answer> committed = transaction.commit(); !committed) return broken(std::move(committed));
      return made;
    }();
    if (value) return std::move(*value);
    const Scope scope = value.error().scope;
    const bool may_pass = scope == Scope::again || scope == Scope::conflict;
    if (!may_pass || left == 1) return std::unexpected(call_error(std::move(value).error()));
  }
}

}  // namespace ctk::sink::sql
