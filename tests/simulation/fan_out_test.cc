// The engine on enhanced fan-out of the simulated service, in virtual time: whatever goes wrong on the way, the table is
// equal at the end.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "relay/relay.h"
#include "sim/dynamodb_table.h"
#include "sim/in_process_fan_out.h"
#include "sim/in_process_kinesis.h"
#include "simulation/target.h"
#include "source/kinesis_source.h"

namespace ctk::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// One stream, and relays that follow each other.
class FollowedStream {
 public:
  explicit FollowedStream(uint64_t seed) : random(seed) {
    EXPECT_TRUE(kinesis.create_stream("cdc", 2, loop.now()));
    options.schema = "public";
    options.table = "demo";
    options.worker = coordination::WorkerName("worker");
    options.deadlines.start_timeout = std::chrono::hours(1000);
  }
  FollowedStream(const FollowedStream&) = delete;
  FollowedStream& operator=(const FollowedStream&) = delete;
  ~FollowedStream() { relay.reset(); }

  void put(const std::string& pk) {
    const auto change = table.put({{"pk", fmt::format(R"({{"S":"{}"}})", pk)}}, loop.now());
    sim::TableEvent event = sim::kinesis_event(change.value());
    EXPECT_TRUE(kinesis.put_record({"cdc", std::move(event.record), std::move(event.partition_key), {}}, loop.now()));
    written.insert(fmt::format(R"({{"pk":{{"S":"{}"}}}})", pk));
  }
  void start() {
    relay.reset();
    source = source::make_kinesis_source(
        service, {aws::StreamName("cdc"), false, 1, false, source::FanOutOptions{&fan_out, "me", most_held}}, loop, loop);
    former.push_back(std::move(sink));
    sink = connect_target(state, knobs, {loop, loop, random});
    relay = std::make_unique<relay::Relay>(options, *source, *sink, relay::positions_of(*sink),
                                           relay::RelayEnvironment{loop, loop, random, log, executor});
    relay->run([this](Result<relay::RelayStats> result) { ended = std::move(result); });
  }
  void pass(Duration time) {
    bool over = false;
    loop.after(time, [&] { over = true; });
    loop.run_until([&] { return over; }, time + seconds(1));
  }
  bool until(const std::function<bool()>& done, Duration most = minutes(10)) { return loop.run_until(done, most); }
  bool holds_all() {
    return std::ranges::equal(state.tables["public.demo"], written, {}, [](const auto& row) -> auto& { return row.first; });
  }
  sim::FaultKnobs& faults() { return fan_out.settings().faults; }

  VirtualLoop loop{parse_timestamp("2026-11-22T03:00:00Z").value()};
  Random random;
  NullLog log;
  InlineExecutor executor{loop};
  sim::Kinesis kinesis{{}};
  sim::InProcessKinesis service{kinesis, {loop, loop, random}};
  sim::InProcessFanOut fan_out{kinesis, {loop, loop, random}};
  sim::DynamoDbTable table{"demo", {"pk"}, "us-east-1", random};
  std::set<std::string> written;
  size_t most_held = 8u << 20;
  TargetState state;
  TargetKnobs knobs;
  relay::RelayOptions options;
  std::unique_ptr<source::StreamSource> source;
  std::unique_ptr<sink::Sink> sink;
  std::vector<std::unique_ptr<sink::Sink>> former;  ///< their answers may be on their way
  std::unique_ptr<relay::Relay> relay;
  std::optional<Result<relay::RelayStats>> ended;
};

TEST(FanOutWorld, AChangeIsWrittenAsSoonAsItIsPushed) {
  FollowedStream stream(1);
  stream.options.batch.age = milliseconds(10);  // as SQL targets have it
  stream.start();
  stream.put("first");
  ASSERT_TRUE(stream.until([&] { return stream.holds_all(); }));
  for (int i = 0; i < 20; ++i) {
    stream.pass(seconds(7));
    stream.put(std::to_string(i));
    const Duration begun = stream.loop.monotonic();
    ASSERT_TRUE(stream.until([&] { return stream.holds_all(); })) << i;
    EXPECT_LT(stream.loop.monotonic() - begun, milliseconds(100)) << i;
  }
  EXPECT_EQ(stream.service.counts().get_records, 0u);
  EXPECT_EQ(stream.fan_out.subscriptions(), 2u) << "within five minutes";
}

