// The row by which the workers of the Kinesis Client Library 3 agree on who shares their leases out. Whoever takes part
// without its metrics gets nothing from that leader, and loses to it what it takes: beside a living one there is no place.
//
//   row = ownerName S, leaseDuration S (ms), recordVersionNumber S (new with each heartbeat), isReleased S?
//
// Source: seen in tables of versions 3.1 and 3.5 (testdata/): in the lease table itself, its key `leaseKey`, or in a table
// of its own beside it, NAME-CoordinatorState, its key `key`; the row's name is Leader.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/ids.h"
#include "base/time.h"
#include "coordination/position_store.h"

namespace ctk::coordination {

struct KclLeader {
  WorkerName owner;
  Duration lease{};     ///< so long it may be silent
  std::string version;  ///< another one with each sign of life
  bool operator==(const KclLeader&) const = default;
};

/// Nothing where the item is no such row, or was released.
std::optional<KclLeader> read_kcl_leader(std::string_view item);

/// Where the row may lie.
struct KclLeaderPlace {
  aws::TableName table;
  std::string key;  ///< DynamoDB JSON
};
KclLeaderPlace leader_in_lease_table(const aws::TableName& leases);
KclLeaderPlace leader_beside_lease_table(const aws::TableName& leases);

}  // namespace ctk::coordination
