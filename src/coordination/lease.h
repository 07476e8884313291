// A row of a lease table in the form of Amazon's Kinesis Client Library, as a value, and its DynamoDB JSON. What such a row
// means to the client library is kept, so that a table serves both: it is read whole, made whole once, and changed by
// UpdateItem only (lease_writes.h), under which attributes that nobody here knows stay as they are.
//
//   row        = leaseKey S, leaseCounter N, checkpoint S, checkpointSubSequenceNumber N, entityType S?, leaseOwner S?,
//                checkpointOwner S?, ownerSwitchesSinceCheckpoint N, pendingCheckpoint S?,
//                pendingCheckpointSubSequenceNumber N?, pendingCheckpointState B?, parentShardId SS?, childShardIds SS?,
//                startingHashKey S?, endingHashKey S?, throughputKBps N?, streamName S?, shardId S?, ours…
//   checkpoint = "AT_TIMESTAMP" | "TRIM_HORIZON" | "LATEST" | digits | "SHARD_END"
//   ours       = ctkPosition S?, ctkReadTo N?, ctkEpoch N?, ctkIncarnation S?
//   entityType = "LEASE" | "CTK_SEGMENT"
//
// The second is a segment of a load: such rows lie in a table of their own, which the library never reads.
//
// Source: the library's documented table and what versions 2.7 and 3.5 were seen to write (testdata/). Ours are attributes
// of lease rows, which the library reads past; rows of an `entityType` other than LEASE are somebody else's.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordination/position_store.h"

namespace ctk::coordination {

/// How far a shard is stored, in the client library's words. Ordered as there: by kind, number, place in an aggregate.
struct Checkpoint {
  enum class Kind { at_timestamp, trim_horizon, latest, sequence, shard_end };
  Kind kind = Kind::trim_horizon;
  aws::SequenceNumber sequence{};  ///< its text is kept as it came
  int64_t sub_sequence = 0;        ///< of a record of an aggregate

  bool ended() const { return kind == Kind::shard_end; }
  std::strong_ordering operator<=>(const Checkpoint&) const = default;
  bool operator==(const Checkpoint&) const = default;
};

std::string to_string(const Checkpoint& checkpoint);  ///< without the place in an aggregate, which is its own attribute
Result<Checkpoint> parse_checkpoint(std::string_view text, int64_t sub_sequence);

/// A checkpoint that was announced and not made yet.
struct PendingCheckpoint {
  Checkpoint checkpoint;
  std::string state;  ///< base64; empty where the row has none, or (as one version writes it) no binary
  bool operator==(const PendingCheckpoint&) const = default;
};

struct HashRange {
  std::string start, end;  ///< decimal
  bool operator==(const HashRange&) const = default;
};

/// What is ours in a row: it says exactly what the checkpoint says in the library's words.
struct OwnProgress {
  std::string position;          ///< shards::to_string(Position)
  Timestamp read_to = kNoTime;   ///< as StoredPosition::read_to
  Epoch epoch = 0;               ///< 0: none
  Incarnation incarnation = {};  ///< empty: none
  bool operator==(const OwnProgress&) const = default;
};

struct Lease {
  aws::ShardId shard;           ///< leaseKey
  WorkerName owner;             ///< empty: nobody
  WorkerName checkpoint_owner;  ///< who still has it, while it is handed over to `owner`; else empty
  int64_t counter = 0;
  int64_t owner_switches = 0;
  Checkpoint checkpoint{};
  std::optional<PendingCheckpoint> pending{};
  std::vector<aws::ShardId> parents{}, children{};  ///< children: known from the shard's end on
  std::optional<HashRange> hash_range{};
  std::optional<double> throughput{};  ///< KB/s
  std::string stream{};                ///< of an application that reads several streams; else empty
  OwnProgress own{};

  bool finished() const { return checkpoint.ended(); }
  bool handed_over() const { return !checkpoint_owner.empty(); }
  /// Who reads the shard now.
  const WorkerName& holder() const { return handed_over() ? checkpoint_owner : owner; }
  bool operator==(const Lease&) const = default;
};

/// Reads an item; nothing where it is no lease. `corrupt` where it is one and lacks what every lease has.
Result<std::optional<Lease>> read_lease(std::string_view item);

/// The item of a new row.
std::string lease_item(const Lease& lease);

/// `["a","b"]` and such of a row, as UpdateItem takes them.
std::string text_value(std::string_view text);
std::string number_value(int64_t number);
std::string text_set_value(const std::vector<aws::ShardId>& shards);

/// The nearest that the client library has a word for: never behind `position`, so that whoever goes on by it may meet a
/// record again and misses none.
Checkpoint checkpoint_of(const Position& position);
/// Where a row says that reading resumes. What the library wrote is taken from the record itself on, which may be an
/// aggregate of which only a part was done. Nothing for LATEST and for a time that the row does not have: whoever starts
/// must know.
std::optional<Position> position_of(const Lease& lease);

}  // namespace ctk::coordination
