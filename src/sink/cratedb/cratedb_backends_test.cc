#include "sink/cratedb/cratedb_backends_test.h"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <map>
#include <mutex>

#include "net/curl_client.h"
#include "sink/conformance_history_test.h"
#include "sink/cratedb/cratedb_sink.h"
#include "sink/cratedb/statements.h"

namespace ctk::sink::testing {
namespace {

/// A loop that a test drives step by step while an HTTP client's thread posts to it. Its timers run out as steps are made.
class TestLoop final : public EventLoop {
 public:
  void post(Job job) override {
    {
      const std::lock_guard lock(mutex_);
      posted_.push_back(std::move(job));
    }
    wake_.notify_one();
  }
  TimerId after(Duration delay, Job job) override {
    timers_.emplace(++last_timer_, Timer{clock_.monotonic() + delay, std::move(job)});
    return last_timer_;
  }
  void cancel(TimerId id) override { timers_.erase(id); }

  bool run_until(const std::function<bool()>& done, std::chrono::seconds patience) {
    const Duration end = clock_.monotonic() + patience;
    while (!done()) {
      run_due_timers();
      std::unique_lock lock(mutex_);
      const Duration now = clock_.monotonic();
      if (now >= end) return false;
      if (!wake_.wait_for(lock, until_next(now, end), [this] { return !posted_.empty(); })) continue;
      Job job = std::move(posted_.front());
      posted_.pop_front();
      lock.unlock();
      job();
    }
    return true;
  }

 private:
  struct Timer {
    Duration due;
    Job job;
  };

  void run_due_timers() {
    const Duration now = clock_.monotonic();
    while (true) {
      const auto due = std::ranges::find_if(timers_, [&](const auto& timer) { return timer.second.due <= now; });
      if (due == timers_.end()) return;
      Job job = std::move(due->second.job);
      timers_.erase(due);
      job();
    }
  }

  Duration until_next(Duration now, Duration end) const {
    for (const auto& [id, timer] : timers_) end = std::min(end, timer.due);
    return std::max(end - now, Duration(0));
  }

  SystemClock clock_;
  std::map<TimerId, Timer> timers_;
  TimerId last_timer_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> posted_;
};

/// The suite compares times exactly: they stand still, at the moment of the test.
class StillClock final : public Clock {
 public:
  Timestamp now() override { return now_; }
  Duration monotonic() override { return Duration(0); }

 private:
  Timestamp now_ = SystemClock().now();
};

/// What both have in common: names and SQL.
class CrateBackend : public Backend {
 public:
  table::Target kind() const override { return table::Target::cratedb; }
  std::string quoted(const table::QualifiedName& name) const override { return cratedb::quote_name(name); }
  std::string select_rows(const table::TableSpec& spec) const override {
    std::string sql = "SELECT ";
    for (const table::KeyColumn& key : spec.keys) sql += cratedb::key_reference(spec, key) + ", ";
    return sql + "\"data\", \"aux\", \"cdc_version\", \"cdc_deleted\" FROM " + quoted(spec.name) + " LIMIT 100000";
  }

 protected:
  static TargetOptions options_in(const std::string& schema) {
    TargetOptions options;
    options.kind = table::Target::cratedb;
    options.url.scheme = "crate";
    options.schema = schema;
    options.tables.layout = table::Layout::ctk;
    return options;
  }

  Random random_{1};
};

/// Passes on what does not depend on how busy the server's machine is.
class WithoutWaits final : public Log {
 public:
  explicit WithoutWaits(Log& log) : log_(log) {}
  bool enabled(LogLevel level) const override { return log_.enabled(level); }
  void write(LogLevel level, std::string_view message, std::span<const LogField> fields) override {
    if (message != "CrateDB takes its time") log_.write(level, message, fields);
  }

 private:
  Log& log_;
};

class RealBackend final : public CrateBackend {
 public:
  explicit RealBackend(net::Url url) : url_(std::move(url)), schema_("ctk_test_" + Random(entropy_seed()).hex(8)) {}
  ~RealBackend() override {
    auto sink = make_sink(options());
    const std::string of_ours = " FROM information_schema.tables WHERE table_schema = '" + schema_ + "'";
    for (const char* kind : {"VIEW", "TABLE"}) {
      const bool view = std::string(kind) == "VIEW";
      auto names = run(*sink, "SELECT table_name" + of_ours + " AND table_type = '" + (view ? "VIEW" : "BASE TABLE") + "'");
      for (const auto& row : names.rows) {
        run(*sink, std::string("DROP ") + kind + " " + quoted({schema_, row.at(0).value_or("")}));
      }
    }
  }

