// The connections of one sink: each a Driver with an Executor of its own.
#pragma once

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "base/event_loop.h"
#include "base/lifeline.h"
#include "coordination/position_store.h"
#include "sink/sql/driver.h"

namespace ctk::sink::sql {

/// Used on the loop; jobs run on a lane's executor and may block there. What ends after the lanes have gone is not told.
class Lanes {
 public:
  void add(std::unique_ptr<Executor> executor, std::unique_ptr<Driver> driver) {
    lanes_.push_back({std::move(driver), std::make_shared<size_t>(0), std::move(executor)});
  }
  size_t size() const { return lanes_.size(); }

  /// `job(Driver&)` gives a Result<T>; it runs on the least busy lane, connected as far as `reach` allows. Where the
  /// connection is lost it runs again at once, for a while: jobs are transactions that find out what was committed.
  template <class T, class Job>
  void run(Reach reach, Job job, Done<T> done) {
    size_t best = 0;
    for (size_t i = 1; i < lanes_.size(); ++i) {
      if (*lanes_[i].pending < *lanes_[best].pending) best = i;
    }
    run_at<T>(best, reach, Runs::again, std::move(job), std::move(done));
  }

  /// The same, always on the first lane, and once: a user's statements share a session.
  template <class T, class Job>
  void run_first(Reach reach, Job job, Done<T> done) {
    run_at<T>(0, reach, Runs::once, std::move(job), std::move(done));
  }

  /// Disconnects every lane after what is under way.
  void close(Done<bool> done);

 private:
  struct Lane {
    std::unique_ptr<Driver> driver;
    std::shared_ptr<size_t> pending;
    std::unique_ptr<Executor> executor;  // last, so that it is joined before its driver goes
  };

  enum class Runs { once, again };

  /// Connections that break at random are seldom refused so often in a row; what is, or takes long, is an outage, for the
  /// caller to wait out.
  static constexpr int kMostRefused = 20;
  static constexpr std::chrono::seconds kQuickly{2};

  template <class T, class Job>
  static Result<T> run_job(Driver& driver, Reach reach, Runs runs, Job& job) {
    const auto start = std::chrono::steady_clock::now();
    for (int refused = 0;;) {
      Status connected = driver.connect(reach);
      refused = connected ? 0 : refused + 1;
      Result<T> result = connected ? job(driver) : Result<T>(forward_error(std::move(connected)));
      const bool worth_it = !result && result.error().kind == ErrorKind::unreachable && driver.connection_is_lost();
      const bool in_time = std::chrono::steady_clock::now() - start < kQuickly;
      if (!worth_it || runs == Runs::once || refused >= kMostRefused || !in_time) return result;
    }
  }

  template <class T, class Job>
  void run_at(size_t index, Reach reach, Runs runs, Job job, Done<T> done) {
    Lane& lane = lanes_[index];
    ++*lane.pending;
    run_on(
        *lane.executor,
        [driver = lane.driver.get(), reach, runs, job = std::move(job)]() mutable -> Result<T> {
          return run_job<T>(*driver, reach, runs, job);
        },
        lifeline_.guard([pending = lane.pending, done = std::move(done)](Result<T> result) mutable {
          --*pending;
          done(std::move(result));
        }));
  }

  std::vector<Lane> lanes_;
  Lifeline lifeline_;
};

}  // namespace ctk::sink::sql
