// What goes wrong on the way to a simulated service, as knobs. The draws come from the Random that is handed in.
#pragma once

#include <functional>
#include <string_view>

#include "base/random.h"
#include "base/time.h"
#include "sim/service_error.h"

namespace ctk::sim {

enum class ServiceName { kinesis, dynamodb, streams };

/// What a call is, as far as its faults go.
enum class CallKind { other, get_records, describe_stream };

/// Probabilities, 0 … 1, of one call's faults. Everything 0: a perfect day.
struct FaultKnobs {
  double throttled = 0;         ///< ProvisionedThroughputExceededException or LimitExceededException
  double server_error = 0;      ///< InternalFailure, status 500
  double denied = 0;            ///< AccessDeniedException
  double lost_request = 0;      ///< the connection breaks before the work is done
  double lost_answer = 0;       ///< the work is done, the answer is not seen
  double expired_iterator = 0;  ///< GetRecords: the iterator has died early
  double empty_page = 0;        ///< GetRecords: no records although some wait
  double racing_listing = 0;    ///< DescribeStream of DynamoDB Streams: a page that races with a roll (ListingFault)
  double cut_push = 0;          ///< SubscribeToShard: an event that breaks off in its middle
  double spoilt_push = 0;       ///< an event with a bit that is wrong
  double silent_push = 0;       ///< nothing more comes, and nothing ends
  double refused_push = 0;      ///< ResourceInUseException or InternalFailureException instead of an event
  double slow = 0;              ///< the answer takes `slow_by` longer
  Duration slow_by = std::chrono::seconds(2);
};

/// The knobs of a bad day (`mild`) and of a very bad one (`wild`), for services behind HTTP.
FaultKnobs mild_faults();
FaultKnobs wild_faults();

enum class Fault {
  none,
  throttled,
  server_error,
  denied,
  lost_request,
  lost_answer,
  expired_iterator,
  empty_page,
  early_child,
  late_child,
  missing_page,
};

/// One call's fate.
struct Fate {
  Fault fault = Fault::none;
  Duration delay{};  ///< on top of the usual way
};

/// What becomes of one event of a subscription.
enum class PushFault { none, cut, spoilt, silent, resource_in_use, internal_failure };
PushFault draw_push_fault(const FaultKnobs& knobs, Random& random);

/// What a person calls it: "lost answer".
std::string_view to_string(Fault fault);
std::string_view to_string(PushFault fault);

/// Is told of every fault that is injected: where ("GetRecords") and what ("lost answer").
using FaultObserver = std::function<void(std::string_view where, std::string_view what)>;

Fate draw_fate(const FaultKnobs& knobs, CallKind kind, Random& random);

/// Whether the service refuses in the place of working.
bool is_refusal(Fault fault);
/// That refusal, in the service's words.
ServiceError injected(Fault fault, ServiceName service);

}  // namespace ctk::sim
