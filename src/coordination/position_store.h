// Where positions are kept, and the rules for moving them. The stores: memory (memory_store.h), leases (leased_shards.h),
// each target's own (sink/), what an engine or a recording keeps (engines/, record/).
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "aws/ids.h"
#include "base/done.h"
#include "base/error.h"
#include "base/time.h"
#include "shards/position.h"

namespace ctk::coordination {

using RelayName = Named<struct RelayNameTag>;    ///< "kinesis:cdc-stream@testdrive.demo"
using WorkerName = Named<struct WorkerNameTag>;  ///< unique to a process: "host/4711/5f3a9c"
/// Which life of a source: ARN and creation time, "arn:…/2026-11-22T03:32:55Z". Another one's positions are never reused.
using Incarnation = Named<struct IncarnationTag>;
using shards::Position;

/// A shard's: raised by whoever takes it. Only the newest holder moves it.
using Fence = int64_t;
constexpr Fence kAnyFence = std::numeric_limits<Fence>::max();
/// The table's epoch, 1 … 99,999,999; `EEEEEEEE` in a version. 0 in a row of `ctk_positions` that was written before its
/// relay had a table.
using Epoch = uint32_t;

/// One row of `ctk_positions`.
struct StoredPosition {
  aws::ShardId shard;
  Position position;
  Incarnation incarnation;
  Epoch epoch = 1;
  /// Server's time up to which the shard was read without a hole and everything read is acknowledged; kNoTime at first.
  Timestamp read_to = kNoTime;
  Fence fence = 0;
  WorkerName worker;
  Timestamp updated = kNoTime;
  bool operator==(const StoredPosition&) const = default;
};

/// A shard that gets a row: at start, or when its parent's end is stored.
struct NewShard {
  aws::ShardId shard;
  Position position;
  bool operator==(const NewShard&) const = default;
};

/// A step forward of one shard, by whoever holds it under `fence`: a compare-and-set on (from, fence) where the store has
/// transactions.
struct PositionMove {
  aws::ShardId shard;
  Position from;
  Position to;
  Timestamp read_to = kNoTime;
  std::vector<NewShard> children;  ///< rows that must exist with, or before, this shard's end; under its fence
  Fence fence = 0;
  bool operator==(const PositionMove&) const = default;
};

/// A shard that is read again from an earlier place, because an epoch began.
struct Rewind {
  aws::ShardId shard;
  Position position;
  Timestamp read_to = kNoTime;
  bool operator==(const Rewind&) const = default;
};

struct AcquireRequest {
  RelayName relay;
  WorkerName worker;
  Incarnation incarnation;
  std::vector<NewShard> shards;  ///< rows to make where there are none
  bool forget = false;           ///< `--reset`: drop the relay's rows first
  Epoch epoch = 1;
  std::vector<Rewind> rewound = {};        ///< rows that go back, finished ones too; before the fence is raised
  std::vector<aws::ShardId> dropped = {};  ///< rows that are no longer needed: segments of older loads
  /// Where many workers share the relay's shards: the only ones that are taken; the rows of others are made and left alone.
  /// Each keeps its epoch, in which it was written last. Nothing: all that are unfinished. Only stores with transactions,
  /// those in memory and leases know of it.
  std::optional<std::vector<aws::ShardId>> only = {};
  bool takes(const aws::ShardId& shard) const;
};

struct Acquired {
  Fence fence = 0;
  /// All rows of the relay, after the acquisition; of leases that are all there is, those that it is about.
  std::vector<StoredPosition> positions;
};

/// Completions come on the loop while the store lives, and not afterwards. Errors: `fenced`
/// (shards of the call are another worker's now, whom the message names with its time; read() says which), `unreachable`,
/// `denied`, `mismatch`.
class PositionStore {
 public:
  virtual ~PositionStore() = default;

  /// Reads the relay's rows without changing them.
  virtual void read(const RelayName& relay, Done<std::vector<StoredPosition>> done) = 0;

  /// Makes the missing rows, raises the fence of all unfinished rows (or of `only` some) above every fence of the relay,
  /// and reads all of them, in one transaction where the target has them. After it, older acquisitions of the same rows
  /// cannot write.
  virtual void acquire(const AcquireRequest& request, Done<Acquired> done) = 0;

  /// Makes rows for shards found later, under an acquisition that is held.
  virtual void add(const RelayName& relay, Fence fence, std::vector<NewShard> shards, Done<bool> done) = 0;

  /// Moves positions outside of a batch, all or none (leases that are all there is: each by itself, so that a part may be
  /// stored where it fails): targets without transactions, ends of empty shards, `read_to` of idle
  /// ones.
  virtual void move(const RelayName& relay, std::vector<PositionMove> moves, Done<bool> done) = 0;

  /// Deletes the rows of such of these shards as are finished, under an acquisition that is held (kAnyFence: or under none,
  /// where nobody holds all of the relay's shards); tells how many.
  virtual void remove_finished(const RelayName& relay, Fence fence, std::vector<aws::ShardId> shards,
                               Done<size_t> done) = 0;

  /// Names of the relays that have rows.
  virtual void relays(Done<std::vector<RelayName>> done) = 0;
  /// Deletes rows: all of a relay, or only its finished shards.
  virtual void remove(const RelayName& relay, bool finished_only, Done<size_t> done) = 0;
};

/// `fenced`, in the words of the interface: "relay R was taken over by worker W at T".
Error fenced_error(const RelayName& relay, const WorkerName& by, Timestamp at);
/// `mismatch`: stored positions of another incarnation are never reused. The caller adds the command with --reset.
Error incarnation_error(const RelayName& relay, const Incarnation& stored, const Incarnation& wanted);

}  // namespace ctk::coordination
