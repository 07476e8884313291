// One stream of a simulated DynamoDB table: a shard for every partition, closed and followed by the next one every few
// hours, by two when the partition splits, by none when the stream is switched off. A value; limits and iterators are the
// service's (dynamodb_streams.h). Source: "Change data capture for DynamoDB Streams", DynamoDB Developer Guide.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aws/dynamodb_api.h"
#include "aws/hash_key.h"
#include "aws/ids.h"
#include "base/time.h"
#include "sim/item_change.h"

namespace ctk::sim {

/// Sequence numbers are numbers here, and digits for the world.
using StreamSequence = aws::HashKey;

struct TableStreamSetup {
  std::string arn;
  std::string table;
  std::vector<aws::KeyAttribute> keys;
  aws::StreamView view = aws::StreamView::new_and_old_images;
  int partitions = 1;
  StreamSequence first_sequence = 0;
  Duration roll_every = std::chrono::hours(4);
  Duration retention = std::chrono::hours(24);
};

/// A shard. Its records are numbered from 0 for ever; `trimmed` of them are gone from the front.
struct TableShard {
  struct Record {
    StreamSequence sequence = 0;
    Timestamp time{};
    std::string data;
  };

  aws::ShardId id;
  aws::HashKeyRange range;  ///< of the items' partition
  std::optional<size_t> parent;
  std::vector<size_t> children;
  Timestamp created{};
  Timestamp rolls_at{};
  std::optional<Timestamp> closed;
  StreamSequence first = 0;
  StreamSequence last = 0;          ///< once closed
  StreamSequence last_trimmed = 0;  ///< 0: nothing was trimmed
  std::deque<Record> records;
  uint64_t trimmed = 0;

  uint64_t end() const { return trimmed + records.size(); }
  const Record& at(uint64_t ordinal) const { return records[ordinal - trimmed]; }
};

class TableStream {
 public:
  TableStream(TableStreamSetup setup, Timestamp now);

  const TableStreamSetup& setup() const { return setup_; }
  Timestamp created() const { return created_; }
  std::optional<Timestamp> disabled() const { return disabled_; }
  const std::vector<TableShard>& shards() const { return shards_; }
  /// Id → index, in the order of listings.
  const std::map<std::string, size_t>& listing() const { return listing_; }
  uint64_t rolls() const { return rolls_; }

  /// Rolls the shards whose time has come, and forgets those that nobody can read any more.
  void advance(Timestamp now);
  /// Forgets the shard's records of before the horizon.
  void trim(size_t shard, Timestamp now);
  /// From now on nothing older than `horizon` is there, as if the retention were over.
  void forget_before(Timestamp horizon) { horizon_ = std::max(horizon_, horizon); }
  /// Open, or closed within the retention.
  bool listed(const TableShard& shard, Timestamp now) const;
  std::vector<size_t> open_shards() const;

  void append(const ItemChange& change, aws::HashKey partition, Timestamp now);
  /// Closes the shard; one child goes on in its place.
  void roll(size_t shard, Timestamp now);
  /// Closes the shard; two children go on, each with half of its partition.
  void split(size_t shard, Timestamp now);
  /// Closes every shard. What is in them stays until it is trimmed.
  void disable(Timestamp now);

  /// The first record behind `sequence`, or at it, as an ordinal.
  static uint64_t ordinal_of(const TableShard& shard, StreamSequence sequence, bool after);

 private:
  void open(aws::HashKeyRange range, std::optional<size_t> parent, Timestamp now);
  void close(size_t shard, Timestamp now);
  Timestamp horizon(Timestamp now) const { return std::max(now - setup_.retention, horizon_); }
  /// Rising, with gaps, so that nobody counts on neighbours.
  StreamSequence next_sequence();

  TableStreamSetup setup_;
  Timestamp created_;
  std::optional<Timestamp> disabled_;
  std::vector<TableShard> shards_;
  std::map<std::string, size_t> listing_;
  std::map<aws::HashKey, size_t> open_;  ///< by the last hash of the range
  StreamSequence sequence_;
  Timestamp next_roll_{};
  Timestamp horizon_ = kNoTime;
  uint64_t rolls_ = 0;
};

}  // namespace ctk::sim
