#include "coordination/leased_shards.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "base/testing/answer.h"
#include "sim/in_process_dynamodb.h"
#include "sim/in_process_writes.h"

namespace ctk::coordination {
namespace {

using std::chrono::seconds;

const aws::ShardId kShard("shard-0");

struct LeasedShardsTest : testing::Test {
  using Rows = std::vector<StoredPosition>;
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
  /// The relay's, on which a worker of KCL 3 is at work.
  void make_table_of_kcl(const RelayName& relay) {
    const aws::TableName table = lease_table_name(relay);
    ASSERT_TRUE(service.create_table({.name = table.str(), .keys = {{"leaseKey", 'S'}}}, loop.now()));
    aws::ItemWrite theirs = report_to_kcl(kcl_tables(KclPlace::in_lease_table, table), WorkerName("java-1"), loop.now());
    theirs.update = "SET #entityType = :entityType, #lut = :lut";
    std::erase_if(theirs.names, [](const auto& name) { return name.first != "#entityType" && name.first != "#lut"; });
    std::erase_if(theirs.values, [](const auto& value) { return value.first != ":entityType" && value.first != ":lut"; });
    ASSERT_TRUE(answer_of<aws::WriteOutcome>(
        loop, [&](Done<aws::WriteOutcome> done) { writes.write_item(theirs, std::move(done)); }));
  }
  Acquired shards_acquire(const RelayName& relay) {
    AcquireRequest request{relay, WorkerName("worker"), Incarnation("i"), {}, false, 1};
    request.only = std::vector{kShard};
    return answer_of<Acquired>(loop, [&](Done<Acquired> done) { shards.acquire(request, std::move(done)); }).value();
  }
  /// Until the one shard is held.
  void hold() {
    const RelayName relay("kinesis:s@public.t");
    ASSERT_TRUE(answer_of<Rows>(loop, [&](Done<Rows> done) { shards.read(relay, std::move(done)); }));
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

/// As `ctk positions reset` does; and whoever has forgotten them need not wait for holders that there are not.
TEST_F(LeasedShardsTest, ResetIsRefusedBesideALivingWorkerAndBeginsAnewAfterIt) {
  hold();
  const Position at = Position::after(aws::SequenceNumber("77"));
  const RelayName relay("kinesis:s@public.t");
  const Acquired acquired = shards_acquire(relay);
  ASSERT_TRUE(answer_of<bool>(loop, [&](Done<bool> done) {
    shards.move(relay, {{kShard, Position::trim_horizon(), at, kNoTime, {}, acquired.fence}}, std::move(done));
  }));
  LeasedShardsOptions again = options();
  again.settings.worker = WorkerName("again");
  again.reset = true;
  LeasedShards anew(loop, loop, reads, writes, log, again, nullptr);
  const auto read = [&] { return answer_of<Rows>(loop, [&](Done<Rows> done) { anew.read(relay, std::move(done)); }); };
  const Result<Rows> beside = read();
  ASSERT_FALSE(beside);
  EXPECT_EQ(beside.error().kind, ErrorKind::refused);
  EXPECT_NE(beside.error().message.find("hold leases of table 'kinesis-s-public.t': worker"), std::string::npos);
  EXPECT_TRUE(shards.may_write(kShard));
  EXPECT_TRUE(answer_of<bool>(loop, [&](Done<bool> done) { shards.end(std::move(done)); }));
  const Result<Rows> after = read();
  ASSERT_TRUE(after) << to_string(after.error());
  EXPECT_TRUE(after->empty());
  gained.clear();
  anew.begin(relay, listener());
  anew.want({{kShard, {}, Position::trim_horizon()}});
  EXPECT_TRUE(loop.run_until([&] { return !gained.empty(); }, seconds(2))) << "nobody else can hold it";
  const Result<Rows> rows = read();
  ASSERT_TRUE(rows && rows->size() == 1);
  EXPECT_EQ(rows->front().position, Position::trim_horizon());
}

/// A leader of KCL 3 is told that it goes; where the table does not answer, its leases go all the same, within its grace.
TEST_F(LeasedShardsTest, WhoEndsWaitsForNoLeader) {
  LeasedShardsOptions slow = options();
  slow.settings.failover = seconds(60);
  LeasedShards ending(loop, loop, reads, writes, log, slow, nullptr);
  const RelayName relay("kinesis:s@public.t");
  make_table_of_kcl(relay);
  ASSERT_TRUE(answer_of<Rows>(loop, [&](Done<Rows> done) { ending.read(relay, std::move(done)); }));
  writes.settings().faults.slow = 1;
  writes.settings().faults.slow_by = seconds(15);
  const Duration begun = loop.monotonic();
  EXPECT_TRUE(answer_of<bool>(loop, [&](Done<bool> done) { ending.end(std::move(done)); }));
  EXPECT_LT(loop.monotonic() - begun, seconds(3));
}

/// Their leader would give leases to it, for a minute.
TEST_F(LeasedShardsTest, WhoEndsBeforeItsLeasesAreUsableLeavesNoReport) {
  const RelayName relay("kinesis:s@public.t");
  make_table_of_kcl(relay);
  const auto report = [&] {
    return service.get_item(lease_table_name(relay).str(), {{"leaseKey", text_value("worker")}}, loop.now()).value();
  };
  LeasedShards ending(loop, loop, reads, writes, log, options(), nullptr);
  bool usable = false;
  ending.read(relay, [&](const Result<Rows>&) { usable = true; });
  ASSERT_TRUE(loop.run_until([&] { return report().has_value(); }, seconds(30)));
  ASSERT_FALSE(usable);
  EXPECT_TRUE(answer_of<bool>(loop, [&](Done<bool> done) { ending.end(std::move(done)); }));
  EXPECT_FALSE(report());
}

/// The rows of finished shards go: all above one that is being read were read. One at its beginning says nothing of them.
TEST_F(LeasedShardsTest, AncestorsWithoutARowWereReadToTheirEnd) {
  const aws::ShardId first("a"), second("b"), third("c");
  const Position at = Position::after(aws::SequenceNumber("77"));
  const RelayName relay("kinesis:s@public.t");
  ASSERT_TRUE(answer_of<Rows>(loop, [&](Done<Rows> done) { shards.read(relay, std::move(done)); }));
  const Lease lease{.shard = third,
                    .owner = {},
                    .checkpoint_owner = {},
                    .counter = 0,
                    .owner_switches = 0,
                    .checkpoint = checkpoint_of(at),
                    .pending = {},
                    .parents = {second}};
  const aws::ItemWrite write = to_item_write(CreateLease{lease}, lease_table_name(relay));
  ASSERT_TRUE(
      answer_of<aws::WriteOutcome>(loop, [&](Done<aws::WriteOutcome> done) { writes.write_item(write, std::move(done)); }));
  shards.want({{first, {}, Position::trim_horizon()}, {second, {first}, Position::shard_end()}});
  loop.run_until([] { return false; }, seconds(5));
  const auto rows = answer_of<Rows>(loop, [&](Done<Rows> done) { shards.read(relay, std::move(done)); });
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 3u);
  for (const StoredPosition& row : *rows) EXPECT_EQ(row.position.ended(), row.shard != third) << row.shard.str();
}

/// A bounded run reads what nobody else reads: it must not end beside what a killed worker has left.
TEST_F(LeasedShardsTest, AShardIsAnothersOnceThatOneWasSeenToLive) {
  const RelayName relay("kinesis:s@public.t");
  ASSERT_TRUE(answer_of<Rows>(loop, [&](Done<Rows> done) { shards.read(relay, std::move(done)); }));
  const aws::TableName table = lease_table_name(relay);
  const Lease others{.shard = kShard, .owner = WorkerName("other"), .checkpoint_owner = {}, .counter = 4};
  const auto write = [&](const LeaseWrite& what) {
    const auto outcome = answer_of<aws::WriteOutcome>(
        loop, [&](Done<aws::WriteOutcome> done) { writes.write_item(to_item_write(what, table), std::move(done)); });
    ASSERT_TRUE(outcome && outcome->applied);
  };
  const auto wait = [&](Duration time) { loop.run_until([] { return false; }, time); };
  write(CreateLease{others});
  wait(seconds(3));
  EXPECT_FALSE(shards.is_anothers(kShard));
  write(HoldLease{.shard = kShard, .counter = 4, .worker = WorkerName("other")});
  wait(seconds(3));
  EXPECT_TRUE(shards.is_anothers(kShard));
  wait(seconds(10));
  EXPECT_FALSE(shards.is_anothers(kShard)) << "it was not renewed";
}

struct SharedLoadTest : LeasedShardsTest {
  const RelayName relay{"kinesis:s@public.t"};
  const aws::TableName table = lease_table_name(relay), of_load = load_lease_table_name(table);
  const aws::ShardId segment{"load:00002:000/001"}, old{"load:00001:000/001"};
  LeasedShards workers{loop, loop, reads, writes, log, loading(), nullptr};
  std::vector<aws::ShardId> lost;

