// A time within which several calls are to answer, all together: somebody waits for what comes of them.
//
//   Deadline deadline(loop, clock, std::chrono::seconds(10));
//   api.describe(name, deadline.hold(std::move(done)));  // `done` hears of it by then, whatever the call does
#pragma once

#include <algorithm>
#include <memory>
#include <utility>

#include "base/done.h"
#include "base/event_loop.h"

namespace ctk {

/// Used on the loop, which outlives it, as the clock does.
class Deadline {
 public:
  Deadline(EventLoop& loop, Clock& clock, Duration time)
      : loop_(loop), clock_(clock), time_(time), end_(clock.monotonic() + time) {}

  Duration left() const { return std::max(end_ - clock_.monotonic(), Duration{}); }

  /// What gives `done` the call's answer, or `unreachable` at the deadline: whichever is first.
  template <class T>
  Done<T> hold(Done<T> done) const {
    auto held = std::make_shared<Done<T>>(std::move(done));
    auto give = [held](Result<T> answer) {
      if (*held) std::exchange(*held, nullptr)(std::move(answer));
    };
    loop_.after(left(),
                [give, time = time_] { give(fail(ErrorKind::unreachable, "no answer within " + format_duration(time))); });
    return give;
  }

 private:
  EventLoop& loop_;
  Clock& clock_;
  const Duration time_;
  const Duration end_;
};

}  // namespace ctk
