#include "relay/spare_rows.h"

#include <utility>

namespace ctk::relay {
namespace {

/// What is kept at most, and of one row: to allocate a large one is little beside writing it.
constexpr size_t kMostBytes = 4u << 20, kMostOfARow = 4096;

/// Lets go of the change, and of memory that is not worth keeping. Returns what is kept.
size_t empty(sink::FoldedChange& one) {
  one.changes.clear();
  const auto* row = std::get_if<table::Row>(&one.rendered);
  if (row == nullptr || row->capacity() > kMostOfARow) one.rendered.emplace<table::Row>();
  return sizeof one + std::get<table::Row>(one.rendered).capacity();
}

}  // namespace

std::shared_ptr<sink::Batch> SpareRows::new_batch() {
  return {new sink::Batch, [spare = shared_from_this()](sink::Batch* batch) {
            const std::unique_ptr<sink::Batch> owned(batch);
            for (sink::TableWrites& writes : owned->tables) spare->put(std::move(writes.changes));
          }};
}

std::vector<sink::FoldedChange> SpareRows::take() {
  const std::scoped_lock lock(mutex_);
  if (spare_.empty()) return {};
  Spare spare = std::move(spare_.back());
  spare_.pop_back();
  bytes_ -= spare.bytes;
  return std::move(spare.rows);
}

void SpareRows::put(std::vector<sink::FoldedChange> rows) {
  size_t bytes = 0;
  for (sink::FoldedChange& one : rows) bytes += empty(one);
  const std::scoped_lock lock(mutex_);
  if (rows.empty() || bytes_ + bytes > kMostBytes) return;
  bytes_ += bytes;
  spare_.push_back({std::move(rows), bytes});
}

}  // namespace ctk::relay
