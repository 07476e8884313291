#include "sink/sql/row_item.h"

namespace ctk::sink::sql {

namespace {

HistoryRow history_row(const table::Row& row, const dynamodb::Change& change) {
  return {&row, table::history_operation(change), change.by_time_to_live};
}

}  // namespace

RowItem::RowItem(const FoldedChange& change, const table::Renderer& renderer, coordination::Epoch epoch, Keeps keeps)
    : change_(change), candidates_(change, epoch), renderer_(renderer), epoch_(epoch) {
  for (size_t level = 1; keeps == Keeps::each && level < change.changes.size(); ++level) {
    below_.push_back(renderer.render(*change.changes[level], epoch));
    const auto* refused = std::get_if<table::Refused>(&below_.back());
    if (refused != nullptr) parked_below_.emplace(level, refused->reason);
  }
  take(change.rendered);
}

HistoryOfRow RowItem::history() const {
  HistoryOfRow history;
  history.rows.push_back(history_row(*row_, candidates_.current()));
  if (!with_below_) return history;
  for (size_t level = candidates_.level() + 1; level < candidates_.count(); ++level) append_below(level, history);
  return history;
}

HistoryOfRow RowItem::history_below(size_t level) const {
  HistoryOfRow history;
  append_below(level, history);
  return history;
}

void RowItem::append_below(size_t level, HistoryOfRow& history) const {
  if (parked_below_.contains(level)) return;
  const auto* row = std::get_if<table::Row>(&below_.at(level - 1));
  if (row != nullptr) history.rows.push_back(history_row(*row, *change_.changes[level]));
}

void RowItem::park_below(size_t level, std::string reason) { parked_below_.emplace(level, std::move(reason)); }

ChangeOutcome RowItem::outcome() const {
  ChangeOutcome outcome = candidates_.outcome(stale);
  outcome.parked_below = static_cast<int>(parked_below_.size());
  return outcome;
}

void RowItem::append_refusal(std::vector<RefusedChange>& refused) const {
  candidates_.append_refusal(refused);
  if (candidates_.refused()) return;
  for (const auto& [level, reason] : parked_below_) refused.push_back({change_.changes[level], reason});
}

void RowItem::take(const table::Rendered& rendered) {
  row_ = std::get_if<table::Row>(&rendered);
  if (row_ != nullptr) return;
  const table::Refused* refused = std::get_if<table::Refused>(&rendered);
  if (refused == nullptr) {
    park("the change asks for columns, and this target has none to add", false);
  } else {
    park(refused->reason, refused->because_of_key);
  }
}

void RowItem::park(std::string reason, bool because_of_key) {
  candidates_.park(std::move(reason), because_of_key);
  row_ = nullptr;
  // It is tried again, as the highest.
  parked_below_.erase(candidates_.level());
  if (candidates_.exhausted()) return;
  own_ = renderer_.render(candidates_.current(), epoch_);
  take(own_);
}

DeadLetter RowItem::letter(size_t level, const Batch& batch, Timestamp now) const {
  return candidates_.letter(level, batch, renderer_.spec().source_table, now, "");
}

void RowItem::append_dead_letters(std::vector<DeadLetter>& letters, const Batch& batch, Timestamp now) const {
  candidates_.append_dead_letters(letters, batch, renderer_.spec().source_table, now);
  for (const auto& [level, reason] : parked_below_) {
    letters.push_back(candidates_.letter(level, batch, renderer_.spec().source_table, now, reason));
  }
}

std::vector<const table::Row*> rows_of(std::span<RowItem* const> items) {
  std::vector<const table::Row*> rows;
  rows.reserve(items.size());
  for (const RowItem* item : items) rows.push_back(item->row());
  return rows;
}

std::vector<HistoryOfRow> histories_of(std::span<RowItem* const> items) {
  std::vector<HistoryOfRow> histories;
  histories.reserve(items.size());
  for (const RowItem* item : items) histories.push_back(item->history());
  return histories;
}

}  // namespace ctk::sink::sql
