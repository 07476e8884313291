// The connections of one sink: each a Driver with an Executor of its own.
#pragma once

#include <algorithm>
#include <chrono>
#include <list>
#include <memory>
#include <utility>

#include "base/done.h"
#include "base/job_queue.h"
#include "sink/sql/driver.h"

namespace ctk::sink::sql {

/// Used on the loop; jobs run on a connection's own executor and may wait there for the database. When the connections go,
/// they are asked to stop and waited for, and nobody is told.
class ConnectionPool {
 public:
  void add(std::unique_ptr<Executor> executor, std::unique_ptr<Driver> driver) {
    connections_.emplace_back(std::move(executor), std::move(driver));
  }
  size_t size() const { return connections_.size(); }

  /// `job(Driver&)` gives a Result<T>; it runs on the least busy connection, connected as far as `reach` allows. Where the
  /// connection is lost it runs again at once, for a while: jobs are transactions that find out what was committed.
  template <class T, class Job>
  void run(Reach reach, Job job, Done<T> done) {
    run_at<T>(*std::ranges::min_element(connections_, {}, &Connection::pending), reach, Runs::again, std::move(job),
              std::move(done));
  }

  /// The same, always on the first connection, and once: a user's statements share a session.
  template <class T, class Job>
  void run_first(Reach reach, Job job, Done<T> done) {
    run_at<T>(connections_.front(), reach, Runs::once, std::move(job), std::move(done));
  }

  /// Disconnects every connection after what is under way.
  void close(Done<bool> done);

 private:
  struct Connection {
    Connection(std::unique_ptr<Executor> executor, std::unique_ptr<Driver> connection)
        : driver(std::move(connection)), jobs(std::move(executor)) {
      driver->heed(jobs.stop_token());
    }
    std::unique_ptr<Driver> driver;
    size_t pending = 0;
    JobQueue jobs;  // last: its jobs use the driver
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
  static void run_at(Connection& connection, Reach reach, Runs runs, Job job, Done<T> done) {
    ++connection.pending;
    connection.jobs.run([&driver = *connection.driver, reach, runs,
                         job = std::move(job)]() mutable -> Result<T> { return run_job<T>(driver, reach, runs, job); },
                        [&connection, done = std::move(done)](Result<T> result) mutable {
                          --connection.pending;
                          done(std::move(result));
                        });
  }

  std::list<Connection> connections_;
};

}  // namespace ctk::sink::sql
