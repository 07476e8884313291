// What was read of one shard and is not in a batch yet, in the order of its records. Pure.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>

#include "relay/batch_plan.h"
#include "relay/borrowed_names.h"
#include "relay/prepare.h"
#include "source/source.h"

namespace ctk::relay {

class ShardQueue {
 public:
  /// `segment`: its records are items, which have no place of their own.
  ShardQueue(ShardId id, Position start, bool segment)
      : id_(std::move(id)), taken_to_(std::move(start)), segment_(segment) {}

  /// What a page's records cost here.
  static size_t cost(const source::Page& page);
  /// Takes the page's records out of it.
  void add(source::Page& page, Duration now);
  /// Nothing follows what is queued, and the shard's end may be stored.
  void add_end() { end_ = End::queued; }
  /// The oldest `records`, and the end where they are its last.
  Slice take(size_t records);
  void clear();
  /// Empty, it goes on behind `position`.
  void restart(Position position);

  bool empty() const { return records_.empty(); }
  size_t size() const { return records_.size(); }
  size_t bytes() const { return bytes_; }
  bool holds_end() const { return end_ == End::queued; }
  /// Whether a batch has something to take here.
  bool has_something() const { return !records_.empty() || holds_end(); }
  /// When its first record was read.
  Duration oldest() const { return records_.empty() ? Duration{} : records_.front().read_at; }
  /// When its first record reached the source.
  Timestamp oldest_arrival() const { return records_.empty() ? kNoTime : records_.front().record.arrival; }

 private:
  struct Queued {
    dynamodb::RawRecord record;
    size_t bytes = 0;
    Duration read_at{};
    std::unique_ptr<Position> resume;  ///< behind it, where its number does not say so: the last item of a Scan's page
  };
  enum class End { not_known, queued, taken };

  ShardId id_;
  Position taken_to_;  ///< behind what was taken
  bool segment_;
  std::deque<Queued> records_;
  size_t bytes_ = 0;
  std::shared_ptr<const dynamodb::ItemSource> items_;  ///< what its records are, in a segment
  End end_ = End::not_known;
};

}  // namespace ctk::relay
