// Writes one table's changes: columns first, then rows in bulk, then whatever the server refused, in another form.
//
//   rendered ─needs columns─▶ ALTER ─▶ rendered again
//   row ─its old content cannot be read─▶ REFRESH ─▶ sent again
//   row ─refused─▶ types read again ─▶ blamed paths into aux ─▶ everything into aux ─▶ dead letter, next lower change
//
// A change that is refused for itself never fails the call; a server that refuses everything does.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sink/candidates.h"
#include "sink/cratedb/bulk_sender.h"
#include "sink/cratedb/session.h"

namespace ctk::sink::cratedb {

/// A batch's work on one table.
class TableWriter {
 public:
  TableWriter(Session& session, std::shared_ptr<TableState> state, const Batch& batch, const TableWrites& writes);

  /// Called again after a failure, it goes on with what is not settled. Lowers `bounds`, which outlive the call.
  Task<Result<bool>> run(BatchBounds& bounds);

  const TableState& state() const { return *state_; }

  std::vector<ChangeOutcome> outcomes() const;
  /// Of changes that were refused; not stored yet.
  std::vector<DeadLetter> letters() const;
  /// Where the batch stops on refusals: what was refused, which ended the run; empty where all is written.
  std::vector<RefusedChange> refused() const;

 private:
  /// In what form the change was sent last.
  enum class Form { first, relearned, blamed_in_aux, all_in_aux };

  struct Line : BulkRow {
    explicit Line(Candidates of) : candidates(std::move(of)) {}

    Candidates candidates;
    table::Rendered rendered;
    Form form = Form::first;
    int refreshes = 0;  ///< after which it was sent as it was
  };

  void take(Line& line, table::Rendered rendered);
  void park(Line& line, std::string reason, bool key_refused);
  void settle_unwritable();

  Task<Result<bool>> settle_columns();
  Task<Result<bool>> send_rows();
  Task<Result<bool>> settle_refusals();
  Task<Result<bool>> refresh_for_refused();
  void try_next_form(Line& line);

  Session& session_;
  std::shared_ptr<TableState> state_;
  const Batch& batch_;
  const TableWrites& writes_;
  BatchBounds* bounds_ = nullptr;
  std::vector<Line> lines_;
  BulkSender sender_;
};

}  // namespace ctk::sink::cratedb
