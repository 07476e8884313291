// A simulated Kinesis Data Streams: the service's rules, limits and error answers as a state machine in memory. Every call
// takes the time as a parameter; nothing is random. Sources: Kinesis Data Streams API Reference and "Quotas and limits".
//
//   sim::Kinesis kinesis({});
//   kinesis.create_stream("cdc", 2, now);
//   kinesis.put_record({.stream = "cdc", .data = "…", .partition_key = "a"}, now);
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/ids.h"
#include "aws/kinesis_api.h"
#include "base/time.h"
#include "sim/kinesis_stream.h"
#include "sim/service_error.h"

namespace ctk::sim {

struct KinesisOptions {
  std::string region = "us-east-1";
  std::string account = "000000000000";
  size_t list_page = 1000;  ///< shards on a page of ListShards at most
  Duration iterator_life = std::chrono::minutes(5);
  Duration retention = std::chrono::hours(24);
  Duration creation_time{};  ///< for so long a new stream stays CREATING
  /// Per shard: 5 GetRecords a second and 2 MB a second (a larger page is answered and makes the next calls wait).
  bool read_limits = false;
  /// The last records of a closed shard come with a null NextShardIterator; if false, on an empty page behind them.
  bool end_with_records = true;
  /// ChildShards at the end of a shard. AWS gives them, emulators do not.
  bool give_children = true;
  /// Enhanced fan-out: so long lasts a subscription, at most so long a shard without records stays silent, and for so long
  /// a new consumer stays CREATING.
  Duration subscription_life = std::chrono::minutes(5);
  Duration longest_silence = std::chrono::seconds(5);
  Duration consumer_creation{};
  /// On demand: an open shard that takes more records than this within a minute is split, up to `most_shards`. 0: never.
  size_t split_above = 0;
  size_t most_shards = 8;
  /// On demand: two neighbours that both took fewer records than this in the last minute are merged, one pair a minute. 0:
  /// never.
  size_t merge_below = 0;
};

/// A registered consumer.
struct ConsumerDescription {
  std::string name;
  std::string arn;
  std::string status;
  Timestamp created{};
  std::string stream_arn;
};

struct StreamDescription {
  std::string name;
  std::string arn;
  std::string status;
  Timestamp created{};
  Duration retention{};
  size_t open_shards = 0;
  size_t consumers = 0;
};

/// One shard as the API shows it.
struct ShardDescription {
  aws::KinesisShard shard;
  aws::HashKeyRange range;
};

struct ShardListing {
  std::vector<ShardDescription> shards;
  std::optional<std::string> next_token;
};

struct ListShardsInput {
  std::string stream;  ///< name or ARN; empty with a token
  std::optional<std::string> next_token;
  std::optional<std::string> exclusive_start;  ///< a shard id
  std::optional<size_t> max_results;
};

struct PutInput {
  std::string stream;
  std::string data;
  std::string partition_key;
  std::optional<std::string> explicit_hash_key;
};

struct RecordsAnswer {
  std::vector<StoredRecord> records;
  std::optional<std::string> next_iterator;
  std::vector<ShardDescription> children;
  Duration behind{};
};

/// What a subscription has to say at a moment.
struct Push {
  enum class Kind { nothing, event, over };
  Kind kind = Kind::nothing;
  std::vector<StoredRecord> records = {};
  std::optional<std::string> continuation = {};  ///< nothing: the shard has ended
  std::vector<ShardDescription> children = {};
  Duration behind{};
};

class Kinesis {
 public:
  explicit Kinesis(KinesisOptions options) : options_(std::move(options)) {}

  KinesisOptions& options() { return options_; }
  std::string arn_of(const std::string& stream) const;

  Answer<void> create_stream(const std::string& name, int shards, Timestamp now);
  Answer<void> delete_stream(const std::string& stream, Timestamp now);
  std::vector<std::string> list_streams() const;
  Answer<StreamDescription> describe_stream(const std::string& stream, Timestamp now);
  Answer<ShardListing> list_shards(const ListShardsInput& input, Timestamp now);
  Answer<std::string> get_shard_iterator(const std::string& stream, const std::string& shard,
                                         const aws::IteratorStart& start, Timestamp now);
  /// `limit` 1 … 10,000. With `empty`, the page stays empty although records may wait, as the service may do at any time.
  Answer<RecordsAnswer> get_records(const std::string& iterator, int limit, Timestamp now, bool empty = false);
  Answer<ConsumerDescription> register_consumer(const std::string& stream, const std::string& name, Timestamp now);
  /// `name_or_arn`: a name within `stream`, or an ARN alone.
  Answer<ConsumerDescription> describe_consumer(const std::string& stream, const std::string& name_or_arn, Timestamp now);
  Answer<std::vector<ConsumerDescription>> list_consumers(const std::string& stream, Timestamp now);
  Answer<void> deregister_consumer(const std::string& stream, const std::string& name_or_arn, Timestamp now);
  /// A subscription's number. It is over after a while, or when the same consumer subscribes to the shard again.
  Answer<uint64_t> subscribe(const std::string& consumer_arn, const std::string& shard, const aws::IteratorStart& start,
                             Timestamp now);
  /// What follows in it; refused once another has taken its place, or stream or consumer is gone.
  Answer<Push> next_push(uint64_t subscription, Timestamp now);
  /// Nobody listens any more.
  void unsubscribe(uint64_t subscription) { subscriptions_.erase(subscription); }
  Answer<PutResult> put_record(const PutInput& input, Timestamp now);
  Answer<void> split_shard(const std::string& stream, const std::string& shard, const std::string& starting_hash_key,
                           Timestamp now);
  Answer<void> merge_shards(const std::string& stream, const std::string& shard, const std::string& adjacent,
                            Timestamp now);
  Answer<void> update_shard_count(const std::string& stream, int target, Timestamp now);
  Answer<void> set_retention(const std::string& stream, Duration retention, Timestamp now);

