#include "sink/sql/transaction.h"

namespace ctk::sink::sql {

Rollback::~Rollback() {
  if (!open_ || !driver_.in_transaction()) return;
  // A transaction that cannot be rolled back would be taken for the next one's: the connection must go.
  if (Tried<Answer> undone = driver_.run(statement("ROLLBACK")); !undone) driver_.disconnect();
}

Tried<Answer> Rollback::commit() {
  Tried<Answer> committed = driver_.run(statement("COMMIT"));
  if (committed) open_ = false;
  return committed;
}

}  // namespace ctk::sink::sql
