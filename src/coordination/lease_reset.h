// Forgetting where shards stand: the rows of a lease table go, those of the load beside it too, once it is certain that
// nobody holds a lease.
#pragma once

#include <vector>

#include "aws/dynamodb_api.h"
#include "aws/dynamodb_writes_api.h"
#include "base/log.h"
#include "base/task.h"
#include "coordination/held_lease.h"

namespace ctk::coordination {

/// What it takes. All of it outlives the tasks.
struct LeaseAccess {
  aws::DynamoDbApi& reads;
  aws::DynamoDbWritesApi& writes;
  Clock& clock;
  Log& log;
  TaskGroup& tasks;
};

/// All leases of `table`, and of the table of the load beside it if there is one.
Task<Result<std::vector<Lease>>> read_leases_and_segments(LeaseAccess access, aws::TableName table);

/// Removes all rows, and says how many, once no worker was seen to renew one for the time to fail over. Where somebody
/// changes one meanwhile, all that is there is looked at once more: he may be a worker that has just come. Errors:
/// `refused`, with their names, where workers live; what the calls say.
Task<Result<size_t>> reset_leases(LeaseAccess access, aws::TableName table, LeaseSettings settings);

}  // namespace ctk::coordination
