// The event that AWS Lambda hands a function for a batch of a stream. Pure.
//
//   event    = {"Records": [kinesis | dynamodb, …], …}
//   kinesis  = {"eventSource": "aws:kinesis", "eventSourceARN": stream, "eventID": shard ":" number,
//               "kinesis": {"sequenceNumber": number, "data": base64, "approximateArrivalTimestamp": seconds, …}, …}
//   dynamodb = {"eventSource": "aws:dynamodb", "eventSourceARN": stream, "dynamodb": {"SequenceNumber": number, …}, …}
//
// One of DynamoDB does not say which shard it is of; a mapping's batch is of one shard. Aggregates of the Kinesis Producer
// Library are records like others here. Source: "Using Lambda to process records from Amazon Kinesis Data Streams", "Using
// AWS Lambda with Amazon DynamoDB".
#pragma once

#include <string>
#include <vector>

#include "aws/ids.h"
#include "base/error.h"
#include "dynamodb/raw_record.h"

namespace ctk::engines {

/// The stream that a mapping reads.
struct MappedStream {
  enum class Service { kinesis, dynamodb } service = Service::kinesis;
  aws::Arn arn;

  auto operator<=>(const MappedStream&) const = default;
  /// The stream's own name, or that of the table whose stream it is; the ARN where it holds none.
  std::string name() const;
};

/// The records that an event has of one shard, in its order.
struct EventShard {
  MappedStream stream;
  aws::ShardId shard;  ///< empty where the records do not say
  std::vector<dynamodb::RawRecord> records;
};

/// In the order in which they first come in the event. `corrupt` where it is no JSON, or a record has no sequence number:
/// nobody could say which one failed; `refused` where it is no batch of a stream. A record whose content is broken is a
/// record. `text` gets spare capacity.
Result<std::vector<EventShard>> read_lambda_event(std::string& text);

/// The answer to a batch of which the records from these on are to be given again, the first of each shard; none: it is
/// done.
std::string batch_answer(const std::vector<aws::SequenceNumber>& failures);

}  // namespace ctk::engines
