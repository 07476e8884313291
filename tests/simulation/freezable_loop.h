// A process that is stopped for a while: its tasks and timers wait, the world's clock does not.
#pragma once

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/event_loop.h"

namespace ctk::simulation {

class FreezableLoop final : public EventLoop {
 public:
  explicit FreezableLoop(EventLoop& world) : world_(world) {}

  void post(Job task) override { start(Duration{}, std::move(task)); }
  TimerId after(Duration delay, Job task) override { return start(delay, std::move(task)); }
  void cancel(TimerId timer) override {
    const auto waiting = waiting_.find(timer);
    if (waiting != waiting_.end()) world_.cancel(waiting->second);
    waiting_.erase(timer);
    std::erase_if(held_, [timer](const auto& held) { return held.first == timer; });
  }

  bool frozen() const { return frozen_; }
  void freeze() { frozen_ = true; }
  /// What was due meanwhile happens now, in its order.
  void thaw() {
    frozen_ = false;
    while (!held_.empty() && !frozen_) {
      Job task = std::move(held_.front().second);
      held_.erase(held_.begin());
      task();
    }
  }

 private:
  TimerId start(Duration delay, Job task) {
    const TimerId id = ++last_;
    waiting_[id] = world_.after(delay, [this, id, task = std::move(task)]() mutable {
      waiting_.erase(id);
      if (frozen_) {
        held_.emplace_back(id, std::move(task));
      } else {
        task();
      }
    });
    return id;
  }

  EventLoop& world_;
  bool frozen_ = false;
  TimerId last_ = 0;
  std::map<TimerId, TimerId> waiting_;  ///< ours → the world's
  std::vector<std::pair<TimerId, Job>> held_;
};

/// The world's time on a machine whose calendar is wrong, and whose clock runs at a rate of its own.
class SkewedClock final : public Clock {
 public:
  /// `drift`: 0.001 of a clock that gains a millisecond a second.
  SkewedClock(Clock& world, Duration skew, double drift = 0) : world_(world), skew_(skew), drift_(drift) {}
  Timestamp now() override { return world_.now() + skew_; }
  Duration monotonic() override {
    const Duration time = world_.monotonic();
    return time + Duration(static_cast<int64_t>(drift_ * static_cast<double>(time.count())));
  }
  /// The calendar is set.
  void jump(Duration by) { skew_ += by; }

 private:
  Clock& world_;
  Duration skew_;
  double drift_;
};

}  // namespace ctk::simulation
