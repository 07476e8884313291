// Kinesis Data Streams: the calls this program makes, as types. This interface is the seam at which a simulated AWS takes
// the real one's place. Facts: AWS Kinesis API Reference; facts of limits in docs/protocols.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/hash_key.h"
#include "aws/ids.h"
#include "base/done.h"
#include "base/error.h"
#include "base/time.h"
#include "json/shared_text.h"

namespace ctk::aws {

struct StreamSummary {
  StreamName name;
  Arn arn;
  std::string status;  ///< CREATING, DELETING, ACTIVE, UPDATING
  Timestamp created{};
  Duration retention = std::chrono::hours(24);
  Timestamp server_time{};  ///< of the answer's Date header, or our clock where it has none
};

struct KinesisShard {
  ShardId id;
  std::vector<ShardId> parents;  ///< none, one (split), or two (merge)
  SequenceNumber first;
  std::optional<SequenceNumber> last;  ///< present once the shard is closed
  std::optional<HashKeyRange> keys{};  ///< nothing: an emulator that does not say
  bool operator==(const KinesisShard&) const = default;
};

struct ShardPage {
  std::vector<KinesisShard> shards;
  std::optional<std::string> next_token;
};

/// Where an iterator starts: the API's ShardIteratorType with what belongs to it.
struct IteratorStart {
  enum class Kind { trim_horizon, latest, at_timestamp, at_sequence, after_sequence };
  Kind kind = Kind::trim_horizon;
  SequenceNumber sequence;
  Timestamp time{};
};

struct KinesisRecord {
  SequenceNumber sequence;
  Timestamp arrival{};
  json::SharedText data;  ///< decoded bytes
};

struct ChildShard {
  ShardId id;
  std::vector<ShardId> parents;
  std::optional<HashKeyRange> keys{};
};

struct RecordPage {
  std::vector<KinesisRecord> records;
  std::optional<std::string> next_iterator;  ///< none: the shard has ended, and `records` are its last
  std::vector<ChildShard> children;          ///< given by AWS at the end of a shard; may be empty on emulators
  Duration behind_latest{};
  Timestamp server_time{};
  size_t answer_bytes = 0;
  /// The answer was longer than allowed: `records` are its first, and nothing else of it is known.
  bool cut_off = false;
};

/// All completions come on the loop, never from inside the call. Errors carry the kind that `classify_aws_error` gives;
/// nothing is retried in here but what needs no decision: clock skew and an expired token, once each.
class KinesisApi {
 public:
  virtual ~KinesisApi() = default;
  virtual void describe_stream(const StreamName& stream, Done<StreamSummary> done) = 0;
  /// The first page (no token) or a next one.
  virtual void list_shards(const StreamName& stream, const std::optional<std::string>& token, Done<ShardPage> done) = 0;
  virtual void get_shard_iterator(const StreamName& stream, const ShardId& shard, const IteratorStart& start,
                                  Done<std::string> done) = 0;
  /// Of an answer longer than `max_answer_bytes` the first records are given (RecordPage::cut_off); `too_large` where not
  /// even one is whole. The iterator can be used again.
  virtual void get_records(const std::string& iterator, int limit, size_t max_answer_bytes, Done<RecordPage> done) = 0;
  /// True: it is being created; false: it was there already.
  virtual void create_stream(const StreamName& stream, int shards, Done<bool> done) = 0;
};

}  // namespace ctk::aws
