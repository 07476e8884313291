// A simulated DynamoDB Streams: the service's rules, limits and error answers as a state machine in memory. Every call
// takes the time as a parameter; nothing is random. Sources: Amazon DynamoDB Streams API Reference; "Change data capture
// for DynamoDB Streams" and "Service, account, and table quotas" in the DynamoDB Developer Guide.
//
//   sim::DynamoDbStreams streams({});
//   const std::string arn = streams.create({.table = "demo", .keys = {{"pk"}}}, now);
//   streams.append(arn, change, aws::hash_of(hash_key), now);
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aws/dynamodb_streams_api.h"
#include "base/time.h"
#include "sim/faults.h"
#include "sim/service_error.h"
#include "sim/table_stream.h"

namespace ctk::sim {

/// How an endpoint takes DescribeStream's ShardFilter: AWS knows it, an older copy may say no, or not look at it.
enum class ChildFilter { known, refused, ignored };

/// What DescribeStream may tell although it is not so: its pages are no snapshot, and race with shards that roll.
enum class ListingFault {
  none,
  early_child,   ///< a child is listed already, its parent is still shown open
  late_child,    ///< a shard is closed already, its children are not listed yet
  missing_page,  ///< a page holds nothing of what it should, the pages behind it do
};

/// What a call's fate does to its listing.
ListingFault listing_fault(Fault fault);

struct DynamoDbStreamsOptions {
  std::string region = "us-east-1";
  std::string account = "000000000000";
  Duration iterator_life = std::chrono::minutes(15);
  Duration retention = std::chrono::hours(24);
  Duration roll_every = std::chrono::hours(4);
  Duration switch_time{};  ///< for so long a stream stays ENABLING or DISABLING
  size_t describe_page = 100;
  ChildFilter child_filter = ChildFilter::known;
  /// 10 DescribeStream calls a second and 2 readers a shard; else as many as like.
  bool limits = false;
  /// The last records of a closed shard come without NextShardIterator; if false, an empty page behind them does.
  bool end_with_records = true;
  /// Of a new stream: 21 digits.
  StreamSequence first_sequence = StreamSequence{1'000'000'000'000} * 100'000'000;
};

struct StreamSetup {
  std::string table;
  std::vector<aws::KeyAttribute> keys;
  aws::StreamView view = aws::StreamView::new_and_old_images;
  int partitions = 1;
};

struct DescribeStreamInput {
  std::string stream;  ///< ARN
  std::optional<std::string> after{};
  std::optional<std::string> children_of{};
  size_t limit = 100;
};

struct ListedStream {
  std::string arn, table, label;
};

struct StreamsRecordsAnswer {
  std::vector<TableShard::Record> records;
  std::optional<std::string> next_iterator;
};

class DynamoDbStreams {
 public:
  explicit DynamoDbStreams(DynamoDbStreamsOptions options) : options_(std::move(options)) {}

  DynamoDbStreamsOptions& options() { return options_; }

  // What DynamoDB calls.

  /// A new stream of the table; its ARN, whose last part is the moment.
  std::string create(const StreamSetup& setup, Timestamp now);
  void disable(const std::string& arn, Timestamp now);
  void append(const std::string& arn, const ItemChange& change, aws::HashKey partition, Timestamp now);

  // The API.

  Answer<aws::StreamsDescription> describe_stream(const DescribeStreamInput& input, Timestamp now,
                                                  ListingFault fault = ListingFault::none);
  /// All of a table, or of all tables (an empty name).
  std::vector<ListedStream> list_streams(const std::string& table, Timestamp now);
  Answer<std::string> get_shard_iterator(const std::string& stream, const std::string& shard,
                                         const aws::IteratorStart& start, Timestamp now);
  /// `limit` 1 … 1,000. With `empty`, the page stays empty although records may wait, as the service may do at any time.
  Answer<StreamsRecordsAnswer> get_records(const std::string& iterator, int limit, Timestamp now, bool empty = false);

  // What no API call does: for tests and `ctk simulator`.

  /// Every iterator given until now is expired.
  void expire_iterators(Timestamp now) { valid_since_ = now; }
  /// Reading the stream is throttled until then.
  void throttle(const std::string& stream, Timestamp until) { throttled_[stream] = until; }
  Answer<void> trim(const std::string& stream, Timestamp horizon, Timestamp now);
  /// Rolls or splits one open shard, or all; how many.
  Answer<size_t> roll(const std::string& stream, bool all, Timestamp now);
  Answer<size_t> split(const std::string& stream, bool all, Timestamp now);
  const TableStream* stream(const std::string& arn) const;

 private:
  struct Reader {
    uint64_t id = 0;
    Timestamp last_call{};
  };
  struct Entry {
    TableStream stream;
    std::vector<Timestamp> describes;                 ///< of the last second
    std::map<size_t, std::vector<Reader>> readers{};  ///< of a shard, in the last second
  };
  struct Cursor {
    uint64_t stream = 0, shard = 0, ordinal = 0, reader = 0;
    Timestamp issued{};
  };

  Answer<Entry*> find(const std::string& arn, Timestamp now);
  /// As `find`, unless the stream is throttled.
  Answer<Entry*> find_unthrottled(const std::string& arn, Timestamp now);
  Answer<void> meter_describe(Entry& entry, Timestamp now);
  Answer<void> meter_read(Entry& entry, const Cursor& cursor, Timestamp now);
  std::vector<size_t> page_of(const Entry& entry, const DescribeStreamInput& input, Timestamp now, ListingFault fault,
                              std::optional<aws::ShardId>& next) const;
  Answer<uint64_t> start_ordinal(const TableShard& shard, const aws::IteratorStart& start) const;
  std::string iterator_text(const std::string& arn, const Cursor& cursor) const;
  Answer<Cursor> open_iterator(const std::string& iterator, Timestamp now) const;
  const char* status_of(const TableStream& stream, Timestamp now) const;

  DynamoDbStreamsOptions options_;
  std::vector<Entry> streams_;
  std::map<std::string, size_t> by_arn_;
  std::map<std::string, Timestamp> throttled_;
  uint64_t readers_ = 0;
  Timestamp valid_since_ = kNoTime;
};

}  // namespace ctk::sim
