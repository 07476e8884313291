// All leases of a table, and who of those that hold some was seen to be alive.
#pragma once

#include <functional>
#include <set>
#include <string_view>
#include <vector>

#include "aws/dynamodb_api.h"
#include "base/log.h"
#include "base/task.h"
#include "coordination/held_lease.h"
#include "coordination/lease_view.h"

namespace ctk::coordination {

/// Puts a bound to the wait for a page.
using BoundPage = std::function<Done<aws::ScanPage>(Done<aws::ScanPage>)>;

/// All items of a table, page by page, not consistently. What it is given outlives it.
Task<Result<bool>> scan_items(aws::DynamoDbApi& reads, aws::TableName table, TaskGroup& tasks, BoundPage bound,
                              std::function<void(std::string_view item)> take);

/// The same of a lease table; a row that is no lease is passed over. What it is given outlives it.
Task<Result<std::vector<Lease>>> read_leases(aws::DynamoDbApi& reads, aws::TableName table, TaskGroup& tasks, Log& log,
                                             BoundPage bound);

/// Those whose leases were renewed while the view watched. Pure.
std::set<WorkerName> living_holders(const LeaseView& view);
/// Whether some lease was not watched for long enough yet to say that its holder is gone. Pure.
bool may_be_held(const LeaseView& view, const LeaseSettings& settings, Duration now);

}  // namespace ctk::coordination
