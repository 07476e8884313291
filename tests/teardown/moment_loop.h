// A loop on a real thread that does something of the test's after its n-th job.
#pragma once

#include <cstdint>
#include <utility>

#include "base/event_loop.h"

namespace ctk::teardown {

class MomentLoop final : public EventLoop {
 public:
  explicit MomentLoop(Clock& clock) : loop_(clock) {}

  /// After `count` tasks from now on, or after `latest` where so many do not come.
  void at(uint64_t count, Duration latest, Job what) {
    left_ = count;
    what_ = std::move(what);
    loop_.after(latest, [this] { now(); });
  }

  void post(Job job) override { loop_.post(counted(std::move(job))); }
  TimerId after(Duration delay, Job job) override { return loop_.after(delay, counted(std::move(job))); }
  void cancel(TimerId timer) override { loop_.cancel(timer); }
  void run() { loop_.run(); }
  void quit() { loop_.quit(); }

 private:
  Job counted(Job job) {
    return [this, job = std::move(job)]() mutable {
      job();
      job = nullptr;
      if (left_ > 0 && --left_ == 0) now();
    };
  }
  void now() {
    if (what_) std::exchange(what_, nullptr)();
  }

  uint64_t left_ = 0;  ///< of the loop's thread, as all that follows
  Job what_;
  ThreadLoop loop_;
};

}  // namespace ctk::teardown
