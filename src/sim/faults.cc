#include "sim/faults.h"

namespace ctk::sim {
namespace {

Fault racing_listing(Random& random) {
  switch (random.below(3)) {
    case 0: return Fault::early_child;
    case 1: return Fault::late_child;
    default: return Fault::missing_page;
  }
}

}  // namespace

FaultKnobs mild_faults() {
  FaultKnobs knobs;
  knobs.throttled = knobs.server_error = knobs.lost_answer = knobs.slow = 0.01;
  knobs.empty_page = knobs.racing_listing = 0.05;
  knobs.cut_push = knobs.spoilt_push = knobs.refused_push = 0.01;
  knobs.slow_by = std::chrono::milliseconds(200);
  return knobs;
}

FaultKnobs wild_faults() {
  FaultKnobs knobs;
  knobs.throttled = 0.1;
  knobs.server_error = knobs.lost_request = knobs.lost_answer = knobs.slow = 0.05;
  knobs.expired_iterator = 0.02;
  knobs.empty_page = knobs.racing_listing = 0.3;
  knobs.cut_push = knobs.spoilt_push = knobs.refused_push = 0.05;
  knobs.silent_push = 0.01;
  knobs.slow_by = std::chrono::milliseconds(500);
  return knobs;
}

std::string_view to_string(Fault fault) {
  switch (fault) {
    case Fault::none: return "none";
    case Fault::throttled: return "throttled";
    case Fault::server_error: return "server error";
    case Fault::denied: return "denied";
    case Fault::lost_request: return "lost request";
    case Fault::lost_answer: return "lost answer";
    case Fault::expired_iterator: return "expired iterator";
    case Fault::empty_page: return "empty page";
    case Fault::early_child: return "child listed beside its open parent";
    case Fault::late_child: return "closed shard listed without its child";
    case Fault::missing_page: return "page missing from a listing";
  }
  return "";
}

Fate draw_fate(const FaultKnobs& knobs, CallKind kind, Random& random) {
  Fate fate;
  // Always the same number of draws a call, so that turning one knob leaves the others' fates alone.
  double dice = random.fraction();
  if (random.fraction() < knobs.slow) fate.delay = knobs.slow_by;
  const auto hits = [&](double probability) {
    if (dice < 0 || probability <= 0) return false;
    dice -= probability;
    return dice < 0;
  };
  if (hits(knobs.throttled)) {
    fate.fault = Fault::throttled;
  } else if (hits(knobs.server_error)) {
    fate.fault = Fault::server_error;
  } else if (hits(knobs.denied)) {
    fate.fault = Fault::denied;
  } else if (hits(knobs.lost_request)) {
    fate.fault = Fault::lost_request;
  } else if (hits(knobs.lost_answer)) {
    fate.fault = Fault::lost_answer;
  } else if (kind == CallKind::get_records && hits(knobs.expired_iterator)) {
    fate.fault = Fault::expired_iterator;
  } else if (kind == CallKind::get_records && hits(knobs.empty_page)) {
    fate.fault = Fault::empty_page;
  } else if (kind == CallKind::describe_stream && hits(knobs.racing_listing)) {
    fate.fault = racing_listing(random);
  }
  return fate;
}

PushFault draw_push_fault(const FaultKnobs& knobs, Random& random) {
  double dice = random.fraction();
  const bool busy = random.below(2) == 0;
  const auto hits = [&](double probability) { return dice >= 0 && (dice -= probability) < 0; };
  if (hits(knobs.cut_push)) return PushFault::cut;
  if (hits(knobs.spoilt_push)) return PushFault::spoilt;
  if (hits(knobs.silent_push)) return PushFault::silent;
  if (hits(knobs.refused_push)) return busy ? PushFault::resource_in_use : PushFault::internal_failure;
  return PushFault::none;
}

std::string_view to_string(PushFault fault) {
  switch (fault) {
    case PushFault::none: return "none";
    case PushFault::cut: return "event cut off";
    case PushFault::spoilt: return "spoilt event";
    case PushFault::silent: return "silent subscription";
    case PushFault::resource_in_use: return "subscription in use";
    case PushFault::internal_failure: return "subscription failed";
  }
  return "";
}

bool is_refusal(Fault fault) {
  return fault == Fault::throttled || fault == Fault::server_error || fault == Fault::denied ||
         fault == Fault::expired_iterator;
}

ServiceError injected(Fault fault, ServiceName service) {
  switch (fault) {
    case Fault::throttled:
      return {service == ServiceName::streams ? "LimitExceededException" : "ProvisionedThroughputExceededException",
              "Rate exceeded, by the simulation's choice.", 400};
    case Fault::denied: return {"AccessDeniedException", "Not authorized, by the simulation's choice.", 400};
    case Fault::expired_iterator: return {"ExpiredIteratorException", "Iterator expired, by the simulation's choice.", 400};
    default:
      return {service == ServiceName::kinesis ? "InternalFailure" : "InternalServerError",
              "The request processing has failed because of an unknown error.", 500};
  }
}

}  // namespace ctk::sim
