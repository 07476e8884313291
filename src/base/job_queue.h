// Blocking work of one owner: the counterpart of a TaskGroup (task.h), whose work only waits.
#pragma once

#include <memory>
#include <stop_token>
#include <utility>

#include "base/event_loop.h"
#include "base/lifeline.h"

namespace ctk {

/// Jobs that run one after another on an executor of their own. Make it the last member of what they use, so that it goes
/// first: then the job under way is asked to stop and waited for, the others are dropped, and nobody is told of any.
///
///   jobs_.run([this] { return file_.read(jobs_.stop_token()); }, std::move(done));
///
/// Whatever may wait for long in a job, for a peer, a lock or a pipe, heeds the token (stop_bell.h): a job's end is what
/// the owner's end waits for. Used on the loop.
class JobQueue {
 public:
  /// `stop`: what is asked to stop, where something made before the queue is to heed it.
  explicit JobQueue(std::unique_ptr<Executor> executor, std::stop_source stop = std::stop_source())
      : stop_(std::move(stop)), executor_(std::move(executor)) {}
  JobQueue(const JobQueue&) = delete;
  JobQueue& operator=(const JobQueue&) = delete;
  ~JobQueue() {
    stop_.request_stop();
    executor_.reset();
  }

  /// `job()` elsewhere, then `done(value)` on the loop.
  template <class Job, class Done>
  void run(Job job, Done done) {
    run_on(*executor_, std::move(job), lifeline_.guard(std::move(done)));
  }

  /// Asked to stop when the queue goes.
  std::stop_token stop_token() const { return stop_.get_token(); }

 private:
  std::stop_source stop_;
  std::unique_ptr<Executor> executor_;
  Lifeline lifeline_;
};

}  // namespace ctk
