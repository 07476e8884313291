#include "coordination/leased_shards.h"

#include <gtest/gtest.h>

#include "base/testing/answer.h"
#include "sim/in_process_dynamodb.h"
#include "sim/in_process_writes.h"

namespace ctk::coordination {
namespace {

using std::chrono::seconds;

const aws::ShardId kShard("shard-0");

struct LeasedShardsTest : testing::Test {
  VirtualLoop loop{from_micros(1'795'318'371'000'000)};
  Random random{1};
  NullLog log;
  sim::DynamoDbStreams streams{{}};
  sim::DynamoDb service{{}, streams, random};
  sim::InProcessDynamoDb reads{service, {loop, loop, random}};
  sim::InProcessWrites writes{service, {loop, loop, random}};
  LeasedShards shards{loop, loop, reads, writes, log, options(), nullptr};
  std::vector<aws::ShardId> gained;

  static LeasedShardsOptions options() {
    LeasedShardsOptions options;
    options.settings.worker = WorkerName("worker");
    return options;
  }
  Assignment::Listener listener() {
    return {[this](std::vector<aws::ShardId> more) { gained.insert(gained.end(), more.begin(), more.end()); }, {}};
  }
  /// Until the one shard is held.
  void hold() {
    const RelayName relay("kinesis:s@public.t");
    using Rows = std::vector<StoredPosition>;
    ASSERT_TRUE(answer_of<Rows>(loop, [&](Done<Rows> done) { shards.load(relay, std::move(done)); }));
    shards.begin(relay, listener());
    shards.want({{kShard, {}, Position::trim_horizon()}});
    ASSERT_TRUE(loop.run_until([&] { return !gained.empty(); }, seconds(30)));
  }
};

TEST_F(LeasedShardsTest, WhatIsHeldIsGainedAnewByTheNextLife) {
  hold();
  gained.clear();
  shards.begin(RelayName("kinesis:s@public.t"), listener());
  EXPECT_TRUE(gained.empty()) << "not from inside the call";
  EXPECT_TRUE(loop.run_until([&] { return !gained.empty(); }, seconds(1)));
  EXPECT_TRUE(shards.may_write(kShard));
  EXPECT_FALSE(shards.is_anothers(kShard));
}

TEST_F(LeasedShardsTest, OneThatHasEndedMeanwhileIsToldNothing) {
  hold();
  gained.clear();
  shards.begin(RelayName("kinesis:s@public.t"), listener());
  EXPECT_TRUE(answer_of<bool>(loop, [&](Done<bool> done) { shards.end(std::move(done)); }));
  EXPECT_TRUE(gained.empty());
  EXPECT_FALSE(shards.may_write(kShard));
}

}  // namespace
}  // namespace ctk::coordination
