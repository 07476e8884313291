// A simulated DynamoDB: tables with their items, streams and Kinesis destinations, the service's rules and error answers,
// as a state machine in memory. Every call takes the time as a parameter; the draws come from the Random that is handed in.
// Source: Amazon DynamoDB API Reference, and the Developer Guide on quotas, capacity and TTL.
//
//   sim::DynamoDb dynamodb({}, streams, random);
//   dynamodb.create_table({.name = "demo", .keys = {{"pk", 'S'}}, .stream = aws::StreamView::new_and_old_images}, now);
//   dynamodb.put_item("demo", {{"pk", R"({"S":"a"})"}}, now);
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aws/dynamodb_api.h"
#include "base/random.h"
#include "base/time.h"
#include "sim/dynamodb_streams.h"
#include "sim/dynamodb_table.h"
#include "sim/kinesis.h"
#include "sim/service_error.h"

namespace ctk::sim {

/// What AWS warns of for a table's Kinesis stream: records that come twice, and behind their successors.
struct DeliveryKnobs {
  double repeated = 0;
  double delayed = 0;
  Duration late_by = std::chrono::seconds(3);    ///< a delayed record, at most
  Duration again_by = std::chrono::seconds(20);  ///< a repeated one, at most
};

struct DynamoDbOptions {
  std::string region = "us-east-1";
  std::string account = "000000000000";
  Duration creation_time{};  ///< for so long a new table stays CREATING
  Duration count_every{};    ///< how old ItemCount and TableSizeBytes may be (AWS: 6 hours)
  Duration ttl_every = std::chrono::minutes(1);
  size_t scan_page = 1u << 20;   ///< bytes of a Scan's page
  bool capacity_limits = false;  ///< whether provisioned read capacity is enforced, with 5 minutes' burst
  DeliveryKnobs delivery{};
};

struct TableInput {
  std::string name;
  std::vector<aws::KeyAttribute> keys;
  std::optional<double> read_capacity{};  ///< none: on demand
  std::optional<aws::StreamView> stream{};
  int partitions = 1;  ///< of a stream that is switched on
};

struct ScanInput {
  std::string table;
  std::optional<Attributes> start_key{};
  size_t limit = 0;  ///< 0: none
  int segment = 0;
  int total_segments = 1;
  bool consistent = false;
};

struct ScanAnswer {
  std::vector<const Attributes*> items;  ///< good until the next call
  std::optional<Attributes> last_key;
  double capacity = 0;
};

struct TimeToLive {
  std::string attribute;
  bool operator==(const TimeToLive&) const = default;
};

class DynamoDb {
 public:
  /// `kinesis`: where destinations of tables lie; may be null.
  DynamoDb(DynamoDbOptions options, DynamoDbStreams& streams, Random& random, Kinesis* kinesis = nullptr)
      : options_(std::move(options)), streams_(streams), random_(random), kinesis_(kinesis) {}

  DynamoDbOptions& options() { return options_; }

  Answer<aws::TableDescription> create_table(const TableInput& input, Timestamp now);
  Answer<aws::TableDescription> describe_table(const std::string& table, Timestamp now);
  Answer<aws::TableDescription> delete_table(const std::string& table, Timestamp now);
  std::vector<std::string> list_tables() const;
  /// UpdateTable's StreamSpecification: switches a stream on (a new one, under a new ARN) or off (no view).
  Answer<aws::TableDescription> update_stream(const std::string& table, std::optional<aws::StreamView> view, Timestamp now);
  Answer<void> update_time_to_live(const std::string& table, std::optional<TimeToLive> ttl, Timestamp now);
  Answer<void> enable_kinesis(const std::string& table, const std::string& stream_arn, Timestamp now);
  Answer<void> disable_kinesis(const std::string& table, const std::string& stream_arn, Timestamp now);

  /// Each returns the item as it was.
  Answer<std::optional<Attributes>> put_item(const std::string& table, Attributes item, Timestamp now);
  Answer<std::optional<Attributes>> update_item(const std::string& table, const Attributes& key, const Attributes& set,
                                                const std::vector<std::string>& removed, Timestamp now);
  Answer<std::optional<Attributes>> delete_item(const std::string& table, const Attributes& key, Timestamp now);
  Answer<std::optional<Attributes>> get_item(const std::string& table, const Attributes& key, Timestamp now);
  Answer<ScanAnswer> scan(const ScanInput& input, Timestamp now);

  /// What the service does by itself: deletes what has outlived its TTL, delivers what came late.
  void advance(Timestamp now);

  // What no API call does: for tests and `ctk simulator`.

  /// Takes what a Kinesis stream is to get in its place, as an application that packs records does before it sends them.
  using Producer = std::function<bool(const std::string& stream, const TableEvent& event, Timestamp now)>;
  void deliver_through(Producer producer) { producer_ = std::move(producer); }
  /// Every call on the table is throttled until then.
  void throttle(const std::string& table, Timestamp until) { throttled_[table] = until; }
  const DynamoDbTable* items_of(const std::string& table) const;
  /// Of a table of that name, whether it is there or not.
  std::string arn_of(const std::string& table) const;
  /// The arn of its latest stream, empty without one.
  std::string stream_of(const std::string& table) const;
  std::vector<std::string> kinesis_of(const std::string& table) const;
  std::optional<TimeToLive> ttl_of(const std::string& table) const;
  /// Read capacity units that Scans have taken until now.
  double scanned_units() const { return scanned_units_; }
  /// Changes of items until now.
  uint64_t changes() const { return changes_; }

 private:
  struct Table {
    TableInput input;
    DynamoDbTable items;
    Timestamp created{};
    std::string stream;
    bool stream_enabled = false;
    std::optional<TimeToLive> ttl;
    std::vector<std::string> kinesis{};  ///< stream ARNs
    size_t bytes = 0;
    Timestamp counted_at = kNoTime;
    uint64_t counted_items = 0, counted_bytes = 0;
    double credit = 0;  ///< read capacity units that may be used
    Timestamp credited_at{};
  };
  struct Delivery {
    std::string stream;
    TableEvent event;
  };

  Answer<Table*> find(const std::string& name_or_arn, Timestamp now);
  aws::TableDescription describe(Table& table, Timestamp now);
  void enable(Table& table, aws::StreamView view, Timestamp now);
  static Answer<void> check_key(const Table& table, const Attributes& key);
  static Answer<void> check_item(const Table& table, const Attributes& item);
  std::optional<Attributes> publish(Table& table, std::optional<ItemChange> change, Timestamp now);
  /// False where the stream is gone: then nobody misses the record.
  bool deliver(const std::string& stream, const TableEvent& event, Timestamp now);
  void expire_items(Table& table, Timestamp now);
  Answer<void> spend(Table& table, Timestamp now);

  DynamoDbOptions options_;
  DynamoDbStreams& streams_;
  Random& random_;
  Kinesis* kinesis_;
  Producer producer_;  ///< nothing: records go to their streams as they are
  std::map<std::string, Table> tables_;
  std::map<std::string, Timestamp> throttled_;
  std::multimap<Timestamp, Delivery> late_;
  Timestamp next_ttl_ = kNoTime;
  double scanned_units_ = 0;
  uint64_t changes_ = 0;
};

}  // namespace ctk::sim
