// A transaction that a user has begun by hand, where its session may end under it. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "sink/sink.h"

namespace ctk::sink::sql {

enum class TransactionWord {
  none,        ///< any other statement, ROLLBACK TO a savepoint too
  begins,      ///< BEGIN, START TRANSACTION
  commits,     ///< COMMIT, END, PREPARE TRANSACTION
  rolls_back,  ///< ROLLBACK, ABORT
};

/// What a statement of PostgreSQL does to the transaction that it is run in, by its first words.
TransactionWord transaction_word(std::string_view sql);

/// Once the session of a transaction is lost, nothing is run until the user has ended it: in a new session each statement
/// would be a transaction of its own.
class UserTransaction {
 public:
  /// Before a statement is sent; an answer means that there is nothing to send.
  std::optional<Result<ResultSet>> answer_instead(std::string_view sql);

  /// The connection broke while `sql` was run; `error` says so, and is told what that means.
  Error lost(Error error, std::string_view sql, bool in_transaction);

  /// COMMIT of a transaction that had failed, which the server answers as if all were well, by another word.
  static Error undone();

 private:
  bool lost_ = false;
};

}  // namespace ctk::sink::sql
