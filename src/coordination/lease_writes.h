// The conditional writes by which workers share leases, as values, and the DynamoDB calls that they are. Each is safe
// beside the client library's own writes of the same row: whoever changes the holder or a holder's progress raises
// `leaseCounter` and writes only where it is the one that was read; whoever asks for a lease changes no counter.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "aws/dynamodb_writes_api.h"
#include "coordination/lease.h"

namespace ctk::coordination {

/// Makes a row where there is none.
struct CreateLease {
  Lease lease;
  bool operator==(const CreateLease&) const = default;
};

/// Makes `worker` the owner of the row as it was seen.
struct TakeLease {
  aws::ShardId shard;
  int64_t counter = 0;
  WorkerName worker;
  bool from_other = false;  ///< it is another worker's
  bool operator==(const TakeLease&) const = default;
};

/// What a holder stores of its progress.
struct LeaseProgress {
  Checkpoint checkpoint;
  OwnProgress own{};
  std::vector<aws::ShardId> children{};  ///< with the shard's end
  bool operator==(const LeaseProgress&) const = default;
};

/// Who has the lease afterwards.
enum class LeaseAfter {
  kept,         ///< it was renewed
  released,     ///< nobody
  handed_over,  ///< whoever asked for it
};

/// By the holder: renews the lease, and stores progress with it, or lets it go.
struct HoldLease {
  aws::ShardId shard;
  int64_t counter = 0;
  WorkerName worker;
  LeaseAfter after = LeaseAfter::kept;
  WorkerName asked_by = {};  ///< who has asked for it, as far as known; a request that is not known is an obstacle
  std::optional<LeaseProgress> progress{};
  std::optional<double> throughput{};  ///< KB/s, for a leader who compares workers by it
  bool operator==(const HoldLease&) const = default;
};

/// Asks `owner` to hand the lease over to `worker`, or takes that back.
struct AskForLease {
  aws::ShardId shard;
  WorkerName owner;
  WorkerName worker;
  bool withdrawn = false;
  bool operator==(const AskForLease&) const = default;
};

/// Removes the row of a finished shard.
struct RemoveLease {
  aws::ShardId shard;
  int64_t counter = 0;
  bool operator==(const RemoveLease&) const = default;
};

using LeaseWrite = std::variant<CreateLease, TakeLease, HoldLease, AskForLease, RemoveLease>;

const aws::ShardId& shard_of(const LeaseWrite& write);

aws::ItemWrite to_item_write(const LeaseWrite& write, const aws::TableName& table);
/// `{"leaseKey":{"S":"…"}}`
std::string lease_key(const aws::ShardId& shard);

/// What a row, read after the write was sent, says of it, where its answer was lost or its condition did not hold.
enum class WriteVerdict {
  applied,      ///< it is what this write made of it
  not_applied,  ///< it is as the write expected it: it may be sent again
  mine_since,   ///< HoldLease: another write of the same holder, sent before, went first: again, with the row's counter
  lost,         ///< somebody else has changed it
};
WriteVerdict judge(const TakeLease& write, const std::optional<Lease>& row);
WriteVerdict judge(const HoldLease& write, const std::optional<Lease>& row);
WriteVerdict judge(const AskForLease& write, const std::optional<Lease>& row);

}  // namespace ctk::coordination
