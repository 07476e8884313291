// A clock that runs ahead of another one: faster, and by leaps when it is told to.
#pragma once

#include <atomic>

#include "base/time.h"

namespace ctk::sim {

class AcceleratedClock final : public Clock {
 public:
  /// `speed` 60: a minute of this clock in a second of the other one.
  AcceleratedClock(Clock& real, double speed) : real_(real), speed_(speed), start_(real.now()), begun_(real.monotonic()) {}

  Timestamp now() override { return start_ + monotonic(); }
  /// From 0 on.
  Duration monotonic() override {
    const double passed = static_cast<double>((real_.monotonic() - begun_).count()) * speed_;
    return Duration(static_cast<int64_t>(passed)) + Duration(leapt_.load());
  }
  /// From any thread.
  void leap(Duration by) { leapt_ += by.count(); }

 private:
  Clock& real_;
  double speed_;
  Timestamp start_;
  Duration begun_;
  std::atomic<int64_t> leapt_ = 0;
};

}  // namespace ctk::sim
