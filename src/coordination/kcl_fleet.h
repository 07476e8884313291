// Takes part in a fleet of the Kinesis Client Library 3, where one is at work on the lease table: watches whether one is,
// and reports to its leader as its own workers do, so that he gives leases to this one, too. Which leases those are, the
// table's rows say.
//
// Lives and is called on the loop. It must not know of leases.
#pragma once

#include <functional>
#include <string>

#include "aws/dynamodb_api.h"
#include "aws/dynamodb_writes_api.h"
#include "base/log.h"
#include "base/task.h"
#include "coordination/kcl_presence.h"
#include "coordination/table_outage.h"

namespace ctk::coordination {

struct KclFleetOptions {
  aws::TableName leases;
  WorkerName worker;
  Duration call_limit;  ///< so long a call may take
  uint64_t seed = 0;    ///< of the pauses between tries
};

class KclFleet {
 public:
  /// `on_change`: whether their leader shares the leases out, told when that changes; not before the start is over.
  KclFleet(EventLoop& loop, Clock& clock, aws::DynamoDbApi& reads, aws::DynamoDbWritesApi& writes, Log& log,
           KclFleetOptions options, std::function<void(bool leads)> on_change)
      : loop_(loop),
        clock_(clock),
        reads_(reads),
        writes_(writes),
        log_(log),
        options_(std::move(options)),
        on_change_(std::move(on_change)),
        outage_(kKclSilence),
        tasks_(loop) {}

  /// Looks, until that has shown who is there, and joins them. `refused` where it may not report to them: it would never be
  /// given a lease. `unreachable` where nobody can be seen for a minute: to share by itself would be to guess.
  void start(Done<bool> done);
  bool leads() const { return leads_; }
  /// Its leader is to give no more leases to this worker: no row of it is left, also where it has not joined them yet.
  void stop(Done<bool> done);

 private:
  Task<Result<bool>> join();
  Task<bool> watch();
  Task<Result<bool>> look_first();
  Task<bool> look();
  /// What is not there, or may not be read, shows no signs.
  Task<Result<KclSigns>> look_at(KclPlace place);
  Task<Result<std::string>> item_at(aws::TableName table, std::string key);
  Task<Result<KclReports>> reports_at(aws::TableName table);
  /// What may not be read shows no signs, and is said, once of each table.
  void note_blindness(const aws::TableName& table, const Error& error);
  /// To all places that have something of theirs; the first error.
  Task<Result<bool>> report();
  Task<Result<bool>> leave();
  Task<Result<bool>> write(aws::ItemWrite write);
  void heed(const Result<bool>& reported);
  void note_change();

  Duration now() { return clock_.monotonic(); }
  template <class T>
  Done<T> in_time(Done<T> done);

  EventLoop& loop_;
  Clock& clock_;
  aws::DynamoDbApi& reads_;
  aws::DynamoDbWritesApi& writes_;
  Log& log_;
  KclFleetOptions options_;
  std::function<void(bool)> on_change_;
  KclPresence presence_;
  TableOutage outage_;               ///< of reports
  std::set<aws::TableName> unseen_;  ///< tables that may not be read, and of which that was said
  std::set<KclPlace> reported_;      ///< where a row of this worker may be
  Duration report_at_{};             ///< the next one
  bool leads_ = false, stopping_ = false;
  bool reporting_ = false;  ///< a report is on its way
  Done<bool> left_;         ///< who waits for that, and for its being taken back
  TaskGroup tasks_;
};

}  // namespace ctk::coordination
