#include "sim/faults.h"

namespace ctk::sim {

std::string_view to_string(Fault fault) {
  switch (fault) {
    case Fault::none: return "none";
    case Fault::throttled: return "throttled";
    case Fault::server_error: return "server error";
    case Fault::lost_request: return "lost request";
    case Fault::lost_answer: return "lost answer";
    case Fault::expired_iterator: return "expired iterator";
    case Fault::empty_page: return "empty page";
  }
  return "";
}

Fate draw_fate(const FaultKnobs& knobs, bool is_get_records, Random& random) {
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
  } else if (hits(knobs.lost_request)) {
    fate.fault = Fault::lost_request;
  } else if (hits(knobs.lost_answer)) {
    fate.fault = Fault::lost_answer;
  } else if (is_get_records && hits(knobs.expired_iterator)) {
    fate.fault = Fault::expired_iterator;
  } else if (is_get_records && hits(knobs.empty_page)) {
    fate.fault = Fault::empty_page;
  }
  return fate;
}

}  // namespace ctk::sim
