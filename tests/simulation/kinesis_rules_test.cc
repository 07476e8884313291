// Single rules of reading Kinesis, on the simulated service: what happens between two calls of a start.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "relay/relay.h"
#include "sim/dynamodb_table.h"
#include "sim/in_process_kinesis.h"
#include "simulation/target.h"
#include "source/kinesis_source.h"

namespace ctk::simulation {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kStream = "cdc";

/// The stream's calls with a hand in between.
class HandledKinesis final : public aws::KinesisApi {
 public:
  HandledKinesis(aws::KinesisApi& api, EventLoop& loop) : api_(api), loop_(loop) {}

  void describe_stream(const aws::StreamName& stream, Done<aws::StreamSummary> done) override {
    api_.describe_stream(stream, [this, done = std::move(done)](Result<aws::StreamSummary> answer) mutable {
      if (behind_description) behind_description();
      done(std::move(answer));
    });
  }
  void list_shards(const aws::StreamName& stream, const std::optional<std::string>& token,
                   Done<aws::ShardPage> done) override {
    api_.list_shards(stream, token, [this, done = std::move(done)](Result<aws::ShardPage> answer) mutable {
      if (answer && on_listing) on_listing(*answer);
      done(std::move(answer));
    });
  }
  void get_shard_iterator(const aws::StreamName& stream, const aws::ShardId& shard, const aws::IteratorStart& start,
                          Done<std::string> done) override {
    ++iterators;
    if (refuses_iterators) return refuse(*refuses_iterators, std::move(done));
    api_.get_shard_iterator(stream, shard, start, std::move(done));
  }
  void get_records(const std::string& iterator, int limit, size_t most, Done<aws::RecordPage> done) override {
    ++reads;
    if (refuses_records) return refuse(*refuses_records, std::move(done));
    api_.get_records(iterator, limit, most, std::move(done));
  }
  void create_stream(const aws::StreamName& stream, int shards, Done<bool> done) override {
    api_.create_stream(stream, shards, std::move(done));
  }

  template <class T>
  void refuse(const Error& error, Done<T> done) {
    loop_.after(seconds(0), [error, done = std::move(done)]() mutable { done(std::unexpected(error)); });
  }

  std::optional<Error> refuses_iterators, refuses_records;
  int reads = 0, iterators = 0;
  std::function<void()> behind_description;
  std::function<void(aws::ShardPage&)> on_listing;

 private:
  aws::KinesisApi& api_;
  EventLoop& loop_;
};

/// The loop, and how often it was asked for a timer.
class CountingLoop final : public EventLoop {
 public:
  explicit CountingLoop(EventLoop& loop) : loop_(loop) {}
  void post(Job job) override { loop_.post(std::move(job)); }
  TimerId after(Duration delay, Job job) override {
    ++timers;
    return loop_.after(delay, std::move(job));
  }
  void cancel(TimerId timer) override { loop_.cancel(timer); }

  int timers = 0;

 private:
  EventLoop& loop_;
};

class KinesisRules : public testing::Test {
 protected:
  KinesisRules() {
    EXPECT_TRUE(kinesis.create_stream(kStream, 1, loop.now()));
    options.schema = "public";
    options.table = "demo";
    options.worker = coordination::WorkerName("worker");
    loop.run_until_idle(minutes(1));
  }
  ~KinesisRules() override { relay.reset(); }

