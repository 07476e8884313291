// The row by which the workers of the Kinesis Client Library 3 agree on who shares their leases out: he gives them to
// whoever reports (kcl_reports.h), and takes them back by a request, as a worker of ours would.
//
//   row = ownerName S, leaseDuration S (ms), recordVersionNumber S (new with each heartbeat), isReleased S?
//
// Source: seen in tables of versions 3.1 and 3.5 (testdata/); the row's name is Leader (kcl_place.h). Beside it stands the
// row Migration3.0, whose `cv` tells which version's rules the workers follow.
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
/// Whether a row Migration3.0 says that each worker takes leases by itself, as those of version 2 do, among whom it runs.
bool is_led_by_nobody(std::string_view item);

}  // namespace ctk::coordination
