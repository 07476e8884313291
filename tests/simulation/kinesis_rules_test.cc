// Single rules of reading Kinesis, on the simulated service: what happens between two calls of a start.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "relay/kinesis_source.h"
#include "relay/relay.h"
#include "sim/dynamodb_table.h"
#include "sim/kinesis_api.h"
#include "sim/target.h"

namespace ctk::simulation {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kStream = "cdc";

/// The stream's calls with a hand in between.
class HandledKinesis final : public aws::KinesisApi {
 public:
  explicit HandledKinesis(aws::KinesisApi& api) : api_(api) {}

  void describe_stream(const aws::StreamName& stream, aws::Done<aws::StreamSummary> done) override {
    api_.describe_stream(stream, [this, done = std::move(done)](Result<aws::StreamSummary> answer) mutable {
      if (behind_description) behind_description();
      done(std::move(answer));
    });
  }
  void list_shards(const aws::StreamName& stream, const std::optional<std::string>& token,
                   aws::Done<aws::ShardPage> done) override {
    api_.list_shards(stream, token, [this, done = std::move(done)](Result<aws::ShardPage> answer) mutable {
      if (answer && on_listing) on_listing(*answer);
      done(std::move(answer));
    });
  }
  void get_shard_iterator(const aws::StreamName& stream, const aws::ShardId& shard, const aws::IteratorStart& start,
                          aws::Done<std::string> done) override {
    api_.get_shard_iterator(stream, shard, start, std::move(done));
  }
  void get_records(const std::string& iterator, int limit, size_t most, aws::Done<aws::RecordPage> done) override {
    api_.get_records(iterator, limit, most, std::move(done));
  }
  void create_stream(const aws::StreamName& stream, int shards, aws::Done<bool> done) override {
    api_.create_stream(stream, shards, std::move(done));
  }

  std::function<void()> behind_description;
  std::function<void(aws::ShardPage&)> on_listing;

 private:
  aws::KinesisApi& api_;
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
  void start() {
    source = relay::make_kinesis_source(api, {aws::StreamName(kStream), false, 1}, loop, loop);
    sink = sim::connect_target(state, knobs, {loop, loop, random});
    relay =
        std::make_unique<relay::Relay>(options, *source, *sink, relay::RelayEnvironment{loop, loop, random, log, executor});
    relay->run([this](Result<relay::RelayStats> result) { ended = std::move(result); });
  }
  bool until(const std::function<bool()>& done) { return loop.run_until(done, minutes(10)); }
  bool holds(const std::string& pk) {
    return state.tables["public.demo"].contains(fmt::format(R"({{"pk":{{"S":"{}"}}}})", pk));
  }

  VirtualLoop loop{parse_timestamp("2026-11-22T03:00:00.5Z").value()};
  Random random{1};
  NullLog log;
  InlineExecutor executor{loop};
  sim::Kinesis kinesis{{}};
  sim::KinesisApi service{kinesis, {loop, loop, random}};
  HandledKinesis api{service};
  sim::DynamoDbTable table{"demo", {"pk"}, "us-east-1", random};
  sim::TargetState state;
  sim::TargetKnobs knobs;
  relay::RelayOptions options;
  std::unique_ptr<relay::Source> source;
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
  EXPECT_EQ(relay->stats().gaps, 0u);
}

TEST_F(KinesisRules, OneThatWasTakenOverEndsAtOnceWhenItIsStopped) {
  put("a");
  start();
  ASSERT_TRUE(until([&] { return holds("a"); }));
  const auto other_source = relay::make_kinesis_source(api, {aws::StreamName(kStream), false, 1}, loop, loop);
  const auto other_sink = sim::connect_target(state, knobs, {loop, loop, random});
  relay::Relay other(options, *other_source, *other_sink, {loop, loop, random, log, executor});
  const coordination::Fence before = state.last_fence;
  other.run([](const Result<relay::RelayStats>&) {});
  ASSERT_TRUE(until([&] { return state.last_fence > before; }));
  loop.after(seconds(3), [] {});
  loop.run_until([] { return false; }, seconds(3));
  ASSERT_FALSE(ended) << "nothing came that it could have noticed it by";
  relay->stop();
  ASSERT_TRUE(loop.run_until([&] { return ended.has_value(); }, seconds(5)));
  ASSERT_FALSE(*ended);
  EXPECT_EQ(ended->error().kind, ErrorKind::fenced);
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
  EXPECT_GE(relay->stats().gaps, 1u);
  EXPECT_EQ(state.dead_letters.begin()->second.shard, parent.str());
}

}  // namespace
}  // namespace ctk::simulation
