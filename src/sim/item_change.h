// A change of one item, and the records that tell of it: in DynamoDB Streams, and in a table's Kinesis stream.
// Sources of the records' forms: API reference of DynamoDB Streams (Record, StreamRecord); "Kinesis Data Streams for
// DynamoDB", DynamoDB Developer Guide; and records seen.
#pragma once

#include <optional>
#include <string>

#include "aws/dynamodb_api.h"
#include "aws/hash_key.h"
#include "base/time.h"
#include "sim/item.h"

namespace ctk::sim {

struct ItemChange {
  std::string table;
  std::string region;
  std::string event_id;  ///< a UUID
  Timestamp time{};
  Attributes key;
  aws::HashKey partition = 0;  ///< hash of the hash key
  std::optional<Attributes> before;
  std::optional<Attributes> after;
  bool by_ttl = false;  ///< the service removed it, as the record then says
};

/// A record for a Kinesis stream.
struct TableEvent {
  std::string partition_key;  ///< opaque, the same for all events of an item
  std::string record;         ///< JSON, in UTF-8
};

/// The record in the table's Kinesis stream, its time in microseconds.
TableEvent kinesis_event(const ItemChange& change);

/// The record in the table's own stream, as GetRecords shows it: with what `view` has of the item, its time in seconds.
std::string streams_record(const ItemChange& change, aws::StreamView view, const std::string& sequence);

/// "NEW_AND_OLD_IMAGES", …
const char* view_name(aws::StreamView view);
std::optional<aws::StreamView> parse_view(std::string_view name);

}  // namespace ctk::sim
