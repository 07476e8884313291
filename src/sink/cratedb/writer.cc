#include "sink/cratedb/writer.h"

#include <algorithm>

#include "sink/cratedb/columns.h"
#include "sink/cratedb/row_args.h"
#include "sink/cratedb/statements.h"

namespace ctk::sink::cratedb {
namespace {

/// The empty path names all of `data`.
const std::vector<table::Path> kAllOfData = {table::Path{}};

std::string bulk_of(const std::vector<std::string_view>& rows) {
  size_t size = 2;
  for (std::string_view row : rows) size += row.size() + 1;
  std::string bulk;
  bulk.reserve(size);
  bulk += '[';
  for (std::string_view row : rows) {
    if (bulk.size() > 1) bulk += ',';
    bulk += row;
  }
  return bulk += ']';
}

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
    : session_(session), state_(std::move(state)), batch_(batch), writes_(writes) {
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
  later_.reset();
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

std::deque<TableWriter::Group> TableWriter::split_rows() {
  std::deque<Group> groups;
  size_t bytes = 0;
  for (Line& line : lines_) {
    if (line.settled || line.refusal) continue;
    if (groups.empty() || groups.back().size() >= bounds_->rows || bytes + line.args.size() > bounds_->bytes) {
      groups.emplace_back();
      bytes = 0;
    }
    groups.back().push_back(&line);
    bytes += line.args.size();
  }
  return groups;
}

Task<Result<bool>> TableWriter::send_rows() {
  work_ = split_rows();
  while (!work_.empty()) {
    Group group = std::move(work_.front());
    work_.pop_front();
    Result<bool> sent = co_await send_group(std::move(group));
    if (!sent) co_return sent;
  }
  if (later_) co_return std::unexpected(to_error(*later_, doing()));
  co_return true;
}

Task<Result<bool>> TableWriter::send_group(Group group) {
  std::vector<std::string_view> rows;
  for (const Line* line : group) rows.push_back(line->args);
  Statement statement{.sql = upsert(state_->spec), .args = "", .bulk = bulk_of(rows)};
  const Again again = group.size() > 1 ? Again::briefly : Again::freely;
  SqlResult answer = co_await session_.client.run(std::move(statement), again);
  if (answer) {
    judge_results(group, *answer);
    co_return true;
  }
  const Failure& failure = answer.error();
  const bool others_passed = any_passed_ || !batch_.settled.empty();
  switch (judge_request(failure.action, group.size(), others_passed)) {
    case RequestVerdict::give_up: co_return std::unexpected(failure.error(doing()));
    case RequestVerdict::refuse: group[0]->refusal = failure.server; break;
    case RequestVerdict::split: {
      if (failure.action == Action::send_less) bounds_->rows = std::max<size_t>(group.size() / 2, 1);
      const auto middle = group.begin() + static_cast<ptrdiff_t>(group.size() / 2);
      work_.emplace_front(middle, group.end());
      work_.emplace_front(group.begin(), middle);
      break;
    }
  }
  co_return true;
}

void TableWriter::judge_results(const Group& group, const Answer& answer) {
  Group unsaid;
  for (size_t i = 0; i < group.size(); i++) {
    Line& line = *group[i];
    const RowResult missing{};
    const RowResult& result = i < answer.results.size() ? answer.results[i] : missing;
    switch (judge_row(result)) {
      case RowVerdict::applied:
        line.settled = true;
        any_passed_ = true;
        break;
      case RowVerdict::refused: line.refusal = result.error; break;
      case RowVerdict::later: later_ = result.error; break;
      case RowVerdict::unsaid: unsaid.push_back(&line); break;
    }
  }
  if (group.size() == 1 && !unsaid.empty()) {
    group[0]->refusal = ServerError{.status = 0, .code = 0, .exception = "", .message = "the server gives no reason"};
    return;
  }
  const size_t together = rows_to_ask_again(group.size());
  for (size_t start = 0; start < unsaid.size(); start += together) {
    const size_t end = std::min(start + together, unsaid.size());
    work_.emplace_back(unsaid.begin() + static_cast<ptrdiff_t>(start), unsaid.begin() + static_cast<ptrdiff_t>(end));
  }
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
