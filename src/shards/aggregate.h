// Records that the Kinesis Producer Library has packed into one, taken apart. Pure.
//
//   aggregate = F3 89 9A C2, message, MD5(message)
//   message   = AggregatedRecord { repeated string partition_key_table = 1; repeated string explicit_hash_key_table = 2;
//                                  repeated Record records = 3; }
//   Record    = { required uint64 partition_key_index = 1; optional uint64 explicit_hash_key_index = 2;
//                 required bytes data = 3; repeated Tag tags = 4; }
//
// Source: "KPL aggregated record format" (aggregation-format.md of amazon-kinesis-producer). The protocol buffers are read
// by a reader of our own: it is three messages of two wire types, and reads in place, which libprotobuf would not.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "aws/hash_key.h"

namespace ctk::shards {

/// A record out of an aggregate; its place is its index there.
struct SubRecord {
  std::string_view data;  ///< in the aggregate's text
  /// By which it belongs to a shard: its explicit hash key, else that of its partition key. Nothing where it names one that
  /// its aggregate does not have, or that is none.
  std::optional<aws::HashKey> key;
};

/// Why a record without a key is none.
inline constexpr std::string_view kNoSuchKey = "it names a key that its aggregate does not have";

/// In the aggregate's order, at least one. Nothing where `record` is no aggregate, or not a valid one: it is a record like
/// all others then. As in protocol buffers, fields that are not known are passed over; groups, which nobody writes any
/// more, make it invalid.
std::optional<std::vector<SubRecord>> take_apart(std::string_view record);

}  // namespace ctk::shards
