// Writes one table's changes: columns first, then rows in bulk, then whatever the server refused, in another form.
//
//   rendered ─needs columns─▶ ALTER ─▶ rendered again
//   row ─its old content cannot be read─▶ REFRESH ─▶ sent again
//   row ─refused─▶ types read again ─▶ blamed paths into aux ─▶ everything into aux ─▶ dead letter, next lower change
//
// A change that is refused for itself never fails the call; a server that refuses everything does.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "sink/candidates.h"
#include "sink/cratedb/session.h"
#include "sink/cratedb/verdict.h"

namespace ctk::sink::cratedb {

/// The bounds of one request, lowered while the server is short of memory.
struct BatchBounds {
  size_t rows = 2000;
  size_t bytes = 4u << 20;
};

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

  struct Line {
    Candidates candidates;
    table::Rendered rendered;
    std::string args;
    Form form = Form::first;
    int refreshes = 0;  ///< after which it was sent as it was
    std::optional<ServerError> refusal;
    bool settled = false;
  };
  using Group = std::vector<Line*>;

  void take(Line& line, table::Rendered rendered);
  void park(Line& line, std::string reason, bool key_refused);
  void settle_unwritable();

  Task<Result<bool>> settle_columns();
  Task<Result<bool>> send_rows();
  Task<Result<bool>> send_group(Group group);
  void judge_results(const Group& group, const Answer& answer);
  Task<Result<bool>> settle_refusals();
  Task<Result<bool>> refresh_for_refused();
  void try_next_form(Line& line);

  std::deque<Group> split_rows();
  std::string doing() const { return "writing to " + state_->spec.name.str(); }

  Session& session_;
  std::shared_ptr<TableState> state_;
  const Batch& batch_;
  const TableWrites& writes_;
  BatchBounds* bounds_ = nullptr;
  std::vector<Line> lines_;
  std::deque<Group> work_;
  std::optional<ServerError> later_;  ///< why the call will fail once the rest is settled
  bool any_passed_ = false;
};

}  // namespace ctk::sink::cratedb
