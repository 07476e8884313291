// The one loop on which all decisions happen, and the Executor that does everything else.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "base/time.h"

namespace ctk {

using Job = std::move_only_function<void()>;

/// Runs tasks one after another, on one thread. `post` may be called from any thread, the rest only from a job.
/// In production it sleeps between tasks; in the simulation it jumps on a virtual clock.
class EventLoop {
 public:
  using TimerId = uint64_t;  ///< 0 is never used

  virtual ~EventLoop() = default;
  virtual void post(Job job) = 0;
  virtual TimerId after(Duration delay, Job job) = 0;
  virtual void cancel(TimerId timer) = 0;
};

/// Does jobs away from the loop and brings their completion back to it as an event.
/// Jobs of one Executor run one after another, in the order of submission.
class Executor {
 public:
  virtual ~Executor() = default;
  /// `job` runs elsewhere, then `done` on the loop. Never blocks.
  virtual void submit(Job job, Job done) = 0;
};

/// A job with a value: `job()` elsewhere, then `done(value)` on the loop.
template <class Job, class Done>
void run_on(Executor& executor, Job job, Done done) {
  using Value = std::invoke_result_t<Job&>;
  auto slot = std::make_shared<std::unique_ptr<Value>>();
  executor.submit([job = std::move(job), slot]() mutable { *slot = std::make_unique<Value>(job()); },
                  [done = std::move(done), slot]() mutable { done(std::move(**slot)); });
}

/// The production loop: `run()` until `quit()`.
class ThreadLoop final : public EventLoop {
 public:
  explicit ThreadLoop(Clock& clock);
  ~ThreadLoop() override;

  void post(Job job) override;
  TimerId after(Duration delay, Job job) override;
  void cancel(TimerId timer) override;

  /// Runs tasks on the calling thread until quit() has been called; tasks still queued then are dropped.
  void run();
  /// From any thread; safe to call more than once.
  void quit();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// One thread of its own with a queue. The destructor finishes the running job, drops the others, and joins.
class ThreadExecutor final : public Executor {
 public:
  ThreadExecutor(EventLoop& loop, const char* thread_name);
  ~ThreadExecutor() override;
  void submit(Job job, Job done) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Runs the job at once and posts the completion: for tests and the simulation.
class InlineExecutor final : public Executor {
 public:
  explicit InlineExecutor(EventLoop& loop) : loop_(loop) {}
  void submit(Job job, Job done) override;

 private:
  EventLoop& loop_;
};

/// A loop on a virtual clock, single-threaded: `run_until_idle()` runs every job and jumps to the next timer until
/// neither is left or `limit` of virtual time has passed. It is also the Clock that belongs to it.
class VirtualLoop final : public EventLoop, public Clock {
 public:
  explicit VirtualLoop(Timestamp start);
  ~VirtualLoop() override;

  void post(Job job) override;
  TimerId after(Duration delay, Job job) override;
  void cancel(TimerId timer) override;
  Timestamp now() override;
  Duration monotonic() override;

  /// Returns true if it came to rest, false if the limit ended it.
  bool run_until_idle(Duration limit);
  /// Runs until `done()` is true, to rest, or to the limit; returns done().
  bool run_until(const std::function<bool()>& done, Duration limit);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ctk