  void put(const std::string& pk) {
    const auto change = table.put({{"pk", fmt::format(R"({{"S":"{}"}})", pk)}}, loop.now());
    sim::TableEvent event = sim::kinesis_event(change.value());
    ASSERT_TRUE(kinesis.put_record({kStream, std::move(event.record), std::move(event.partition_key), {}}, loop.now()));
  }
  /// Lets time go by; gives how much of it went by until the run ended.
  Duration lasts(Duration most) {
    const Duration began = loop.monotonic();
    loop.after(most, [] {});
    loop.run_until([&] { return ended.has_value(); }, most);
    return loop.monotonic() - began;
  }
  void start() {
    ended.reset();
    source = source::make_kinesis_source(api, {aws::StreamName(kStream), false, 1}, loop, loop);
    sink = connect_target(state, knobs, {loop, loop, random});
    relay = std::make_unique<relay::Relay>(options, *source, *sink, relay::positions_of(*sink),
                                           relay::RelayEnvironment{counted, loop, random, log, executor});
    relay->run([this](Result<relay::RelayStats> result) { ended = std::move(result); });
  }
  /// As another worker does that starts.
  void take_over() {
    ++state.last_fence;
    for (auto& [shard, row] : state.positions.begin()->second) {
      row.fence = state.last_fence;
      row.worker = coordination::WorkerName("another worker");
    }
  }
  bool until(const std::function<bool()>& done) { return loop.run_until(done, minutes(10)); }
  bool holds(const std::string& pk) {
    return state.tables["public.demo"].contains(fmt::format(R"({{"pk":{{"S":"{}"}}}})", pk));
  }