  TargetOptions options() const override {
    TargetOptions options = options_in(schema_);
    options.url = url_;
    return options;
  }
  std::unique_ptr<Database> make_sink(const TargetOptions& options) override {
    return make_cratedb_sink(options, {loop_, clock_, random_, quiet_, &http_, nullptr});
  }
  bool run_until(const std::function<bool()>& done) override { return loop_.run_until(done, std::chrono::seconds(60)); }
  Clock& clock() override { return clock_; }
  void refresh(Database& sink, const table::QualifiedName& name) override { run(sink, cratedb::refresh(name)); }

 private:
  ResultSet run(Console& sink, const std::string& sql) {
    std::optional<Result<ResultSet>> answer;
    sink.query(sql, [&](Result<ResultSet> result) { answer.emplace(std::move(result)); });
    if (!run_until([&] { return answer.has_value(); }) || !*answer) return {};
    return std::move(**answer);
  }

  net::Url url_;
  std::string schema_;
  StillClock clock_;
  TestLoop loop_;
  WithoutWaits quiet_{log_};
  net::CurlClient http_{loop_, {}};
};

class FakeBackend final : public CrateBackend {
 public:
  cratedb::testing::FakeCrateDb& server() { return server_; }
  VirtualLoop& loop() { return loop_; }

  TargetOptions options() const override { return options_in("test"); }
  std::unique_ptr<Database> make_sink(const TargetOptions& options) override {
    return make_cratedb_sink(options, {loop_, loop_, random_, log_, &server_, nullptr});
  }
  bool run_until(const std::function<bool()>& done) override { return loop_.run_until(done, std::chrono::hours(1)); }
  Clock& clock() override { return loop_; }
  void refresh(Database&, const table::QualifiedName& name) override {
    auto table = server_.engine().store().find({name.schema, name.table});
    if (table) (*table)->visible = (*table)->documents;
  }

 private:
  VirtualLoop loop_{from_micros(1'700'000'000'000'000)};
  cratedb::testing::FakeCrateDb server_{loop_, loop_};
};

}  // namespace

std::unique_ptr<Backend> make_fake_cratedb_backend() { return std::make_unique<FakeBackend>(); }

cratedb::testing::FakeCrateDb& fake_server(Backend& backend) { return dynamic_cast<FakeBackend&>(backend).server(); }

void let_pass(Backend& backend, Duration duration) {
  VirtualLoop& loop = dynamic_cast<FakeBackend&>(backend).loop();
  bool passed = false;
  loop.after(duration, [&] { passed = true; });
  loop.run_until([&] { return passed; }, duration + std::chrono::seconds(1));
}

std::unique_ptr<Backend> make_real_cratedb_backend() {
  const char* text = std::getenv("CTK_TEST_CRATEDB_URL");
  if (text == nullptr) return nullptr;
  auto url = net::parse_url(text);
  if (!url) return nullptr;
  return std::make_unique<RealBackend>(std::move(*url));
}

INSTANTIATE_TEST_SUITE_P(CrateDb, Conformance,
                         ::testing::Values(BackendMaker{"fake", make_fake_cratedb_backend},
                                           BackendMaker{"real", make_real_cratedb_backend}),
                         [](const auto& instance) { return instance.param.name; });

INSTANTIATE_TEST_SUITE_P(CrateDb, ConformanceOfNames,
                         ::testing::Values(BackendMaker{"fake", make_fake_cratedb_backend},
                                           BackendMaker{"real", make_real_cratedb_backend}),
                         [](const auto& instance) { return instance.param.name; });

INSTANTIATE_TEST_SUITE_P(CrateDb, ConformanceOfHistory,
                         ::testing::Values(BackendMaker{"fake", make_fake_cratedb_backend},
                                           BackendMaker{"real", make_real_cratedb_backend}),
                         [](const auto& instance) { return instance.param.name; });

INSTANTIATE_TEST_SUITE_P(CrateDb, ConformanceOfLetters,
                         ::testing::Values(BackendMaker{"fake", make_fake_cratedb_backend},
                                           BackendMaker{"real", make_real_cratedb_backend}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace ctk::sink::testing
