// The rows by which the workers of the Kinesis Client Library 3 report what they bear: read, to tell who is at work where
// no leader is on record, as in the moments after one has left; and written, since their leader gives leases to those who
// report.
//
//   row = lut N (seconds since 1970, of the last report, one every 30 s), wid S or leaseKey S (the worker), sts M, opr M
//         (figures of the machine and their limits; empty: the worker is judged by what its leases carry), sup N, slu N
//         (the changes of the tables that the worker knows of, and when it said so), entityType S?, ours
//   ours = ctkWorker BOOL: a worker of this program has written it, which tells nothing of the library's
//
// Source: seen in tables of versions 3.1 and 3.5 (testdata/): in the lease table itself, entityType WORKER_METRIC_STATS, or
// in a table of its own beside it (kcl_place.h). A leader's row was seen to have a `lut`, too.
#pragma once

#include <map>
#include <string_view>

#include "aws/dynamodb_writes_api.h"
#include "base/time.h"
#include "coordination/kcl_place.h"
#include "coordination/position_store.h"

namespace ctk::coordination {

/// When each worker has reported last, by its own calendar.
using KclReports = std::map<WorkerName, Timestamp>;

inline constexpr Duration kKclReportEvery = std::chrono::seconds(30);
/// After so long without a report the library itself holds a worker for gone.
inline constexpr Duration kKclSilence = 2 * kKclReportEvery;

/// Nothing is added where the item is no such row, or a worker of this program's.
void add_kcl_report(std::string_view item, KclReports& reports);

/// The report of a worker of this program.
aws::ItemWrite report_to_kcl(const KclTables& tables, const WorkerName& worker, Timestamp now);
/// Takes it back: no lease is to be given to the worker any more.
aws::ItemWrite unreport_to_kcl(const KclTables& tables, const WorkerName& worker);

}  // namespace ctk::coordination
