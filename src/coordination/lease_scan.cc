#include "coordination/lease_scan.h"

#include <algorithm>
#include <utility>

namespace ctk::coordination {
namespace {

constexpr size_t kLargestPage = 16u << 20;

bool names_holder(const Lease& lease) { return !lease.finished() && !lease.holder().empty(); }

}  // namespace

Task<Result<bool>> scan_items(aws::DynamoDbApi& reads, aws::TableName table, TaskGroup& tasks, BoundPage bound,
                              std::function<void(std::string_view item)> take) {
  aws::ScanRequest request{.table = std::move(table), .max_answer_bytes = kLargestPage, .consistent = false};
  for (;;) {
    Result<aws::ScanPage> page = co_await tasks.answer<aws::ScanPage>(
        [&](Done<aws::ScanPage> done) { reads.scan(request, bound(std::move(done))); });
    if (!page) co_return forward_error(std::move(page));
    std::ranges::for_each(page->items, take);
    if (!page->next_key) co_return true;
    request.start_key = std::move(*page->next_key);
  }
}

Task<Result<std::vector<Lease>>> read_leases(aws::DynamoDbApi& reads, aws::TableName table, TaskGroup& tasks, Log& log,
                                             BoundPage bound) {
  std::vector<Lease> leases;
  const std::function<void(std::string_view)> take = [&](std::string_view item) {
    Result<std::optional<Lease>> lease = read_lease(item);
    if (!lease) log.warn("passed over a row of the lease table", {{"reason", ctk::to_string(lease.error())}});
    if (lease && *lease) leases.push_back(std::move(**lease));
  };
  Result<bool> whole = co_await scan_items(reads, std::move(table), tasks, std::move(bound), take);
  if (!whole) co_return forward_error(std::move(whole));
  co_return leases;
}

std::set<WorkerName> living_holders(const LeaseView& view) {
  std::set<WorkerName> living;
  for (const auto& [shard, sight] : view.rows()) {
    if (names_holder(sight.lease) && sight.has_moved) living.insert(sight.lease.holder());
  }
  return living;
}

bool may_be_held(const LeaseView& view, const LeaseSettings& settings, Duration now) {
  return std::ranges::any_of(view.rows(), [&](const auto& row) {
    const LeaseView::Sight& sight = row.second;
    return names_holder(sight.lease) && now <= settings.expiry(sight.since);
  });
}

}  // namespace ctk::coordination
