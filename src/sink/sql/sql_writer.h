// One write: a batch as one transaction, where the database has them. Positions first, by compare-and-set; epochs; rows,
// guarded; dead letters.
#pragma once

#include <memory>
#include <vector>

#include "sink/sink.h"
#include "sink/sql/bookkeeping.h"
#include "sink/sql/row_table.h"

namespace ctk::sink::sql {

/// tables[i] is that of batch.tables[i].
struct WriteJob {
  const Bookkeeping& at;
  const Batch& batch;
  std::vector<std::shared_ptr<const RowTable>> tables;
  Timestamp now;
  bool written_before = false;  ///< this run has written rows to this target
  int tries = 1;                ///< of this batch

  /// Whether a conflict may be one row's own: the batch has met nothing else in all its tries before.
  bool lasting_conflict() const { return tries > 1; }
  /// The epoch of one of `tables`.
  coordination::Epoch epoch_of(const RowTable& table) const;
};

/// Writes the batch. Errors as Sink::apply has them.
Result<BatchOutcome> write_batch(Driver& driver, const WriteJob& job);

}  // namespace ctk::sink::sql
