#include "coordination/lease.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "coordination/recorded_leases_testing.h"

namespace ctk::coordination {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Lease read(const std::string& item) { return read_lease(item).value().value(); }

constexpr char kWhole[] =
    R"({"leaseKey":{"S":"shardId-000000000007"},"entityType":{"S":"LEASE"},"leaseOwner":{"S":"worker-1"},)"
    R"("checkpointOwner":{"S":"worker-0"},"leaseCounter":{"N":"4711"},"ownerSwitchesSinceCheckpoint":{"N":"2"},)"
    R"("checkpoint":{"S":"0049590338271490256608"},"checkpointSubSequenceNumber":{"N":"3"},)"
    R"("pendingCheckpoint":{"S":"SHARD_END"},"pendingCheckpointSubSequenceNumber":{"N":"0"},)"
    R"("pendingCheckpointState":{"B":"AQI="},"parentShardId":{"SS":["shardId-3","shardId-2"]},)"
    R"("childShardIds":{"SS":["shardId-8"]},"startingHashKey":{"S":"0"},"endingHashKey":{"S":"17"},)"
    R"("throughputKBps":{"N":"5.4E-5"},"streamName":{"S":"1:s:2"},"ctkPosition":{"S":"49590338271490256608"},)"
    R"("ctkReadTo":{"N":"1795318371000000"},"ctkEpoch":{"N":"2"},"ctkIncarnation":{"S":"arn/1"},"strange":{"L":[]}})";

TEST(Lease, ReadsEveryAttribute) {
  const Lease lease = read(kWhole);
  EXPECT_EQ(lease.shard.str(), "shardId-000000000007");
  EXPECT_EQ(lease.owner.str(), "worker-1");
  EXPECT_EQ(lease.checkpoint_owner.str(), "worker-0");
  EXPECT_EQ(lease.holder().str(), "worker-0");
  EXPECT_EQ(lease.counter, 4711);
  EXPECT_EQ(lease.owner_switches, 2);
  EXPECT_EQ(to_string(lease.checkpoint), "0049590338271490256608");
  EXPECT_EQ(lease.checkpoint.sub_sequence, 3);
  ASSERT_TRUE(lease.pending);
  EXPECT_TRUE(lease.pending->checkpoint.ended());
  EXPECT_EQ(lease.pending->state, "AQI=");
  EXPECT_THAT(lease.parents, ElementsAre(aws::ShardId("shardId-2"), aws::ShardId("shardId-3")));
  EXPECT_THAT(lease.children, ElementsAre(aws::ShardId("shardId-8")));
  EXPECT_EQ(lease.hash_range, (HashRange{"0", "17"}));
  EXPECT_DOUBLE_EQ(lease.throughput.value(), 5.4e-5);
  EXPECT_EQ(lease.stream, "1:s:2");
  EXPECT_EQ(lease.own, (OwnProgress{"49590338271490256608", from_micros(1'795'318'371'000'000), 2, Incarnation("arn/1")}));
}

TEST(Lease, IsReadAsItWasMade) {
  Lease lease = read(kWhole);
  lease.checkpoint_owner = {};
  lease.pending.reset();
  lease.throughput.reset();
  lease.stream.clear();
  EXPECT_EQ(read(lease_item(lease)), lease);
  const Lease fresh{.shard = aws::ShardId("a"), .owner = {}, .checkpoint_owner = {}};
  EXPECT_EQ(lease_item(fresh), R"({"leaseKey":{"S":"a"},"entityType":{"S":"LEASE"},"leaseCounter":{"N":"0"},)"
                               R"("ownerSwitchesSinceCheckpoint":{"N":"0"},"checkpoint":{"S":"TRIM_HORIZON"},)"
                               R"("checkpointSubSequenceNumber":{"N":"0"}})");
}

// Statement 9: rows of other kinds are ignored, a pending state of a wrong type is tolerated.
TEST(Lease, OfASegmentIsMarkedForOthers) {
  const Lease segment{.shard = aws::ShardId("load:00001:000/032"), .owner = {}, .checkpoint_owner = {}};
  EXPECT_TRUE(lease_item(segment).contains(R"("entityType":{"S":"CTK_SEGMENT"})"));
  EXPECT_EQ(read(lease_item(segment)), segment);
}

TEST(Lease, S9_PassesOverRowsOfOtherKindsAndAStateOfAWrongType) {
  for (const char* type : {"WORKER_METRIC_STATS", "LEADER", "CLIENT_VERSION_MIGRATION", "TABLE_MIGRATION", "STREAM", "X"}) {
    const std::string item = std::string(R"({"leaseKey":{"S":"a"},"entityType":{"S":")") + type + R"("}})";
    EXPECT_EQ(read_lease(item).value(), std::nullopt) << type;
  }
  const Lease lease =
      read(R"({"leaseKey":{"S":"a"},"leaseCounter":{"N":"1"},"checkpoint":{"S":"LATEST"},"pendingCheckpoint":{"S":"77"},)"
           R"("pendingCheckpointState":{"N":"0"}})");
  EXPECT_EQ(lease.pending->state, "");
  EXPECT_EQ(lease.pending->checkpoint.sequence.str(), "77");
}

TEST(Lease, RefusesARowThatLacksWhatEveryLeaseHas) {
  for (const char* item : {"[", "{}", R"({"leaseKey":{"S":"a"}})", R"({"leaseKey":{"S":"a"},"leaseCounter":{"N":"1"}})",
                           R"({"leaseKey":{"S":"a"},"checkpoint":{"S":"LATEST"}})",
                           R"({"leaseKey":{"S":"a"},"leaseCounter":{"N":"1"},"checkpoint":{"S":"yesterday"}})"}) {
    const auto read = read_lease(item);
    ASSERT_FALSE(read) << item;
    EXPECT_EQ(read.error().kind, ErrorKind::corrupt);
  }
}

TEST(Lease, ReadsWhatTheLibrariesHaveLeft) {
  const auto plain = recorded_leases(CTK_SOURCE_DIR, "lease-table-3.x.json", "app-plain");
  EXPECT_EQ(plain.size(), 4u);
  EXPECT_EQ(recorded_items(CTK_SOURCE_DIR, "lease-table-3.x.json", "app-plain").size(), 7u);
  for (const Lease& lease : plain) {
    EXPECT_EQ(lease.owner.str(), "worker-1");
    EXPECT_EQ(lease.checkpoint.kind, Checkpoint::Kind::sequence);
    EXPECT_EQ(position_of(lease), Position::at_sequence(lease.checkpoint.sequence));
  }
  const auto resharded = recorded_leases(CTK_SOURCE_DIR, "lease-table-3.x.json", "app-resharded");
  ASSERT_EQ(resharded.size(), 6u);
  EXPECT_TRUE(std::ranges::all_of(resharded, [](const Lease& lease) { return lease.finished() == lease.parents.empty(); }));
  EXPECT_THAT(resharded[0].children,
              ElementsAre(aws::ShardId("shardId-000000000003"), aws::ShardId("shardId-000000000004")));
  EXPECT_THAT(resharded[5].parents,
              ElementsAre(aws::ShardId("shardId-000000000001"), aws::ShardId("shardId-000000000002")));
  EXPECT_EQ(position_of(resharded[0]), Position::shard_end());
  EXPECT_EQ(recorded_leases(CTK_SOURCE_DIR, "lease-table-2.x.json", "app").size(), 4u);
  const auto adapter = recorded_leases(CTK_SOURCE_DIR, "lease-table-streams-adapter-2.0.1.json", "adapter");
  ASSERT_EQ(adapter.size(), 1u);
  EXPECT_EQ(to_string(adapter[0].checkpoint), "000000000000000010560");
}

TEST(Checkpoint, S6_IsOrderedAsTheLibraryDoes) {
  std::vector<Checkpoint> ordered;
  for (const char* text : {"AT_TIMESTAMP", "TRIM_HORIZON", "LATEST", "9", "0010", "100", "SHARD_END"}) {
    ordered.push_back(parse_checkpoint(text, 0).value());
    EXPECT_EQ(to_string(ordered.back()), text);
  }
  ordered.insert(ordered.end() - 1, parse_checkpoint("100", 1).value());
  EXPECT_TRUE(std::ranges::is_sorted(ordered));
  EXPECT_EQ(std::ranges::adjacent_find(ordered), ordered.end());
}

TEST(Lease, SaysWhereReadingResumes) {
  Lease lease{.shard = aws::ShardId("a"), .owner = {}, .checkpoint_owner = {}};
  EXPECT_EQ(position_of(lease), Position::trim_horizon());
  for (const Checkpoint::Kind kind : {Checkpoint::Kind::latest, Checkpoint::Kind::at_timestamp}) {
    lease.checkpoint = {kind, {}, 0};
    EXPECT_EQ(position_of(lease), std::nullopt);
  }
  lease.checkpoint = parse_checkpoint("100", 2).value();
  EXPECT_EQ(position_of(lease), Position::at_sequence(aws::SequenceNumber("100")));
}

TEST(Lease, KeepsOurOwnPositionsAsLongAsTheLibraryHasNotMovedOn) {
  const aws::SequenceNumber number("100");
  for (const Position& position :
       {Position::trim_horizon(from_micros(5)), Position::at_timestamp(from_micros(7)), Position::at_sequence(number),
        Position::after(number), Position::after_key(R"({"pk":{"S":"a"}})"), Position::shard_end()}) {
    Lease lease{.shard = aws::ShardId("a"), .owner = {}, .checkpoint_owner = {}};
    lease.checkpoint = checkpoint_of(position);
    lease.own.position = shards::to_string(position);
    EXPECT_EQ(position_of(read(lease_item(lease))), position);
    lease.checkpoint = parse_checkpoint("200", 0).value();
    EXPECT_EQ(position_of(lease), Position::at_sequence(aws::SequenceNumber("200")));
  }
}

}  // namespace
}  // namespace ctk::coordination
