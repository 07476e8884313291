// Enhanced fan-out of Kinesis Data Streams: shards whose records are pushed to a registered consumer. As types, and a seam
// like KinesisApi. Facts: AWS Kinesis API Reference, RegisterStreamConsumer and SubscribeToShard; docs/protocols.md.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/kinesis_api.h"

namespace ctk::aws {

struct StreamConsumer {
  std::string name;
  Arn arn;
  std::string status;  ///< CREATING, DELETING, ACTIVE
};

/// What is pushed: at least every few seconds one, without records where there are none.
struct ShardEvent {
  std::vector<KinesisRecord> records;
  /// Behind which a next subscription begins; nothing: the shard has ended, and `records` are its last.
  std::optional<SequenceNumber> continuation;
  std::vector<ChildShard> children;  ///< at the end of a shard; may be empty on emulators
  Duration behind_latest{};
  size_t bytes = 0;  ///< of its message
};

/// Who is told of a subscription, on the loop, never from inside `subscribe`. It may let the subscription go from inside.
class ShardListener {
 public:
  virtual ~ShardListener() = default;
  /// The service has taken it. `server_time`: of that answer.
  virtual void opened(Timestamp server_time) = 0;
  virtual void took(ShardEvent event) = 0;
  /// Nothing more comes: it was not taken, or is over. No error: the service has ended it, as it does after five minutes.
  virtual void ended(Status how) = 0;
};

/// One that is wanted or under way. Destroyed on the loop, or when it no longer runs: that breaks it off, and nobody is
/// told.
class ShardSubscription {
 public:
  virtual ~ShardSubscription() = default;
};

class FanOutApi {
 public:
  virtual ~FanOutApi() = default;
  virtual void describe_consumer(const Arn& stream, const std::string& name, Done<StreamConsumer> done) = 0;
  /// `unreachable` with ResourceInUseException from the peer where there is one of that name.
  virtual void register_consumer(const Arn& stream, const std::string& name, Done<StreamConsumer> done) = 0;
  /// The listener outlives the subscription, the interface too. Events are never held back: whoever has no room for more
  /// lets the subscription go.
  virtual std::unique_ptr<ShardSubscription> subscribe(const Arn& consumer, const ShardId& shard,
                                                       const IteratorStart& start, ShardListener& listener) = 0;
};

}  // namespace ctk::aws
