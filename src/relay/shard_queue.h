// What was read of one shard and is not in a batch yet, in the order of its records. Pure.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

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

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  size_t bytes() const { return bytes_; }
  bool holds_end() const { return end_ == End::queued; }
  /// Whether a batch has something to take here.
  bool has_something() const { return !empty() || holds_end(); }
  /// When its first record was read.
  Duration oldest() const { return empty() ? Duration{} : pages_.front().read_at; }
  /// When its first record reached the source.
  Timestamp oldest_arrival() const { return empty() ? kNoTime : pages_.front().records[pages_.front().taken].arrival; }

 private:
  /// A page of which something is left.
  struct Queued {
    std::vector<dynamodb::RawRecord> records;
    Duration read_at{};
    std::optional<Position> resume;           ///< behind its last record, where that does not say so: of a Scan
    size_t taken = 0;                         ///< so many records at its front have gone
    std::shared_ptr<SharedPage> shared = {};  ///< once some have, and others have not
  };
  enum class End { not_known, queued, taken };

  /// What `count` records that are about to go from the page's front leave behind with the others.
  static void share(Queued& from, size_t count, Slice& slice);
  static void move_records(Queued& from, size_t count, std::vector<dynamodb::RawRecord>& to, size_t all);

  ShardId id_;
  Position taken_to_;  ///< behind what was taken
  bool segment_;
  std::deque<Queued> pages_;
  size_t size_ = 0;  ///< records
  size_t bytes_ = 0;
  std::shared_ptr<const dynamodb::ItemSource> items_;  ///< what its records are, in a segment
  End end_ = End::not_known;
};

}  // namespace ctk::relay
