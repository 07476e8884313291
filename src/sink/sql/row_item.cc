#include "sink/sql/row_item.h"

#include "dynamodb/event_text.h"

namespace ctk::sink::sql {

RowItem::RowItem(const FoldedChange& change, const table::Renderer& renderer, coordination::Epoch epoch)
    : change_(change), renderer_(renderer), epoch_(epoch) {
  take(change.rendered);
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
  reasons_.push_back(std::move(reason));
  key_refused_ = key_refused_ || because_of_key;
  row_ = nullptr;
  if (++level_ >= change_.changes.size()) return;
  own_ = renderer_.render(*change_.changes[level_], epoch_);
  take(own_);
}

DeadLetter RowItem::letter(size_t level, const Batch& batch, Timestamp now, std::string reason) const {
  const dynamodb::Change& change = *change_.changes[level];
  DeadLetter letter = make_dead_letter(origin_of(batch, change_, level, renderer_.spec().source_table), now, "refused",
                                       std::move(reason), dynamodb::event_text(change));
  letter.key = change.key;
  letter.version = table::version_text(epoch_, change.order);
  return letter;
}

void RowItem::append_letters(std::vector<DeadLetter>& letters, const Batch& batch, Timestamp now) const {
  for (size_t level = 0; level < reasons_.size(); ++level) letters.push_back(letter(level, batch, now, reasons_[level]));
}

ChangeOutcome RowItem::outcome() const {
  using Kind = ChangeOutcome::Kind;
  Kind kind = row_ == nullptr ? Kind::parked : (stale ? Kind::stale : Kind::applied);
  return {kind, static_cast<int>(reasons_.size()), key_refused_};
}

}  // namespace ctk::sink::sql
