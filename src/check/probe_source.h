// Gathers what can be seen of a source at AWS by calls that change nothing.
#pragma once

#include <utility>

#include "base/deadline.h"
#include "base/task.h"
#include "check/source_sight.h"

namespace ctk::check {

/// Null where the command line has no use for it.
struct SourceApis {
  aws::KinesisApi* kinesis = nullptr;
  aws::FanOutApi* fan_out = nullptr;
  aws::DynamoDbApi* tables = nullptr;
  aws::DynamoDbStreamsApi* streams = nullptr;
  aws::TableSettings* settings = nullptr;
  aws::DynamoDbApi* leases = nullptr;  ///< where the lease tables are
};

/// Used on the loop, once; the interfaces outlive it.
class SourceProbe {
 public:
  /// `table`: whose settings are of interest, the source's or that of a Kinesis stream; may be empty. Whoever has not
  /// answered by the deadline counts as unreachable.
  SourceProbe(const SourceApis& apis, SourceNeeds needs, std::string table, const Deadline& deadline, EventLoop& loop)
      : apis_(apis),
        needs_(std::move(needs)),
        leases_(std::exchange(needs_.leases, {})),
        table_(std::move(table)),
        deadline_(deadline),
        tasks_(loop) {}

  /// What cannot be seen is in the sight as such; there are no errors.
  void run(Done<SourceSight> done);

 private:
  Task<Result<SourceSight>> look();
  Task<bool> look_at_kinesis();
  Task<bool> look_at_consumer(const aws::Arn& stream);
  Task<bool> look_at_table();
  Task<bool> look_at_table_stream();
  Task<bool> look_at_items();
  Task<bool> look_at_settings();
  Task<bool> look_at_leases(std::string name);
  /// What a call answers; one that is throttled is made again, a second later, while there is time.
  template <class T, class Call>
  Task<Result<T>> patiently(Call call);
  /// Notes what has come of a call, or why it was not made.
  void note(std::string_view action, const Error* error);
  void skip(std::string_view action, std::string why);
  /// The right of that action, as the policy has it.
  Permission permission(std::string_view action) const;

  SourceApis apis_;
  SourceNeeds needs_;
  std::vector<std::string> leases_;  ///< of the needs, which are the source's alone then
  std::string table_;
  const Deadline deadline_;
  SourceSight sight_;
  TaskGroup tasks_;  // last: its tasks use all of the above
};

}  // namespace ctk::check
