// What a batch has done stays done: rows that were taken, columns that were added, letters that were kept. A call that
// fails leaves its work behind, and the next call with the same batch goes on from there.
#pragma once

#include <memory>
#include <vector>

#include "sink/cratedb/history_work.h"
#include "sink/cratedb/session.h"
#include "sink/cratedb/writer.h"

namespace ctk::sink::cratedb {

class BatchWork {
 public:
  BatchWork(Session& session, std::shared_ptr<const Batch> batch);

  /// Goes on until everything is done or a request has failed for longer than it is insisted on.
  Task<Result<bool>> run(BatchBounds& bounds);

  const std::shared_ptr<const Batch>& batch() const { return batch_; }
  /// Of work that is done.
  BatchOutcome outcome() { return std::move(outcome_); }

 private:
  Task<Result<bool>> write_table(const TableWrites& writes, BatchBounds& bounds);
  /// Behind the rows, which are written. What is refused is a dead letter.
  Task<Result<bool>> keep_history(const TableWrites& writes, BatchBounds& bounds);
  Task<Result<bool>> keep_dead_letters();
  /// Behind the rows: a letter whose change may not be in the table stays.
  Task<Result<bool>> remove_settled();
  /// Letters whose ids are taken: by themselves, from before a crash or a replay, or the call fails.
  Task<Result<bool>> renew(std::vector<DeadLetter> letters);

  Session& session_;
  std::shared_ptr<const Batch> batch_;
  BatchOutcome outcome_;                 ///< of the tables that are done
  std::unique_ptr<TableWriter> writer_;  ///< of the table that is not
  std::vector<UnkeptChange> unkept_;     ///< by its history
};

/// Work of batches that will come again.
class UnfinishedWork {
 public:
  /// The work that an earlier call has left of this batch; nothing where there is none.
  std::unique_ptr<BatchWork> take(const std::shared_ptr<const Batch>& batch);
  void keep(std::unique_ptr<BatchWork> work) { left_.push_back(std::move(work)); }

 private:
  std::vector<std::unique_ptr<BatchWork>> left_;
};

}  // namespace ctk::sink::cratedb
