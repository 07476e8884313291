// One simulated Kinesis stream: its shards, their records, and how shards split and merge. A value; no names of accounts,
// no limits, no iterators: those are the service's (kinesis.h).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/hash_key.h"
#include "aws/ids.h"
#include "base/time.h"
#include "sim/service_error.h"

namespace ctk::sim {

struct StoredRecord {
  std::string sequence;  ///< 56 digits
  Timestamp arrival{};
  std::string partition_key;
  std::string data;
};

/// A shard. Records are numbered from 0 for ever; `trimmed` of them are gone from the front.
struct Shard {
  size_t index = 0;  ///< in the stream
  aws::ShardId id;
  aws::HashKeyRange range;
  std::vector<size_t> parents;  ///< none, one (split) or two (merge): indices in the stream
  std::vector<size_t> children;
  Timestamp created{};
  std::optional<Timestamp> closed;
  std::string first_sequence;
  std::string last_sequence;  ///< once closed
  std::deque<StoredRecord> records;
  uint64_t trimmed = 0;

  uint64_t end() const { return trimmed + records.size(); }
  const StoredRecord& at(uint64_t ordinal) const { return records[ordinal - trimmed]; }
};

struct PutResult {
  aws::ShardId shard;
  std::string sequence;
};

class KinesisStream {
 public:
  KinesisStream(std::string name, int shards, Duration retention, Timestamp now);

  const std::string& name() const { return name_; }
  Timestamp created() const { return created_; }
  Duration retention() const { return retention_; }
  void set_retention(Duration retention) { retention_ = retention; }

  const std::vector<Shard>& shards() const { return shards_; }
  /// The shard, unless it never was or its last record has been trimmed.
  std::optional<size_t> find(const aws::ShardId& id, Timestamp now) const;
  /// Whether listings still show it: open, or closed within the retention.
  bool listed(const Shard& shard, Timestamp now) const;
  size_t open_shards() const;

  PutResult put(std::string_view partition_key, std::optional<aws::HashKey> hash_key, std::string data, Timestamp now);

  /// Closes `shard`; the children are [first, at − 1] and [at, last].
  Answer<void> split(size_t shard, aws::HashKey at, Timestamp now);
  /// Closes two open neighbours; their child covers both.
  Answer<void> merge(size_t shard, size_t adjacent, Timestamp now);
  /// Splits and merges until `target` open shards are left, as UpdateShardCount's uniform scaling does in effect.
  Answer<void> scale(int target, Timestamp now);

  /// Forgets records that arrived before `horizon`.
  void trim(Timestamp horizon);

  /// The first record at or behind `sequence` (behind only, if `after`), as an ordinal of its shard.
  static uint64_t ordinal_of(const Shard& shard, std::string_view sequence, bool after);
  /// The first record that arrived at `time` or later.
  static uint64_t ordinal_at(const Shard& shard, Timestamp time);
  /// The highest number given in this shard so far.
  static std::string newest_sequence(const Shard& shard);

 private:
  size_t add_shard(aws::HashKeyRange range, std::vector<size_t> parents, Timestamp now);
  void close(Shard& shard, Timestamp now);

  std::string name_;
  Timestamp created_;
  Duration retention_;
  std::vector<Shard> shards_;
};

}  // namespace ctk::sim
