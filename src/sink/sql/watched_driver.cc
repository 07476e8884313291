#include "sink/sql/watched_driver.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace ctk::sink::sql {
namespace {

/// Statements with texts of their own: whoever gave them may leave before a driver has done with them.
class KeptStatements {
 public:
  KeptStatements(KeptStatements&&) = default;
  explicit KeptStatements(std::span<const Statement> statements) : statements_(statements.begin(), statements.end()) {
    size_t size = 0;
    for (const Statement& each : statements_) {
      for (const Param& param : each.params) size += param.text.size() + 1;
    }
    texts_.reserve(size);
    for (Statement& each : statements_) {
      for (Param& param : each.params) param.text = keep(param.text);
    }
  }

  std::span<const Statement> all() const { return statements_; }

 private:
  std::string_view keep(std::string_view text) {
    const size_t begin = texts_.size();
    texts_.insert(texts_.end(), text.begin(), text.end());
    texts_.push_back('\0');
    return {texts_.data() + begin, text.size()};
  }

  std::vector<Statement> statements_;
  std::vector<char> texts_;  ///< never grown beyond what was reserved, and at one place even where this is moved
};

/// A thread that does one thing after another, and the driver that only it touches while it does. Shared with the thread:
/// who comes back from a call that was left finds it still there.
class Lane {
 public:
  explicit Lane(std::unique_ptr<Driver> driver) : driver_(std::move(driver)) {}

  Driver& driver() { return *driver_; }

  /// On the lane's thread, to its end.
  void serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return task_ || over_; });
      if (!task_) return;
      auto task = std::exchange(task_, nullptr);
      lock.unlock();
      task();
      lock.lock();
      // What it had been given is gone with whoever gave it: it must not look at anything any more.
      if (left_) changed_.wait(lock, [] { return false; });
      done_ = true;
      changed_.notify_all();
    }
  }

  /// False: it was left, some time after one of the requests.
  bool run(std::move_only_function<void()> task, const std::stop_token& all, const std::stop_token& one,
           Duration patience) {
    std::unique_lock lock(mutex_);
    task_ = std::move(task);
    done_ = false;
    changed_.notify_all();
    const auto wake = [this] {
      const std::scoped_lock held(mutex_);
      changed_.notify_all();
    };
    lock.unlock();
    const std::stop_callback of_all(all, wake);
    const std::stop_callback of_one(one, wake);
    lock.lock();
    changed_.wait(lock, [&] { return done_ || all.stop_requested() || one.stop_requested(); });
    left_ = !done_ && !changed_.wait_for(lock, patience, [&] { return done_; });
    if (left_) task_ = nullptr;  // where the thread has not come to it yet, it does not do it behind everyone's back
    return !left_;
  }

  void end() {
    const std::scoped_lock lock(mutex_);
    over_ = true;
    changed_.notify_all();
  }

  bool is_left() const { return left_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::move_only_function<void()> task_;
  bool done_ = false, over_ = false, left_ = false;
  std::unique_ptr<Driver> driver_;
};

class WatchedDriver final : public Driver {
 public:
  WatchedDriver(std::function<std::unique_ptr<Driver>()> make, Duration patience)
      : make_(std::move(make)), patience_(patience) {
    begin();
  }
  ~WatchedDriver() override {
    // Taking leave of a server may hang, too.
    disconnect();
    end();
  }

  void heed(const std::stop_token& stop) override {
    stop_ = stop;
    lane_->driver().heed(stop);
  }

  Status connect(Reach reach) override {
    if (lane_->is_left()) begin();
    return call<Status>([reach](Driver& driver) { return driver.connect(reach); }, {},
                        [](Error error) { return Status(std::unexpected(std::move(error))); });
  }
  void disconnect() override {
    if (lane_->is_left()) return;
    (void)call<Status>(
        [](Driver& driver) {
          driver.disconnect();
          return Status{};
        },
        {}, [](Error error) { return Status(std::unexpected(std::move(error))); });
  }

  SqlResult<std::vector<Answer>> run(std::span<const Statement> statements) override {
    return call<SqlResult<std::vector<Answer>>>(
        [kept = KeptStatements(statements)](Driver& driver) { return driver.run(kept.all()); }, {},
        [](Error error) {
          return SqlResult<std::vector<Answer>>(std::unexpected(Failure{Scope::lost, std::move(error)}));
        });
  }
  using Driver::run;

  Result<ResultSet> query(const Query& query) override {
    // The lane has a text of its own: it may be left.
    return call<Result<ResultSet>>([query](Driver& driver) { return driver.query(query); }, query.stop,
                                   [](Error error) { return Result<ResultSet>(std::unexpected(std::move(error))); });
  }

  bool connection_is_lost() const override { return lane_->is_left() || lane_->driver().connection_is_lost(); }
  bool take_smaller_steps() override { return !lane_->is_left() && lane_->driver().take_smaller_steps(); }
  std::string file() const override { return lane_->is_left() ? "" : lane_->driver().file(); }
  bool in_transaction() const override { return !lane_->is_left() && lane_->driver().in_transaction(); }

 private:
  void begin() {
    end();
    lane_ = std::make_shared<Lane>(make_());
    lane_->driver().heed(stop_);
    thread_ = std::thread([lane = lane_] { lane->serve(); });
  }
  void end() {
    if (!thread_.joinable()) return;
    if (lane_->is_left()) return thread_.detach();
    lane_->end();
    thread_.join();
  }

  template <class T, class Work, class Failed>
  T call(Work work, const std::stop_token& one, Failed failed) {
    const Error left{ErrorKind::stopped, "the database's driver does not come back, and is left", "", ""};
    if (lane_->is_left()) return failed(left);
    auto answer = std::make_shared<std::optional<T>>();
    auto task = [lane = lane_, answer, work = std::move(work)]() mutable { answer->emplace(work(lane->driver())); };
    return lane_->run(std::move(task), stop_, one, patience_) ? std::move(**answer) : failed(left);
  }

  std::function<std::unique_ptr<Driver>()> make_;
  Duration patience_;
  std::stop_token stop_;
  std::shared_ptr<Lane> lane_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Driver> make_watched_driver(std::function<std::unique_ptr<Driver>()> make, Duration patience) {
  return std::make_unique<WatchedDriver>(std::move(make), patience);
}

}  // namespace ctk::sink::sql
