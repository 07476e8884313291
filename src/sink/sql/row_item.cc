#include "sink/sql/row_item.h"

namespace ctk::sink::sql {

RowItem::RowItem(const FoldedChange& change, const table::Renderer& renderer, coordination::Epoch epoch)
    : candidates_(change, epoch), renderer_(renderer), epoch_(epoch) {
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
  candidates_.park(std::move(reason), because_of_key);
  row_ = nullptr;
  if (candidates_.exhausted()) return;
  own_ = renderer_.render(candidates_.current(), epoch_);
  take(own_);
}

DeadLetter RowItem::letter(size_t level, const Batch& batch, Timestamp now) const {
  return candidates_.letter(level, batch, renderer_.spec().source_table, now, "");
}

void RowItem::append_dead_letters(std::vector<DeadLetter>& letters, const Batch& batch, Timestamp now) const {
  candidates_.append_dead_letters(letters, batch, renderer_.spec().source_table, now);
}

}  // namespace ctk::sink::sql