  static LeasedShardsOptions loading() {
    LeasedShardsOptions options = LeasedShardsTest::options();
    options.loads = true;
    return options;
  }
  size_t rows_in(const aws::TableName& name) { return service.items_of(name.str())->items().size(); }
  std::map<aws::ShardId, Position> positions() {
    std::map<aws::ShardId, Position> found;
    const auto rows = answer_of<Rows>(loop, [&](Done<Rows> done) { workers.read(relay, std::move(done)); });
    for (const StoredPosition& row : rows.value_or(Rows{})) found[row.shard] = row.position;
    return found;
  }
  void begin() {
    positions();
    AcquireRequest request;
    request.relay = relay;
    request.epoch = 2;
    request.only.emplace();
    ASSERT_TRUE(answer_of<Acquired>(loop, [&](Done<Acquired> done) { workers.acquire(request, std::move(done)); }));
    Assignment::Listener heard = listener();
    heard.lost = [this](std::vector<aws::ShardId> shards) { lost.insert(lost.end(), shards.begin(), shards.end()); };
    workers.begin(relay, std::move(heard));
  }
  bool holds(const aws::ShardId& shard) { return std::ranges::find(gained, shard) != gained.end(); }
  bool wait_for(const std::function<bool()>& condition) { return loop.run_until(condition, seconds(30)); }
};

TEST_F(SharedLoadTest, SegmentsAreSharedInATableOfTheirOwnOnceTheStreamHasItsRows) {
  begin();
  workers.want({{segment, {}, Position::trim_horizon()}, {kShard, {}, Position::trim_horizon()}});
  ASSERT_TRUE(wait_for([&] { return rows_in(of_load) > 0; }));
  EXPECT_EQ(rows_in(table), 1u) << "the stream's comes first";
  ASSERT_TRUE(wait_for([&] { return holds(segment) && holds(kShard); }));
  EXPECT_TRUE(workers.may_write(segment));
  EXPECT_EQ(rows_in(table), 1u);
  EXPECT_TRUE(positions().contains(segment));
}

TEST_F(SharedLoadTest, WhatALoadMayUseIsSharedByThoseWhoHoldSegments) {
  EXPECT_EQ(workers.share_of_load(), 1);
  begin();
  const aws::ShardId another{"load:00002:001/002"};
  workers.want({{segment, {}, Position::trim_horizon()}, {kShard, {}, Position::trim_horizon()}});
  ASSERT_TRUE(wait_for([&] { return holds(segment); }));
  EXPECT_EQ(workers.share_of_load(), 1);
  const Lease others{.shard = another, .owner = WorkerName("other"), .checkpoint_owner = {}, .counter = 4};
  ASSERT_TRUE(answer_of<aws::WriteOutcome>(loop, [&](Done<aws::WriteOutcome> done) {
    writes.write_item(to_item_write(CreateLease{others}, of_load), std::move(done));
  }));
  EXPECT_TRUE(wait_for([&] { return workers.share_of_load() == 0.5; }));
  EXPECT_TRUE(wait_for([&] { return workers.share_of_load() == 1; })) << "the other one renews nothing";
}

TEST_F(SharedLoadTest, ASegmentsProgressIsStoredInItsLease) {
  begin();
  workers.want({{segment, {}, Position::trim_horizon()}, {kShard, {}, Position::trim_horizon()}});
  ASSERT_TRUE(wait_for([&] { return holds(segment); }));
  AcquireRequest request;
  request.relay = relay;
  request.epoch = 2;
  request.only = {segment};
  const auto acquired = answer_of<Acquired>(loop, [&](Done<Acquired> done) { workers.acquire(request, std::move(done)); });
  ASSERT_TRUE(acquired);
  for (const Position& to : {Position::after_key(R"({"pk":{"S":"7"}})"), Position::shard_end()}) {
    PositionMove move{segment, Position::trim_horizon(), to, kNoTime, {}, acquired->fence};
    EXPECT_TRUE(answer_of<bool>(loop, [&](Done<bool> done) { workers.move(relay, {move}, std::move(done)); }));
    EXPECT_EQ(positions()[segment], to);
  }
}

TEST_F(SharedLoadTest, WhatIsLeftOfAnOlderLoadEndsWithWhoeverTakesIt) {
  begin();
  const Lease left{.shard = old, .owner = {}, .checkpoint_owner = {}};
  ASSERT_TRUE(answer_of<aws::WriteOutcome>(loop, [&](Done<aws::WriteOutcome> done) {
    writes.write_item(to_item_write(CreateLease{left}, of_load), std::move(done));
  }));
  workers.want({{segment, {}, Position::trim_horizon()}});
  ASSERT_TRUE(wait_for([&] { return positions()[old].ended(); }));
  EXPECT_FALSE(holds(old)) << "nobody is told of it";
}

TEST_F(SharedLoadTest, NobodyLooksAtItsLeasesOnceItIsOver) {
  begin();
  workers.want({{segment, {}, Position::trim_horizon()}, {kShard, {}, Position::trim_horizon()}});
  ASSERT_TRUE(wait_for([&] { return holds(segment); }));
  workers.want({{kShard, {}, Position::trim_horizon()}});
  EXPECT_FALSE(workers.may_write(segment));
  EXPECT_TRUE(workers.may_write(kShard));
  wait_for([] { return false; });
  EXPECT_TRUE(positions()[segment].ended());
  const size_t scans = reads.counts().scan;
  wait_for([] { return false; });
  EXPECT_LE(reads.counts().scan - scans, 20u) << "one table in two seconds";
  EXPECT_TRUE(answer_of<bool>(loop, [&](Done<bool> done) { workers.end(std::move(done)); }));
}

}  // namespace
}  // namespace ctk::coordination
