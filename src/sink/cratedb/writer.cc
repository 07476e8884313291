#include "sink/cratedb/writer.h"

#include <algorithm>

#include "sink/cratedb/columns.h"
#include "sink/cratedb/row_args.h"
#include "sink/cratedb/statements.h"

namespace ctk::sink::cratedb {
namespace {

/// The empty path names all of `data`.
const std::vector<table::Path> kAllOfData = {table::Path{}};

std::string reason_of(const ServerError& error, bool key_refused, const table::TableSpec& spec) {
  std::string reason = "CrateDB refuses the row: " + error.message;
  if (!key_refused) return reason;
  for (const table::KeyColumn& key : spec.keys) {
    if (key.column_type == table::ColumnType::text) continue;
    reason += " (key-type." + key.attribute + "=text would hold any key)";
    break;
  }
  return reason;
}

}  // namespace

TableWriter::TableWriter(Session& session, std::shared_ptr<TableState> state, const Batch& batch, const TableWrites& writes)
    : session_(session),
      state_(std::move(state)),
      batch_(batch),
      writes_(writes),
      sender_(session, upsert(state_->spec), "writing to " + state_->spec.name.str(), !batch.settled.empty()) {
  lines_.reserve(writes.changes.size());
  for (const FoldedChange& folded : writes.changes) {
    take(lines_.emplace_back(Candidates(folded, writes.version_epoch())), folded.rendered);
  }
}

void TableWriter::take(Line& line, table::Rendered rendered) {
  line.rendered = std::move(rendered);
  line.args.clear();
  line.refusal.reset();
  const auto* row = std::get_if<table::Row>(&line.rendered);
  if (!row) return;
  if (auto problem = key_problem(state_->spec, *row)) {
    line.rendered = table::Refused{.reason = std::move(*problem), .because_of_key = true};
    return;
  }
  append_row_args(line.args, state_->spec, *row);
}

void TableWriter::park(Line& line, std::string reason, bool key_refused) {
  line.candidates.park(std::move(reason), key_refused);
  line.form = Form::first;
  line.settled = line.candidates.exhausted();
  if (!line.settled) take(line, state_->renderer->render(line.candidates.current(), writes_.version_epoch()));
}

/// Parks what can never be a row, down to the first lower change that can.
void TableWriter::settle_unwritable() {
  for (Line& line : lines_) {
    while (!line.settled) {
      const auto* refused = std::get_if<table::Refused>(&line.rendered);
      if (!refused) break;
      park(line, refused->reason, refused->because_of_key);
    }
  }
}

Task<Result<bool>> TableWriter::run(BatchBounds& bounds) {
  bounds_ = &bounds;
  while (true) {
    settle_unwritable();
    Result<bool> step = co_await settle_columns();
    if (!step) co_return step;
    settle_unwritable();
    if (!refused().empty()) co_return true;
    step = co_await send_rows();
    if (!step) co_return step;
    if (std::all_of(lines_.begin(), lines_.end(), [](const Line& line) { return line.settled; })) co_return true;
    step = co_await settle_refusals();
    if (!step) co_return step;
  }
}

Task<Result<bool>> TableWriter::settle_columns() {
  std::vector<table::NewColumn> wanted;
  for (Line& line : lines_) {
    if (line.settled || !std::holds_alternative<table::NeedsColumns>(line.rendered)) continue;
    take(line, state_->renderer->render(line.candidates.current(), writes_.version_epoch()));
    const auto* needs = std::get_if<table::NeedsColumns>(&line.rendered);
    if (needs) wanted.insert(wanted.end(), needs->columns.begin(), needs->columns.end());
  }
  if (!wanted.empty()) {
    Result<bool> ensured = co_await ensure_columns(session_, state_, std::move(wanted));
    if (!ensured) co_return ensured;
  }
  for (Line& line : lines_) {
    if (line.settled || !std::holds_alternative<table::NeedsColumns>(line.rendered)) continue;
    take(line, state_->renderer->render(line.candidates.current(), writes_.version_epoch()));
    // Columns that could not be had: the table is full, or may not be altered.
    if (std::holds_alternative<table::NeedsColumns>(line.rendered)) {
      take(line, state_->renderer->render_into_aux(line.candidates.current(), writes_.version_epoch(), {}));
    }
  }
  co_return true;
}

Task<Result<bool>> TableWriter::send_rows() {
  std::vector<BulkRow*> rows;
  for (Line& line : lines_) rows.push_back(&line);
  Result<bool> sent = co_await sender_.send(std::move(rows), *bounds_);
  co_return sent;
}

/// CrateDB 6.4.3 cannot read what it was just given where `aux` has a name with a character beyond U+FFFF, so the next
/// write of that row is refused, until the table is refreshed.
Task<Result<bool>> TableWriter::refresh_for_refused() {
  constexpr int kMost = 3;  // another relay may write the row again in between
  std::vector<Line*> refused;
  for (Line& line : lines_) {
    const bool unread = line.refusal && line.refusal->message.find("Illegal surrogate character") != std::string::npos;
    if (!line.settled && unread && line.refreshes < kMost) refused.push_back(&line);
  }
  if (refused.empty()) co_return true;
  Statement refreshing{.sql = refresh(state_->spec.name), .args = "", .bulk = ""};
  Result<Answer> answer = co_await run_or_fail(session_, std::move(refreshing), "refreshing " + state_->spec.name.str());
  if (!answer) co_return forward_error(std::move(answer));
  for (Line* line : refused) {
    line->refusal.reset();
    line->refreshes++;
  }
  co_return true;
}

Task<Result<bool>> TableWriter::settle_refusals() {
  Result<bool> refreshed = co_await refresh_for_refused();
  if (!refreshed) co_return refreshed;
  const bool any_new = std::any_of(lines_.begin(), lines_.end(), [](const Line& line) {
    return !line.settled && line.refusal && line.form == Form::first;
  });
  if (any_new) {
    Result<bool> read = co_await relearn(session_, state_);
    if (!read) co_return read;
  }
  for (Line& line : lines_) {
    if (!line.settled && line.refusal) try_next_form(line);
  }
  co_return true;
}

/// The next form that differs from what was refused; a dead letter if there is none.
void TableWriter::try_next_form(Line& line) {
  const ServerError refusal = *line.refusal;
  const std::string refused_args = line.args;
  const table::Renderer& renderer = *state_->renderer;
  while (line.form != Form::all_in_aux) {
    if (line.form == Form::first) {
      line.form = Form::relearned;
      take(line, renderer.render(line.candidates.current(), writes_.version_epoch()));
    } else if (line.form == Form::relearned) {
      line.form = Form::blamed_in_aux;
      const auto blamed = blamed_paths(renderer.types(), refusal.message);
      if (blamed.empty()) continue;
      take(line, renderer.render_into_aux(line.candidates.current(), writes_.version_epoch(), blamed));
    } else {
      line.form = Form::all_in_aux;
      take(line, renderer.render_into_aux(line.candidates.current(), writes_.version_epoch(), kAllOfData));
    }
    if (std::holds_alternative<table::NeedsColumns>(line.rendered)) return;
    if (!line.args.empty() && line.args != refused_args) return;
  }
  // With nothing left in `data`, what is refused can only be the key, unless the user's own rules refuse the row.
  const bool key_refused = action_for(refusal) == Action::refuse && !breaks_a_constraint(refusal);
  park(line, reason_of(refusal, key_refused, state_->spec), key_refused);
}

std::vector<ChangeOutcome> TableWriter::outcomes() const {
  std::vector<ChangeOutcome> outcomes;
  for (const Line& line : lines_) outcomes.push_back(line.candidates.outcome());
  return outcomes;
}

std::vector<DeadLetter> TableWriter::letters() const {
  std::vector<DeadLetter> letters;
  for (const Line& line : lines_) {
    line.candidates.append_dead_letters(letters, batch_, state_->spec.source_table, session_.clock.now());
  }
  return letters;
}

std::vector<RefusedChange> TableWriter::refused() const {
  std::vector<RefusedChange> refused;
  if (!batch_.stop_on_refusal) return refused;
  for (const Line& line : lines_) line.candidates.append_refusal(refused);
  return refused;
}

}  // namespace ctk::sink::cratedb
