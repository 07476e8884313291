// DynamoDB Streams: the calls this program makes, as types. Like KinesisApi, a seam at which a simulated AWS takes the real
// one's place. Source: Amazon DynamoDB Streams API Reference.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/dynamodb_api.h"
#include "aws/ids.h"
#include "aws/kinesis_api.h"
#include "base/done.h"
#include "base/time.h"
#include "json/shared_text.h"

namespace ctk::aws {

struct StreamsShard {
  ShardId id;
  std::optional<ShardId> parent;
  SequenceNumber first;
  std::optional<SequenceNumber> last;  ///< present once the shard is closed
  bool operator==(const StreamsShard&) const = default;
};

struct DescribeStreamRequest {
  Arn stream;
  std::optional<ShardId> after;        ///< `ExclusiveStartShardId`: the last shard of the page before
  std::optional<ShardId> children_of;  ///< `ShardFilter` CHILD_SHARDS: only this shard's children
};

struct StreamsDescription {
  Arn arn;
  TableName table;
  std::string status;   ///< ENABLING, ENABLED, DISABLING, DISABLED
  Timestamp created{};  ///< CreationRequestDateTime
  StreamView view = StreamView::new_and_old_images;
  std::vector<KeyAttribute> keys;  ///< names only: the API gives no types here (type stays 'S')
  std::vector<StreamsShard> shards;
  std::optional<ShardId> next;  ///< `LastEvaluatedShardId`: there is another page
  Timestamp server_time{};
};

struct StreamsRecord {
  SequenceNumber sequence;
  Timestamp time{};       ///< ApproximateCreationDateTime: whole seconds
  json::SharedText data;  ///< the record's own JSON, verbatim
};

struct StreamsPage {
  std::vector<StreamsRecord> records;
  std::optional<std::string> next_iterator;  ///< none: the shard has ended, and `records` are its last
  Timestamp server_time{};
  size_t answer_bytes = 0;
  /// The answer was longer than allowed: `records` are its first, and nothing else of it is known.
  bool cut_off = false;
};

/// Errors carry the kind that `classify_aws_error` gives; TrimmedDataAccessException is `gap`. An endpoint that does not
/// know `children_of` answers `refused`.
class DynamoDbStreamsApi {
 public:
  virtual ~DynamoDbStreamsApi() = default;
  virtual void describe_stream(const DescribeStreamRequest& request, Done<StreamsDescription> done) = 0;
  /// IteratorStart::Kind::at_timestamp does not exist here (`refused`).
  virtual void get_shard_iterator(const Arn& stream, const ShardId& shard, const IteratorStart& start,
                                  Done<std::string> done) = 0;
  /// `limit` 1 … 1,000. An answer longer than `max_answer_bytes` is cut off and becomes `too_large`; the iterator can be
  /// used again.
  virtual void get_records(const std::string& iterator, int limit, size_t max_answer_bytes, Done<StreamsPage> done) = 0;
};

}  // namespace ctk::aws
