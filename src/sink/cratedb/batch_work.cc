#include "sink/cratedb/batch_work.h"

#include <algorithm>

#include "sink/cratedb/tables.h"

namespace ctk::sink::cratedb {

BatchWork::BatchWork(Session& session, std::shared_ptr<const Batch> batch) : session_(session), batch_(std::move(batch)) {
  outcome_.dead_letters = batch_->dead_letters;
}

Task<Result<bool>> BatchWork::run(BatchBounds& bounds) {
  while (outcome_.tables.size() < batch_->tables.size()) {
    Result<bool> step = co_await write_table(batch_->tables[outcome_.tables.size()], bounds);
    if (!step) co_return step;
    if (!outcome_.refused.empty()) co_return true;
  }
  Result<bool> kept = co_await keep_dead_letters();
  if (!kept || batch_->settled.empty()) co_return kept;
  co_return co_await remove_settled();
}

Task<Result<bool>> BatchWork::remove_settled() {
  Statement statement = session_.bookkeeping.delete_letters(batch_->settled);
  Result<Answer> answer = co_await run_or_fail(session_, std::move(statement), "removing settled dead letters");
  if (!answer) co_return forward_error(std::move(answer));
  if (const auto error = first_row_error(*answer, {Action::row_is_gone})) {
    co_return std::unexpected(to_error(*error, "removing settled dead letters"));
  }
  co_return true;
}

Task<Result<bool>> BatchWork::write_table(const TableWrites& writes, BatchBounds& bounds) {
  const auto found = session_.tables.find(writes.table);
  if (found == session_.tables.end()) co_return fail(ErrorKind::internal, "table " + writes.table + " is not open");
  const std::shared_ptr<TableState> state = found->second;
  Result<bool> step = co_await check_epoch(session_, state, writes.epoch);
  if (!step) co_return step;
  // A table that was opened again since may be another one.
  if (!writer_ || &writer_->state() != state.get()) {
    writer_ = std::make_unique<TableWriter>(session_, state, *batch_, writes);
  }
  step = co_await writer_->run(bounds);
  if (!step) co_return step;
  if (std::vector<RefusedChange> refused = writer_->refused(); !refused.empty()) {
    outcome_ = stopped_by(std::move(refused));
    co_return true;
  }
  step = co_await keep_history(writes, bounds);
  if (!step || !outcome_.refused.empty()) co_return step;
  outcome_.tables.push_back(writer_->outcomes());
  for (DeadLetter& letter : writer_->letters()) outcome_.dead_letters.push_back(std::move(letter));
  for (const UnkeptChange& each : unkept_) {
    ++outcome_.tables.back()[each.change].parked_below;
    const Candidates changes(writes.changes[each.change], writes.version_epoch());
    outcome_.dead_letters.push_back(
        changes.letter(each.level, *batch_, state->spec.source_table, session_.clock.now(), each.reason));
  }
  writer_.reset();
  if (state->handed_out != state->renderer) {
    state->handed_out = state->renderer;
    outcome_.renderers.emplace_back(writes.table, state->renderer);
  }
  co_return true;
}

Task<Result<bool>> BatchWork::keep_history(const TableWrites& writes, BatchBounds& bounds) {
  unkept_.clear();
  const std::shared_ptr<TableState> state = session_.tables.at(writes.table);
  if (!state->history) co_return true;
  HistoryWork work(session_, state, writes, writer_->outcomes());
  Result<bool> kept = co_await work.run(bounds);
  if (!kept) co_return kept;
  unkept_ = work.unkept();
  if (unkept_.empty() || !batch_->stop_on_refusal) co_return true;
  std::vector<RefusedChange> refused;
  for (const UnkeptChange& each : unkept_) {
    refused.push_back({writes.changes[each.change].changes[each.level], each.reason});
  }
  outcome_ = stopped_by(std::move(refused));
  co_return true;
}

Task<Result<bool>> BatchWork::keep_dead_letters() {
  if (outcome_.dead_letters.empty()) co_return true;
  Result<bool> made = co_await make_bookkeeping(session_);
  if (!made) co_return made;
  const std::vector<DeadLetter>& letters = outcome_.dead_letters;
  Statement statement = session_.bookkeeping.insert_dead_letters(letters);
  Result<Answer> answer = co_await run_or_fail(session_, std::move(statement), "writing ctk_dead_letters");
  if (!answer) {
    if (answer.error().kind == ErrorKind::not_found) session_.bookkeeping_is_missed = true;
    co_return forward_error(std::move(answer));
  }
  if (const auto error = first_row_error(*answer, {})) {
    co_return std::unexpected(to_error(*error, "writing ctk_dead_letters"));
  }
  std::vector<DeadLetter> again;
  for (size_t i = 0; i < answer->results.size() && i < letters.size(); ++i) {
    if (answer->results[i].rowcount == 0) again.push_back(letters[i]);
  }
  Result<bool> renewed = co_await renew(std::move(again));
  co_return renewed;
}

Task<Result<bool>> BatchWork::renew(std::vector<DeadLetter> letters) {
  for (const DeadLetter& letter : letters) {
    Statement select = session_.bookkeeping.select_dead_letters(letter.id);
    Result<Answer> answer = co_await run_or_fail(session_, std::move(select), "reading ctk_dead_letters");
    if (!answer) co_return forward_error(std::move(answer));
    const std::vector<DeadLetter> stored = read_dead_letters(*answer);
    if (!stored.empty() && !is_same_dead_letter(stored.front(), letter)) {
      co_return std::unexpected(taken_dead_letter_error(letter.id));
    }
  }
  if (letters.empty()) co_return true;
  Statement statement = session_.bookkeeping.upsert_dead_letters(letters);
  Result<Answer> answer = co_await run_or_fail(session_, std::move(statement), "writing ctk_dead_letters");
  if (!answer) co_return forward_error(std::move(answer));
  if (const auto error = first_row_error(*answer, {})) {
    co_return std::unexpected(to_error(*error, "writing ctk_dead_letters"));
  }
  co_return true;
}

std::unique_ptr<BatchWork> UnfinishedWork::take(const std::shared_ptr<const Batch>& batch) {
  // Work of batches that nobody but it holds any more: they were dropped, to be read again.
  std::erase_if(left_, [](const std::unique_ptr<BatchWork>& work) { return work->batch().use_count() == 1; });
  const auto found = std::ranges::find(left_, batch, &BatchWork::batch);
  if (found == left_.end()) return nullptr;
  std::unique_ptr<BatchWork> work = std::move(*found);
  left_.erase(found);
  return work;
}

}  // namespace ctk::sink::cratedb