  // What no API call does: for tests and `ctk simulator`.

  /// Every iterator given until now is expired.
  void expire_iterators(Timestamp now) { valid_since_ = now; }
  /// Forgets what arrived before `horizon`, as if the retention were over.
  Answer<void> trim(const std::string& stream, Timestamp horizon, Timestamp now);
  /// Reading the stream is throttled until then.
  void throttle(const std::string& stream, Timestamp until) { throttled_[stream] = until; }
  /// The ARN of the stream that an iterator, or a listing's next page, is of; empty where it is none of ours.
  std::string stream_of_token(std::string_view token) const;
  /// Splits and merges that the service has made by itself.
  uint64_t splits_on_demand() const { return splits_on_demand_; }
  uint64_t merges_on_demand() const { return merges_on_demand_; }
  /// Splits the first open shard in the middle; returns its id.
  Answer<aws::ShardId> split_any(const std::string& stream, Timestamp now);
  const KinesisStream* stream(const std::string& name) const;

 private:
  struct Meter {
    std::vector<Timestamp> calls;  ///< of the last second
    Timestamp free_at{};           ///< bytes read until now are paid off
    Timestamp put_since{};         ///< `puts` records came since then
    size_t puts = 0;
  };
  struct Consumer {
    Timestamp created{};
    std::map<size_t, uint64_t> subscriptions = {};   ///< the last one of each shard
    std::map<size_t, Timestamp> subscribed_at = {};  ///< and when it was taken
  };
  struct Entry {
    KinesisStream stream;
    uint64_t incarnation;
    std::vector<Meter> meters;    ///< a shard each
    Timestamp looked_for_cold{};  ///< when a pair to be merged was last looked for
    std::map<std::string, Consumer> consumers = {};
  };
  struct Subscription {
    std::string stream, consumer;
    uint64_t incarnation = 0;
    size_t shard = 0;
    uint64_t ordinal = 0;
    Timestamp opened{};
    Timestamp spoke{};    ///< its last event; kNoTime: none yet
    Timestamp free_at{};  ///< bytes pushed until now are paid off
    bool sent_end = false;
  };
  struct Cursor {
    uint64_t incarnation = 0;
    size_t shard = 0;
    uint64_t ordinal = 0;
    Timestamp issued{};
  };

  Answer<Entry*> find(const std::string& name_or_arn, Timestamp now);
  Answer<size_t> find_shard(Entry& entry, const std::string& shard, Timestamp now);
  Answer<uint64_t> start_ordinal(const Entry& entry, const Shard& shard, const aws::IteratorStart& start, Timestamp now);
  Answer<void> check_throttle(const Entry& entry, Timestamp now) const;
  Meter& count_put(Entry& entry, size_t shard, Timestamp now);
  void split_if_hot(Entry& entry, size_t shard, Timestamp now);
  void merge_if_cold(Entry& entry, Timestamp now);
  Answer<void> meter(Entry& entry, size_t shard, Timestamp now);
  Answer<Cursor> open_iterator(const std::string& iterator, Timestamp now) const;
  std::string iterator_text(const Cursor& cursor) const;
  static ShardDescription describe(const Entry& entry, const Shard& shard);
  ConsumerDescription describe(const Entry& entry, const std::string& name, const Consumer& consumer, Timestamp now) const;
  Answer<std::pair<Entry*, std::string>> find_consumer(const std::string& stream, const std::string& name_or_arn,
                                                       Timestamp now);
  static uint64_t take_records(const Shard& shard, uint64_t from, Push& push);
  void take_children(const Entry& entry, const Shard& shard, std::vector<ShardDescription>& children) const;
  std::string status_of(const Entry& entry, Timestamp now) const;

  KinesisOptions options_;
  std::map<std::string, Entry> streams_;
  std::map<std::string, Timestamp> throttled_;
  std::map<uint64_t, Subscription> subscriptions_;
  uint64_t last_subscription_ = 0;
  uint64_t incarnations_ = 0;
  uint64_t splits_on_demand_ = 0;
  uint64_t merges_on_demand_ = 0;
  Timestamp valid_since_ = kNoTime;
};

}  // namespace ctk::sim
