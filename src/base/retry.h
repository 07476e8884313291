// How long to wait before the next try: exponential back-off with full jitter, within a budget. Pure.
#pragma once

#include <optional>

#include "base/random.h"
#include "base/time.h"

namespace ctk {

struct RetryPolicy {
  Duration first = std::chrono::milliseconds(100);
  Duration longest = std::chrono::seconds(30);
  /// From the first failure on; none means for ever.
  std::optional<Duration> budget;
};

/// The state of one series of tries. `failed()` gives the pause before the next try, or nothing when the budget is used up.
class Retry {
 public:
  explicit Retry(RetryPolicy policy) : policy_(policy) {}

  /// `now` is monotonic time. The pause lies between half of and the whole current step, which doubles with each failure;
  /// it is cut to what is left of the budget, so that the last try falls on its end.
  std::optional<Duration> failed(Duration now, Random& random);
  void succeeded() { *this = Retry(policy_); }

  int failures() const { return failures_; }
  /// Monotonic time of the first failure of this series; nothing while all is well.
  std::optional<Duration> failing_since() const { return since_; }

 private:
  RetryPolicy policy_;
  int failures_ = 0;
  std::optional<Duration> since_;
};

}  // namespace ctk
