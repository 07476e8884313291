#include "relay/shard_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ctk::relay {
namespace {

/// A queued record costs its bytes and the queue's own.
constexpr size_t kRecordOverhead = 192;

size_t cost_of(const dynamodb::RawRecord& record) { return record.data.bytes_alone() + kRecordOverhead; }

/// Whether the record's memory is more than its own.
bool is_shared(const dynamodb::RawRecord& record) { return record.data.memory_bytes() > record.data.bytes_alone(); }

/// The memory in which records stand together. Those of one piece follow each other.
size_t shared_bytes(const std::vector<dynamodb::RawRecord>& records) {
  size_t bytes = 0;
  const void* last = nullptr;
  for (const dynamodb::RawRecord& record : records) {
    const void* memory = record.data.memory().get();
    if (memory != last && is_shared(record)) bytes += record.data.memory_bytes();
    last = memory;
  }
  return bytes;
}

}  // namespace

size_t ShardQueue::cost(const source::Page& page) {
  size_t bytes = 0;
  for (const dynamodb::RawRecord& record : page.records) bytes += cost_of(record);
  return bytes;
}

void ShardQueue::add(source::Page& page, Duration now) {
  if (page.items) items_ = std::move(page.items);
  if (page.records.empty()) return;
  size_ += page.records.size();
  bytes_ += cost(page);
  pages_.push_back({std::move(page.records), now, std::move(page.resume)});
}

void ShardQueue::share(Queued& from, size_t count, Slice& slice) {
  const bool goes_whole = from.taken == 0 && count == from.records.size();
  if (goes_whole) return;
  if (from.taken == 0) {
    if (const size_t bytes = shared_bytes(from.records)) from.shared = std::make_shared<SharedPage>(bytes);
  }
  if (from.shared) slice.pages.push_back(from.shared);
}

/// A page that nothing was taken of goes as it is, where it is alone. `all`: so many will be there in the end.
void ShardQueue::move_records(Queued& from, size_t count, std::vector<dynamodb::RawRecord>& to, size_t all) {
  if (count == from.records.size() && to.empty()) {
    to = std::move(from.records);
    return;
  }
  to.reserve(all);
  const auto first = from.records.begin() + static_cast<std::ptrdiff_t>(from.taken);
  std::move(first, first + static_cast<std::ptrdiff_t>(count), std::back_inserter(to));
}

Slice ShardQueue::take(size_t records) {
  Slice slice;
  slice.shard = id_;
  slice.items = items_;
  slice.from = slice.to = taken_to_;
  while (slice.records.size() < records) {
    Queued& page = pages_.front();
    const size_t left = page.records.size() - page.taken;
    const size_t count = std::min(records - slice.records.size(), left);
    share(page, count, slice);
    move_records(page, count, slice.records, records);
    page.taken += count;
    if (count < left) continue;
    // Inside a Scan's page there is no place to resume at.
    if (page.resume) slice.to = std::move(*page.resume);
    pages_.pop_front();
  }
  for (const dynamodb::RawRecord& record : slice.records) slice.queued_bytes += cost_of(record);
  if (!segment_ && records > 0) {
    slice.to = source::position_behind(slice.records.back());
    slice.arrivals = {slice.records.front().arrival, slice.records.back().arrival};
  }
  size_ -= records;
  bytes_ -= slice.queued_bytes;
  if (holds_end() && empty()) {
    slice.has_end = true;
    end_ = End::taken;
    slice.to = Position::shard_end();
  }
  taken_to_ = slice.to;
  return slice;
}

void ShardQueue::clear() {
  pages_.clear();
  size_ = bytes_ = 0;
}

void ShardQueue::restart(Position position) {
  taken_to_ = std::move(position);
  end_ = End::not_known;
}

}  // namespace ctk::relay
