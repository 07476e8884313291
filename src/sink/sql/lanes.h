// The connections of one sink: each a Driver with an Executor of its own.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/event_loop.h"
#include "base/lifeline.h"
#include "coordination/position_store.h"
#include "sink/sql/driver.h"

namespace ctk::sink::sql {

using coordination::Done;

/// Used on the loop; jobs run on a lane's executor and may block there. What ends after the lanes have gone is not told.
class Lanes {
 public:
  void add(std::unique_ptr<Executor> executor, std::unique_ptr<Driver> driver) {
    lanes_.push_back({std::move(driver), std::make_shared<size_t>(0), std::move(executor)});
  }
  size_t size() const { return lanes_.size(); }

  /// `job(Driver&)` gives a Result<T>; it runs on the least busy lane, connected as far as `reach` allows.
  template <class T, class Job>
  void run(Reach reach, Job job, Done<T> done) {
    size_t best = 0;
    for (size_t i = 1; i < lanes_.size(); ++i) {
      if (*lanes_[i].pending < *lanes_[best].pending) best = i;
    }
    run_at<T>(best, reach, std::move(job), std::move(done));
  }

  /// The same, always on the first lane: a user's statements share a session.
  template <class T, class Job>
  void run_first(Reach reach, Job job, Done<T> done) {
    run_at<T>(0, reach, std::move(job), std::move(done));
  }

  /// Disconnects every lane after what is under way.
  void close(Done<bool> done);

 private:
  struct Lane {
    std::unique_ptr<Driver> driver;
    std::shared_ptr<size_t> pending;
    std::unique_ptr<Executor> executor;  // last, so that it is joined before its driver goes
  };

  template <class T, class Job>
  void run_at(size_t index, Reach reach, Job job, Done<T> done) {
    Lane& lane = lanes_[index];
    ++*lane.pending;
    run_on(
        *lane.executor,
        [driver = lane.driver.get(), reach, job = std::move(job)]() mutable -> Result<T> {
          if (Status connected = driver->connect(reach); !connected) return forward_error(std::move(connected));
          return job(*driver);
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
