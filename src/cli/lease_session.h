// A lease table for commands that ask and wait: positions, show table.
#pragma once

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "aws/dynamodb_api.h"
#include "aws/dynamodb_writes_api.h"
#include "base/event_loop.h"
#include "base/task.h"
#include "cli/report_text.h"
#include "cli/wired_aws.h"
#include "coordination/lease_reset.h"

namespace ctk::cli {

/// Runs its calls' loop on a thread of its own; each call waits for its answer. Used from one thread.
class LeaseSession {
 public:
  /// The table that a command line names by --lease-table.
  static std::optional<std::string> table_of(const FlagValues& flags);
  /// `source`: a stream's URL, which says where DynamoDB is and who asks; nothing: as `flags` and the environment say.
  static Result<std::unique_ptr<LeaseSession>> open(const std::string& table, const std::optional<std::string>& source,
                                                    const FlagValues& flags, World& world);
  ~LeaseSession();
  LeaseSession(const LeaseSession&) = delete;
  LeaseSession& operator=(const LeaseSession&) = delete;

  Result<std::vector<coordination::Lease>> leases();
  /// The leases as positions are shown, under the table's name.
  Result<RelayRows> positions();
  /// Removes all of them, once no worker was seen to renew one for --failover-time. `refused`, with their names, where some
  /// live.
  Result<size_t> reset();

 private:
  LeaseSession(aws::TableName table, const aws::ServiceEndpoint& tables, Duration failover, World& world);
  void begin(std::unique_ptr<WiredAws> aws);

  coordination::LeaseAccess access();

  template <class T, class Make>
  Result<T> wait(Make make) {
    std::promise<Result<T>> promise;
    loop_.post([&] { tasks_.spawn(make(), [&promise](Result<T> result) { promise.set_value(std::move(result)); }); });
    return promise.get_future().get();
  }

  World& world_;
  aws::TableName table_;
  aws::ServiceEndpoint tables_at_;
  coordination::LeaseSettings settings_;
  ThreadLoop loop_;
  std::unique_ptr<WiredAws> aws_;
  std::unique_ptr<aws::DynamoDbApi> reads_;
  std::unique_ptr<aws::DynamoDbWritesApi> writes_;
  TaskGroup tasks_;
  std::thread thread_;
};

}  // namespace ctk::cli
