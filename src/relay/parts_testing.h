// What the tests of the parts that ask source and target share: both of them, answering when the test says so, and an owner
// that notes what it is told.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "coordination/memory_store.h"
#include "relay/course.h"
#include "relay/run.h"
#include "relay/run_counters.h"
#include "relay/run_state.h"
#include "relay/table_set.h"

namespace ctk::relay::parts {

inline const Timestamp kNoon = from_micros(1'795'000'000'000'000);

/// Notes what it is asked; the test answers.
class HeldSource : public source::StreamSource {
 public:
  std::deque<std::pair<source::ReadRequest, Done<source::Page>>> reads;
  std::deque<Done<std::vector<ListedShard>>> listings;
  std::deque<Done<bool>> questions;
  std::vector<ShardId> forgotten;

  void open(Done<source::SourceIdentity>) override {}
  void list(Done<std::vector<ListedShard>> done) override { listings.push_back(std::move(done)); }
  void read(const source::ReadRequest& request, Done<source::Page> done) override {
    reads.emplace_back(request, std::move(done));
  }
  void forget(const ShardId& shard) override { forgotten.push_back(shard); }
  void exists(const ShardId&, Done<bool> done) override { questions.push_back(std::move(done)); }

  void answer(Result<source::Page> page) {
    Done<source::Page> done = std::move(reads.front().second);
    reads.pop_front();
    done(std::move(page));
  }
};

/// Is what it is told to be. Notes what it is asked; the test answers.
class HeldSink : public sink::Sink {
 public:
  explicit HeldSink(coordination::PositionStore& positions) : positions_(positions) {}
  table::TargetTraits is = {.product = "nothing"};
  std::deque<std::pair<coordination::TableRegistration, Done<sink::OpenTable>>> opens;
  std::deque<std::pair<std::shared_ptr<const sink::Batch>, Done<sink::BatchOutcome>>> writes;
  std::deque<std::pair<sink::SweepRequest, Done<sink::SweepOutcome>>> sweeps;

  const table::TargetTraits& traits() const override { return is; }
  sink::WriteBounds bounds() const override { return {}; }
  void connect(Done<bool>) override {}
  void open(const table::TableSpec&, const coordination::TableRegistration& registration,
            Done<sink::OpenTable> done) override {
    opens.emplace_back(registration, std::move(done));
  }
  void records(Done<std::vector<coordination::TableRecord>>) override {}
  void exists(const table::QualifiedName&, Done<bool>) override {}
  void apply(std::shared_ptr<const sink::Batch> batch, Done<sink::BatchOutcome> done) override {
    writes.emplace_back(std::move(batch), std::move(done));
  }
  coordination::PositionStore& positions() override { return positions_; }
  void finish_load(const sink::LoadEnd&, Done<sink::LoadEnding>) override {}
  void sweep(const sink::SweepRequest& request, Done<sink::SweepOutcome> done) override {
    sweeps.emplace_back(request, std::move(done));
  }
  void close(Done<bool>) override {}

 private:
  coordination::PositionStore& positions_;
};

template <class Call, class Answer>
void answer_next(std::deque<Call>& calls, Answer answer) {
  auto done = std::move(calls.front().second);
  calls.pop_front();
  done(std::move(answer));
}

/// What was reported, a line each.
class NotedCourse final : public Course {
 public:
  explicit NotedCourse(RunState& state) : state_(state) {}
  std::vector<std::string> reported;
  bool patient = true;  ///< an outage does not end the run
  bool at_once = true;  ///< a run that fails has ended; else it stores its last positions first

  void fail_run(Error error) override {
    reported.push_back("failed: " + error.message);
    at_once ? state_.end() : static_cast<void>(state_.phase = RunState::Phase::finishing);
  }
  bool report_outage(Side, const Error& error, const std::string& doing) override {
    reported.push_back(doing + ": " + error.message);
    if (!patient) state_.end();
    return patient;
  }
  void report_working(Side, const std::string&) override {}
  void report_working(Side) override {}
  void begin_next_life(const std::string& why) override { reported.push_back("next life: " + why); }
  void lost_table(Error error) override { reported.push_back("lost table: " + error.message); }
  void consider_end() override {}

 private:
  RunState& state_;
};

/// A run of a stream that keeps a day, in the middle of its course. What `options` say must be said before `run` is asked
/// for.
struct PartsTest : testing::Test {
  PartsTest() {
    options.schema = "public";
    identity.service = "kinesis";
    identity.name = "cdc";
    identity.incarnation = coordination::Incarnation("one");
    identity.server_time = kNoon;
    identity.traits.retention = std::chrono::hours(24);
    identity.traits.lateness = std::chrono::minutes(5);
    identity.traits.version_kind = dynamodb::VersionKind::kinesis;
    state.phase = RunState::Phase::running;
  }
  relay::Run& run() {
    if (!made) {
      made.emplace(relay::Run{
          options, source::SourceRouter(source, loop), sink, positions_of(sink), {loop, loop, random, log, executor}});
      made->opened(identity);
    }
    return *made;
  }
  /// Adds table public.NAME, closed.
  void add_table(const std::string& name) {
    ASSERT_TRUE(tables.add({"public", name}, name, {{{"id", dynamodb::Type::S}}}, loop.monotonic()));
  }
  /// Lets so much time pass.
  void wait(Duration time) {
    bool over = false;
    loop.after(time, [&over] { over = true; });
    loop.run_until([&over] { return over; }, time + std::chrono::seconds(1));
  }
  static Error error(ErrorKind kind, const std::string& text) { return {kind, text, "", ""}; }

  VirtualLoop loop{kNoon};
  Random random{1};
  NullLog log;
  InlineExecutor executor{loop};
  std::unique_ptr<coordination::PositionStore> store = coordination::make_memory_store(loop, loop);
  HeldSource source;
  HeldSink sink{*store};
  RelayOptions options;
  source::SourceIdentity identity;
  std::optional<relay::Run> made;
  RunState state;
  TableSet tables{{{std::nullopt, "public", std::nullopt, table::Target::sqlite}, {}, false}};
  RunCounters counters{false};
  Outages outages{log};
  NotedCourse course{state};
};

}  // namespace ctk::relay::parts
