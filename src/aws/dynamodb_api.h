// DynamoDB: the calls this program makes, as types. Like KinesisApi, a seam at which a simulated AWS takes the real one's
// place. Source: Amazon DynamoDB API Reference (DescribeTable, UpdateTable, Scan, GetItem).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aws/ids.h"
#include "base/done.h"
#include "base/time.h"
#include "json/shared_text.h"

namespace ctk::aws {

/// What stream records carry of an item.
enum class StreamView { keys_only, new_image, old_image, new_and_old_images };

struct KeyAttribute {
  std::string name;
  char type = 'S';  ///< 'S', 'N' or 'B'
  bool operator==(const KeyAttribute&) const = default;
};

struct TableStream {
  Arn arn;
  bool enabled = false;  ///< a disabled one can still be read for a day
  StreamView view = StreamView::new_and_old_images;
};

struct TableDescription {
  TableName name;
  Arn arn;
  std::string status;  ///< CREATING, UPDATING, DELETING, ACTIVE, …
  Timestamp created{};
  std::vector<KeyAttribute> keys;  ///< the hash key, then the range key where there is one
  uint64_t items = 0;              ///< as of up to six hours ago
  uint64_t bytes = 0;              ///< likewise
  /// Provisioned read capacity units a second; nothing where the table is billed on demand.
  std::optional<double> read_capacity;
  std::optional<TableStream> stream;  ///< the latest one
  Timestamp server_time{};
};

struct ScanRequest {
  TableName table;
  int segment = 0;
  int total_segments = 1;
  /// The `LastEvaluatedKey` of the page before, verbatim JSON; empty at the segment's start.
  std::string start_key = {};
  int limit = 0;                ///< items at most; 0: as many as fit into a page (1 MB)
  size_t max_answer_bytes = 0;  ///< of a longer answer the first items are given (ScanPage::cut_off); 0: unbounded
  bool consistent = true;       ///< false: at half the price, and a write of the last second may be missing
};

struct ScanPage {
  std::vector<json::SharedText> items;  ///< each an item in DynamoDB JSON, `{"pk":{"S":"a"},…}`
  std::optional<std::string> next_key;  ///< `LastEvaluatedKey`, verbatim JSON; none: the segment has ended
  double consumed_capacity = 0;         ///< read capacity units; 0 where the endpoint does not say
  Timestamp server_time{};
  size_t answer_bytes = 0;
  /// The answer was longer than allowed: `items` are its first, and there is no `next_key` although more follow. Where not
  /// even one item is whole, the call is `too_large`.
  bool cut_off = false;
  size_t whole_bytes = 0;  ///< of what was cut off; 0 where nobody says
};

/// Errors carry the kind that `classify_aws_error` gives. Nothing is retried in here but clock skew and an expired token,
/// once each.
class DynamoDbApi {
 public:
  virtual ~DynamoDbApi() = default;
  virtual void describe_table(const TableName& table, Done<TableDescription> done) = 0;
  /// Asks for the consumed capacity.
  virtual void scan(const ScanRequest& request, Done<ScanPage> done) = 0;
  /// The item of a key in DynamoDB JSON, as of a consistent read; nothing where there is none. `key`: `{"pk":{"S":"a"},…}`.
  virtual void get_item(const TableName& table, const std::string& key, Done<std::optional<std::string>> done) = 0;
  /// Switches the table's stream on. `refused` where it has one already.
  virtual void enable_stream(const TableName& table, StreamView view, Done<TableDescription> done) = 0;
};

}  // namespace ctk::aws
