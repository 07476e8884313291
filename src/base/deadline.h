// A time within which several calls are to answer, all together: somebody waits for what comes of them.
//
//   Deadline deadline(loop, clock, std::chrono::seconds(10), "the service");
//   api.describe(name, deadline.hold(std::move(done)));  // `done` hears of it by then, whatever the call does
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/done.h"
#include "base/event_loop.h"

namespace ctk {

/// Used on the loop, which outlives it and what it holds, as the clock does.
class Deadline {
 public:
  /// `whose` answer is waited for, in words for the error: "the lease table". Empty where several are asked.
  Deadline(EventLoop& loop, Clock& clock, Duration time, std::string whose = "")
      : loop_(loop), clock_(clock), time_(time), end_(clock.monotonic() + time), whose_(std::move(whose)) {}

  Duration left() const { return std::max(end_ - clock_.monotonic(), Duration{}); }

  /// What gives `done` the call's answer, or `unreachable` at the deadline: whichever is first. `done` is guarded by
  /// whoever may be gone by then.
  template <class T>
  Done<T> hold(Done<T> done) const {
    struct Race {
      Done<T> done;
      EventLoop::TimerId timer = 0;
    };
    auto race = std::make_shared<Race>(Race{std::move(done)});
    race->timer = loop_.after(left(), [race, late = late()]() mutable {
      if (auto waiting = std::exchange(race->done, nullptr)) waiting(std::unexpected(std::move(late)));
    });
    return [&loop = loop_, race](Result<T> answer) {
      auto waiting = std::exchange(race->done, nullptr);
      if (!waiting) return;
      loop.cancel(race->timer);
      waiting(std::move(answer));
    };
  }

 private:
  Error late() const {
    const std::string silence = whose_.empty() ? "no answer" : whose_ + " gave no answer";
    return {ErrorKind::unreachable, silence + " within " + format_duration(time_), "", ""};
  }

  EventLoop& loop_;
  Clock& clock_;
  const Duration time_;
  const Duration end_;
  const std::string whose_;
};

}  // namespace ctk
