#include "relay/shard_queue.h"

#include <utility>

namespace ctk::relay {
namespace {

/// A queued record costs its bytes and the queue's own.
constexpr size_t kRecordOverhead = 192;

size_t cost_of(const dynamodb::RawRecord& record) { return record.data.capacity() + kRecordOverhead; }

}  // namespace

size_t ShardQueue::cost(const source::Page& page) {
  size_t bytes = 0;
  for (const dynamodb::RawRecord& record : page.records) bytes += cost_of(record);
  return bytes;
}

void ShardQueue::add(source::Page& page, Duration now) {
  for (dynamodb::RawRecord& record : page.records) {
    const size_t bytes = cost_of(record);
    bytes_ += bytes;
    records_.push_back({std::move(record), bytes, now, nullptr});
  }
  if (page.items) items_ = std::move(page.items);
  if (page.resume && !page.records.empty()) records_.back().resume = std::make_unique<Position>(std::move(*page.resume));
}

Slice ShardQueue::take(size_t records) {
  Slice slice;
  slice.shard = id_;
  slice.items = items_;
  slice.from = slice.to = taken_to_;
  slice.records.reserve(records);
  for (size_t i = 0; i < records; ++i) {
    Queued& queued = records_.front();
    slice.queued_bytes += queued.bytes;
    // Inside a Scan's page there is no place to resume at.
    if (queued.resume) slice.to = std::move(*queued.resume);
    if (!segment_) {
      if (i + 1 == records) slice.to = source::position_behind(queued.record);
      if (slice.records.empty()) slice.arrivals.first = queued.record.arrival;
      slice.arrivals.last = queued.record.arrival;
    }
    slice.records.push_back(std::move(queued.record));
    records_.pop_front();
  }
  bytes_ -= slice.queued_bytes;
  if (holds_end() && records_.empty()) {
    slice.has_end = true;
    end_ = End::taken;
    slice.to = Position::shard_end();
  }
  taken_to_ = slice.to;
  return slice;
}

void ShardQueue::clear() {
  records_.clear();
  bytes_ = 0;
}

void ShardQueue::restart(Position position) {
  taken_to_ = std::move(position);
  end_ = End::not_known;
}

}  // namespace ctk::relay