  VirtualLoop loop{parse_timestamp("2026-11-22T03:00:00.5Z").value()};
  CountingLoop counted{loop};
  Random random{1};
  NullLog log;
  InlineExecutor executor{loop};
  sim::Kinesis kinesis{{}};
  sim::InProcessKinesis service{kinesis, {loop, loop, random}};
  HandledKinesis api{service, loop};
  sim::DynamoDbTable table{"demo", {"pk"}, "us-east-1", random};
  TargetState state;
  TargetKnobs knobs;
  relay::RelayOptions options;
  std::unique_ptr<source::StreamSource> source;
  std::unique_ptr<sink::Sink> sink;
  std::unique_ptr<relay::Relay> relay;
  std::optional<Result<relay::RelayStats>> ended;
};

TEST_F(KinesisRules, LatestHoldsForAShardThatClosesBeforeItIsListed) {
  put("before");
  loop.after(seconds(5), [] {});
  loop.run_until_idle(seconds(10));
  api.behind_description = [this] {
    put("in between");
    ASSERT_TRUE(kinesis.split_any(kStream, loop.now()));
    put("after");
  };
  options.start.kind = relay::StartPoint::Kind::latest;
  start();
  ASSERT_TRUE(until([&] { return holds("after"); }));
  EXPECT_TRUE(holds("in between"));
  EXPECT_FALSE(holds("before")) << "that was before the relay came";
}

TEST_F(KinesisRules, AShardThatListingsLackIsAskedFor) {
  put("a");
  start();
  ASSERT_TRUE(until([&] { return holds("a"); }));
  int listings = 0;
  api.on_listing = [&](aws::ShardPage& page) {
    ++listings;
    page.shards.clear();
  };
  ASSERT_TRUE(until([&] { return listings >= 5; })) << listings;
  EXPECT_FALSE(ended) << to_string(ended->error());
  put("b");
  EXPECT_TRUE(until([&] { return holds("b"); }));
  EXPECT_EQ(relay->stats().counts.gaps, 0u);
}

TEST_F(KinesisRules, OneThatWasTakenOverEndsAtOnceWhenItIsStopped) {
  put("a");
  start();
  ASSERT_TRUE(until([&] { return holds("a"); }));
  const auto other_source = source::make_kinesis_source(api, {aws::StreamName(kStream), false, 1}, loop, loop);
  const auto other_sink = connect_target(state, knobs, {loop, loop, random});
  relay::Relay other(options, *other_source, *other_sink, relay::positions_of(*other_sink),
                     {loop, loop, random, log, executor});
  EXPECT_EQ(other.stats().seconds, 0) << "it has not begun";
  const coordination::Fence before = state.last_fence;
  other.run([](const Result<relay::RelayStats>&) {});
  ASSERT_TRUE(until([&] { return state.last_fence > before; }));
  loop.after(seconds(1), [] {});
  loop.run_until([] { return false; }, seconds(1));
  ASSERT_FALSE(ended) << "nothing came that it could have noticed it by";
  relay->stop();
  ASSERT_TRUE(loop.run_until([&] { return ended.has_value(); }, seconds(5)));
  ASSERT_FALSE(*ended);
  EXPECT_EQ(ended->error().kind, ErrorKind::fenced);
}

/// Nothing comes that it could write: it asks, and writes nothing for that.
TEST_F(KinesisRules, AnIdleOneThatWasTakenOverHearsOfItWithinFiveSeconds) {
  put("a");
  start();
  ASSERT_TRUE(until([&] { return holds("a"); }));
  EXPECT_EQ(lasts(seconds(30)), seconds(30)) << "its own acquisition is no other's";
  const uint64_t writes = state.writes;
  take_over();
  EXPECT_LT(lasts(minutes(10)), seconds(5));
  ASSERT_TRUE(ended);
  ASSERT_FALSE(*ended);
  EXPECT_EQ(ended->error().kind, ErrorKind::fenced);
  EXPECT_THAT(ended->error().message, testing::HasSubstr("another worker"));
  EXPECT_EQ(state.writes, writes);
}

/// What was held for too long is read again from the stored positions; not where they are another's by then.
TEST_F(KinesisRules, OneThatWasTakenOverDoesNotGoOnFromTheOthersPositions) {
  knobs.transactional = false;
  put("a");
  start();
  ASSERT_TRUE(until([&] { return holds("a"); }));
  knobs.down = true;
  put("b");
  lasts(minutes(10));
  take_over();
  knobs.down = false;
  ASSERT_TRUE(until([&] { return ended.has_value(); }));
  ASSERT_FALSE(*ended);
  EXPECT_EQ(ended->error().kind, ErrorKind::fenced);
  EXPECT_FALSE(holds("b")) << "the other one writes it";
}

TEST_F(KinesisRules, AShardThatIsGoneIsAGap) {
  put("a");
  start();
  ASSERT_TRUE(until([&] { return holds("a"); }));
  relay.reset();
  const aws::ShardId parent = state.positions.begin()->second.begin()->first;
  put("never read");
  ASSERT_TRUE(kinesis.split_any(kStream, loop.now()));
  loop.after(std::chrono::hours(26), [] {});
  loop.run_until_idle(std::chrono::hours(30));
  options.on_gap = relay::OnGap::skip;
  start();
  put("there");
  ASSERT_TRUE(until([&] { return holds("there"); }));
  EXPECT_FALSE(holds("never read"));
  EXPECT_GE(relay->stats().counts.gaps, 1u);
  EXPECT_EQ(state.dead_letters.begin()->second.shard, parent.str());
}

/// The target is away for so long that what waits for it is dropped, to be read again. The gap is not met again then.
TEST_F(KinesisRules, TheLetterOfAGapIsNotDroppedWithTheBatchThatTookIt) {
  knobs.transactional = false;
  put("a");
  start();
  ASSERT_TRUE(until([&] { return holds("a"); }));
  relay.reset();
  put("never read");
  ASSERT_TRUE(kinesis.split_any(kStream, loop.now()));
  lasts(std::chrono::hours(26));
  options.on_gap = relay::OnGap::skip;
  start();
  ASSERT_TRUE(until([&] { return relay->stats().counts.gaps > 0; }));
  knobs.down = true;
  put("there");
  lasts(minutes(20));
  EXPECT_TRUE(state.dead_letters.empty());
  knobs.down = false;
  ASSERT_TRUE(until([&] { return holds("there"); }));
  EXPECT_TRUE(until([&] { return !state.dead_letters.empty(); }));
  EXPECT_EQ(relay->stats().counts.gaps, 1u);
}

/// What waits for the writes before it is held from its reading on: 7.5 minutes of that, and it is read again.
TEST_F(KinesisRules, WhatWasReadLongAgoIsReadAgainRatherThanWritten) {
  knobs.transactional = false;
  put("first");
  start();
  ASSERT_TRUE(until([&] { return holds("first"); }));
  knobs.row_time = minutes(4);
  for (const char* key : {"a", "b", "c"}) {
    put(key);
    lasts(seconds(2));
  }
  ASSERT_TRUE(until([&] { return holds("b"); }));
  EXPECT_EQ(api.iterators, 1);
  ASSERT_TRUE(until([&] { return api.iterators > 1; }));
  EXPECT_FALSE(holds("c"));
  EXPECT_TRUE(until([&] { return holds("c"); }));
}

/// Positions are due each second, and to store them takes three here: the seconds in between do not queue up.
TEST_F(KinesisRules, AStoreThatIsSlowerThanItsTurnsIsNotStoodInLineFor) {
  knobs.transactional = false;
  knobs.write_time = seconds(3);
  start();
  for (int second = 0; second < 120; ++second) {
    put(fmt::format("item-{}", second));
    lasts(seconds(1));
  }
  counted.timers = 0;
  lasts(seconds(10));
  EXPECT_LT(counted.timers, 1000);
}

const Error kDenied{ErrorKind::denied, "kinesis:GetRecords failed: the right to do this is missing", "", ""};

/// What was never allowed will not be allowed by waiting, in a bounded run or not.
TEST_F(KinesisRules, RightsThatAreMissingFromTheStartEndTheRunAtOnce) {
  put("a");
  for (const ErrorKind kind : {ErrorKind::denied, ErrorKind::skewed, ErrorKind::refused}) {
    for (std::optional<Error> HandledKinesis::* call :
         {&HandledKinesis::refuses_iterators, &HandledKinesis::refuses_records}) {
      for (const bool once : {true, false}) {
        (api.*call) = kDenied;
        (api.*call)->kind = kind;
        options.once = once;
        start();
        EXPECT_LT(lasts(minutes(10)), seconds(1)) << to_string(kind);
        ASSERT_TRUE(ended) << to_string(kind);
        ASSERT_FALSE(*ended);
        EXPECT_EQ(ended->error().kind, kind);
        (api.*call).reset();
      }
    }
  }
}

TEST_F(KinesisRules, RightsThatAreTakenAwayLaterAreWaitedForUntilABoundedRunGivesUp) {
  options.once = true;
  options.deadlines.give_up = seconds(3);
  put("a");
  ASSERT_TRUE(kinesis.split_any(kStream, loop.now()));
  start();
  // The parent is read, and the right is gone when its children are to be.
  ASSERT_TRUE(until([&] { return api.reads > 0; }));
  api.refuses_records = kDenied;
  const Duration lasted = lasts(minutes(10));
  ASSERT_TRUE(ended);
  ASSERT_FALSE(*ended);
  EXPECT_EQ(ended->error().kind, ErrorKind::denied);
  EXPECT_GT(lasted, seconds(3));
  EXPECT_LT(lasted, seconds(6));
}

TEST_F(KinesisRules, RightsThatAreTakenAwayFromAServiceAreWaitedOut) {
  put("a");
  start();
  ASSERT_TRUE(until([&] { return holds("a"); }));
  api.refuses_records = kDenied;
  EXPECT_EQ(lasts(minutes(30)), minutes(30));
  EXPECT_EQ(relay->stats().outage.substr(0, 27), "source denies access for 17") << relay->stats().outage;
  api.refuses_records.reset();
  put("b");
  EXPECT_TRUE(until([&] { return holds("b"); }));
  EXPECT_EQ(relay->stats().outage, "");
}

TEST_F(KinesisRules, AStreamThatIsDeletedIsNotWaitedFor) {
  put("a");
  start();
  ASSERT_TRUE(until([&] { return holds("a"); }));
  ASSERT_TRUE(kinesis.delete_stream(kStream, loop.now()));
  EXPECT_LT(lasts(minutes(30)), minutes(4));
  ASSERT_TRUE(ended);
  ASSERT_FALSE(*ended);
  EXPECT_EQ(ended->error().kind, ErrorKind::not_found);
  EXPECT_THAT(to_string(ended->error()), testing::HasSubstr("deleted meanwhile"));
}

TEST_F(KinesisRules, AStreamThatIsMadeAgainUnderItsNameIsAnother) {
  put("a");
  start();
  ASSERT_TRUE(until([&] { return holds("a"); }));
  ASSERT_TRUE(kinesis.delete_stream(kStream, loop.now()));
  lasts(seconds(5));
  ASSERT_FALSE(ended);
  ASSERT_TRUE(kinesis.create_stream(kStream, 1, loop.now()));
  put("b");
  EXPECT_LT(lasts(minutes(30)), minutes(1));
  ASSERT_TRUE(ended);
  ASSERT_FALSE(*ended);
  EXPECT_EQ(ended->error().kind, ErrorKind::mismatch) << to_string(ended->error());
  EXPECT_FALSE(holds("b"));
}

/// Any share of failures, of any kind: the rate falls in proportion, and never to nothing.
TEST_F(KinesisRules, CallsThatFailAtRandomSlowTheReadingInProportion) {
  const auto time_for = [&](const sim::FaultKnobs& faults) {
    service.settings().faults = {};
    state = {};
    options.once = true;
    options.deadlines.start_timeout = options.deadlines.give_up = minutes(10);
    service.settings().faults = faults;
    start();
    const Duration lasted = lasts(std::chrono::hours(1));
    EXPECT_TRUE(ended && *ended) << relay->stats().outage_error;
    EXPECT_EQ(state.tables["public.demo"].size(), 4'000u);
    return std::chrono::duration<double>(lasted).count();
  };
  for (int i = 0; i < 4'000; ++i) put(fmt::format("item-{}", i));
  const double faultless = time_for({});
  for (const double share : {0.1, 0.5}) {
    for (double sim::FaultKnobs::* kind : {&sim::FaultKnobs::throttled, &sim::FaultKnobs::server_error}) {
      sim::FaultKnobs faults;
      faults.*kind = share;
      const double ratio = faultless / time_for(faults);
      EXPECT_GT(ratio, 0.5 * (1 - share)) << share;
    }
  }
}

/// 5 calls and 2 MB a second a shard: the relay lives with them at full rate.
TEST_F(KinesisRules, ReadsAsMuchAsTheServiceGives) {
  const std::string filler(2000, 'x');
  for (int i = 0; i < 20'000; ++i) {
    const auto change =
        table.put({{"pk", fmt::format(R"({{"S":"{}"}})", i)}, {"x", fmt::format(R"({{"S":"{}"}})", filler)}}, loop.now());
    sim::TableEvent event = sim::kinesis_event(change.value());
    ASSERT_TRUE(kinesis.put_record({kStream, std::move(event.record), std::move(event.partition_key), {}}, loop.now()));
  }
  kinesis.options().read_limits = true;
  options.once = true;
  start();
  const double took = std::chrono::duration<double>(lasts(minutes(10))).count();
  ASSERT_TRUE(ended && *ended) << relay->stats().outage_error;
  const double megabytes = static_cast<double>((*ended)->counts.bytes) / (1u << 20);
  EXPECT_GT(megabytes, 30);
  EXPECT_GT(megabytes / took, 1.6) << "of 2 MB a second";
}

TEST_F(KinesisRules, AListingOfManyPagesIsReadThoughHalfOfItsCallsFail) {
  kinesis.options().list_page = 2;
  ASSERT_TRUE(kinesis.create_stream("wide", 60, loop.now()));
  service.settings().faults.server_error = 0.5;
  const auto wide = source::make_kinesis_source(service, {aws::StreamName("wide"), false, 1}, loop, loop);
  int listed = 0;
  for (int tries = 0; tries < 5 && listed == 0; ++tries) {
    std::optional<Result<std::vector<shards::ListedShard>>> answer;
    wide->list([&](Result<std::vector<shards::ListedShard>> shards) { answer = std::move(shards); });
    ASSERT_TRUE(until([&] { return answer.has_value(); }));
    if (*answer) listed = static_cast<int>((*answer)->size());
  }
  EXPECT_EQ(listed, 60);
}

}  // namespace
}  // namespace ctk::simulation