// Statement 27, with everything that is around it.
TEST(FanOutWorld, Statement27WhateverHappensAllArrivesInTheEnd) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    FollowedStream stream(seed);
    Random& random = stream.random;
    if (seed % 4 == 0) stream.most_held = 2000;
    if (seed % 5 == 0) stream.knobs.write_time = seconds(2);
    if (seed % 3 == 0) stream.knobs.lost_reply = 0.1;
    sim::FaultKnobs& faults = stream.faults();
    faults.cut_push = faults.spoilt_push = faults.refused_push = 0.1;
    faults.silent_push = 0.02;
    faults.throttled = faults.server_error = faults.lost_answer = 0.05;
    stream.start();
    for (int step = 0; step < 120; ++step) {
      for (uint64_t i = random.below(6); i-- > 0;) stream.put(fmt::format("{}-{}", step, i));
      if (random.below(30) == 0) {
        EXPECT_TRUE(stream.kinesis.split_any("cdc", stream.loop.now()));
      }
      if (random.below(25) == 0) stream.start();
      stream.pass(milliseconds(static_cast<int64_t>(random.below(15'000))));
    }
    faults = {};
    ASSERT_TRUE(stream.until([&] { return stream.holds_all() || stream.ended; }, minutes(30))) << "seed " << seed;
    EXPECT_FALSE(stream.ended) << "seed " << seed << to_string(stream.ended->error());
    EXPECT_TRUE(stream.holds_all()) << "seed " << seed;
    EXPECT_EQ(stream.state.regressions, 0u) << "seed " << seed;
  }
}

TEST(FanOutWorld, ABoundedRunEndsAtTheTip) {
  FollowedStream stream(3);
  for (int i = 0; i < 50; ++i) stream.put(std::to_string(i));
  ASSERT_TRUE(stream.kinesis.split_any("cdc", stream.loop.now()));
  stream.put("in a child");
  stream.options.once = true;
  stream.start();
  ASSERT_TRUE(stream.until([&] { return stream.ended.has_value(); }));
  EXPECT_TRUE(*stream.ended) << to_string(stream.ended->error());
  EXPECT_TRUE(stream.holds_all());
}

// Statement 27: of two subscriptions of a shard the later one counts.
TEST(FanOutWorld, WhoHasEndedTakesNoSubscriptionBack) {
  FollowedStream stream(5);
  stream.start();
  stream.put("a");
  ASSERT_TRUE(stream.until([&] { return stream.holds_all(); }));
  stream.pass(seconds(10));
  const uint64_t before = stream.fan_out.subscriptions();
  stream.relay->stop();
  ASSERT_TRUE(stream.until([&] { return stream.ended.has_value(); }));
  const auto consumer = stream.kinesis.describe_consumer("cdc", "me", stream.loop.now());
  ASSERT_TRUE(consumer);
  for (const char* shard : {"shardId-000000000000", "shardId-000000000001"})
    ASSERT_TRUE(stream.kinesis.subscribe(consumer->arn, shard, {}, stream.loop.now())) << shard;
  stream.pass(seconds(20));
  EXPECT_EQ(stream.fan_out.subscriptions(), before);
}

TEST(FanOutWorld, AConsumerThatIsTakenAwayIsRegisteredAgain) {
  FollowedStream stream(4);
  stream.start();
  stream.put("a");
  ASSERT_TRUE(stream.until([&] { return stream.holds_all(); }));
  ASSERT_TRUE(stream.kinesis.deregister_consumer("cdc", "me", stream.loop.now()));
  stream.pass(minutes(1));
  stream.put("b");
  EXPECT_TRUE(stream.until([&] { return stream.holds_all(); }));
}

}  // namespace
}  // namespace ctk::simulation
