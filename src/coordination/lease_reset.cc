#include "coordination/lease_reset.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "coordination/lease_scan.h"
#include "coordination/lease_table.h"
#include "coordination/lease_writes.h"

namespace ctk::coordination {
namespace {

constexpr Duration kLookEvery = std::chrono::seconds(1);

Error held_by(const aws::TableName& table, const std::set<WorkerName>& living) {
  std::vector<std::string> names;
  for (const WorkerName& name : living) names.push_back(name.str());
  return Error{ErrorKind::refused,
               fmt::format("workers hold leases of table '{}': {}", table.str(), fmt::join(names, ", ")), "",
               "stop them first"};
}

Task<Result<std::vector<Lease>>> read_without_holders(LeaseAccess access, aws::TableName table, LeaseSettings settings) {
  LeaseView view;
  for (;;) {
    const Duration sent = access.clock.monotonic();
    Result<std::vector<Lease>> leases = co_await read_leases_and_segments(access, table);
    if (!leases) co_return leases;
    view.scanned(*leases, sent, access.clock.monotonic());
    const std::set<WorkerName> living = living_holders(view);
    if (!living.empty()) co_return std::unexpected(held_by(table, living));
    if (!may_be_held(view, settings, access.clock.monotonic())) co_return leases;
    co_await access.tasks.pause(kLookEvery);
  }
}

/// False where somebody has changed the row since, or removed it.
Task<Result<bool>> remove_as_seen(LeaseAccess access, aws::TableName table, Lease lease) {
  const LeaseWrite removal = RemoveLease{lease.shard, lease.counter};
  const aws::ItemWrite write = to_item_write(removal, table_with_lease(table, lease.shard));
  Result<aws::WriteOutcome> outcome = co_await access.tasks.answer<aws::WriteOutcome>(
      [&](Done<aws::WriteOutcome> done) { access.writes.write_item(write, std::move(done)); });
  if (!outcome) co_return forward_error(std::move(outcome));
  co_return outcome->applied;
}

}  // namespace

Task<Result<std::vector<Lease>>> read_leases_and_segments(LeaseAccess access, aws::TableName table) {
  const BoundPage bound = [](Done<aws::ScanPage> done) { return done; };
  Result<std::vector<Lease>> leases = co_await read_leases(access.reads, table, access.tasks, access.log, bound);
  if (!leases) co_return leases;
  Result<std::vector<Lease>> segments =
      co_await read_leases(access.reads, load_lease_table_name(table), access.tasks, access.log, bound);
  // Whoever never loads with many workers has no such table, nor rights for it.
  const bool has_none =
      !segments && (segments.error().kind == ErrorKind::not_found || segments.error().kind == ErrorKind::denied);
  if (!segments && !has_none) co_return segments;
  if (segments) std::ranges::move(*segments, std::back_inserter(*leases));
  co_return leases;
}

Task<Result<size_t>> reset_leases(LeaseAccess access, aws::TableName table, LeaseSettings settings) {
  for (size_t removed = 0;;) {
    Result<std::vector<Lease>> leases = co_await read_without_holders(access, table, settings);
    if (!leases) co_return forward_error(std::move(leases));
    size_t changed = 0;
    for (const Lease& lease : *leases) {
      Result<bool> gone = co_await remove_as_seen(access, table, lease);
      if (!gone) co_return forward_error(std::move(gone));
      ++(*gone ? removed : changed);
    }
    if (changed == 0) co_return removed;
  }
}

}  // namespace ctk::coordination
