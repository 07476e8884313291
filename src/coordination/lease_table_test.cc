// Workers on one loop share a lease table in the simulated DynamoDB, in virtual time.
#include "coordination/lease_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/testing/answer.h"
#include "coordination/recorded_leases_testing.h"
#include "json/reader.h"
#include "sim/in_process_dynamodb.h"
#include "sim/in_process_writes.h"
#include "sim/item_json.h"

namespace ctk::coordination {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

const aws::TableName kTable("leases");
const aws::ShardId kFirst("shard-0");

/// A worker that reads nothing: it holds leases, and lets them go when it is asked to.
class Worker final : public LeaseHolder {
 public:
  Worker(VirtualLoop& loop, sim::DynamoDb& service, Random& random, int number)
      : reads(service, {loop, loop, random}),
        writes(service, {loop, loop, random}),
        lease_table(std::make_unique<LeaseTable>(loop, loop, reads, writes, log, options(number, random.next()), *this)) {}

  static LeaseTableOptions options(int number, uint64_t seed) {
    LeaseTableOptions options;
    options.table = kTable;
    options.settings.worker = WorkerName("worker-" + std::to_string(number));
    options.seed = seed;
    return options;
  }

  void lease_gained(const Lease& lease, Fence fence) override {
    EXPECT_TRUE(held.emplace(lease.shard, fence).second);
    begins[lease.shard] = position_of(lease);
  }
  void lease_asked(const aws::ShardId& shard, Fence fence) override {
    ++asked;
    store(shard, Position::after(aws::SequenceNumber("7")));
    table.let_go(shard, fence);
  }
  void lease_ended(const aws::ShardId& shard, Fence fence, HeldLease::End why) override {
    const auto found = held.find(shard);
    if (found != held.end() && found->second == fence) held.erase(found);
    ends.push_back(why);
  }
  void leases_failed(const Error& error) override { failures.push_back(error); }

  void store(const aws::ShardId& shard, const Position& position) {
    table.store(shard, held.at(shard), position, {}, [this](Result<bool> done) { stored.push_back(std::move(done)); });
  }

  NullLog log;
  std::map<aws::ShardId, Fence> held;
  std::map<aws::ShardId, std::optional<Position>> begins;
  std::vector<HeldLease::End> ends;
  std::vector<Error> failures;
  std::vector<Result<bool>> stored;
  int asked = 0;
  sim::InProcessDynamoDb reads;
  sim::InProcessWrites writes;
  std::unique_ptr<LeaseTable> lease_table;
  LeaseTable& table = *lease_table;
};

class LeaseTableTest : public testing::Test {
 protected:
  Worker& add(size_t shards) {
    Worker& worker = create();
    EXPECT_TRUE(start(worker).value_or(false));
    worker.table.want(listing(shards));
    return worker;
  }
  Worker& create() {
    workers.push_back(std::make_unique<Worker>(loop, service, random, static_cast<int>(workers.size())));
    return *workers.back();
  }
  Result<bool> start(Worker& worker) {
    return answer_of<bool>(loop, [&](Done<bool> done) { worker.table.start(std::move(done)); });
  }
  static std::vector<WantedLease> listing(size_t shards) {
    std::vector<WantedLease> wanted;
    for (size_t i = 0; i < shards; ++i) wanted.push_back({.shard = aws::ShardId("shard-" + std::to_string(i))});
    return wanted;
  }
  size_t held() const {
    size_t sum = 0;
    for (const auto& worker : workers) sum += worker->held.size();
    return sum;
  }
  bool until(const std::function<bool()>& done, Duration limit = minutes(1)) { return loop.run_until(done, limit); }
  void run(Duration span) {
    until([] { return false; }, span);
  }
  std::string item(const aws::ShardId& shard) {
    const auto found = service.get_item(kTable.str(), {{"leaseKey", text_value(shard.str())}}, loop.now());
    return found.value() ? sim::to_json(**found) : "";
  }
  Lease row(const aws::ShardId& shard) { return read_lease(item(shard)).value().value(); }
  void put(const std::string& item) {
    json::Parser parser;
    ASSERT_TRUE(service.put_item(kTable.str(), sim::read_item(parser.parse(item).value()).value(), loop.now()));
  }
  void make_table() { ASSERT_TRUE(service.create_table({.name = kTable.str(), .keys = {{"leaseKey", 'S'}}}, loop.now())); }

  VirtualLoop loop{from_micros(1'795'318'371'000'000)};
  Random random{1};
  sim::DynamoDbStreams streams{{}};
  sim::DynamoDb service{{}, streams, random};
  std::vector<std::unique_ptr<Worker>> workers;
};

TEST(LeaseTableName, IsTheRelaysNameWithoutWhatATablesNameCannotHold) {
  EXPECT_EQ(lease_table_name(RelayName("kinesis:cdc-stream@testdrive.demo")).str(), "kinesis-cdc-stream-testdrive.demo");
  EXPECT_EQ(lease_table_name(RelayName("ä_b/9")).str(), "--_b-9");
  EXPECT_EQ(lease_table_name(RelayName(std::string(300, 'x'))).str().size(), 255u);
}

TEST_F(LeaseTableTest, MakesTheTableAndTakesItsLeases) {
  service.options().creation_time = seconds(3);
  Worker& worker = add(3);
  EXPECT_TRUE(until([&] { return worker.held.size() == 3; }, seconds(2)));
  EXPECT_EQ(worker.begins.at(kFirst), Position::trim_horizon());
  EXPECT_TRUE(worker.table.may_write(kFirst, worker.held.at(kFirst)));
  EXPECT_FALSE(worker.table.may_write(kFirst, worker.held.at(kFirst) - 1));
  EXPECT_EQ(row(kFirst).owner.str(), "worker-0");
  run(minutes(2));
  EXPECT_EQ(worker.held.size(), 3u);
  EXPECT_TRUE(worker.failures.empty());
  EXPECT_EQ(worker.table.counts().lost, 0u);
}

TEST_F(LeaseTableTest, RefusesATableOfSomethingElse) {
  ASSERT_TRUE(service.create_table({.name = kTable.str(), .keys = {{"pk", 'S'}}}, loop.now()));
  const Result<bool> started = start(create());
  EXPECT_EQ(started.error().kind, ErrorKind::mismatch);
  EXPECT_THAT(started.error().message, HasSubstr("leaseKey"));
}

TEST_F(LeaseTableTest, TellsThatTheTableCannotBeReached) {
  Worker& worker = create();
  worker.reads.settings().down = true;
  EXPECT_EQ(start(worker).error().kind, ErrorKind::unreachable);
  worker.reads.settings() = {.faults = {.denied = 1}};
  EXPECT_EQ(start(worker).error().kind, ErrorKind::denied);
}

TEST_F(LeaseTableTest, TellsThatARightIsMissing) {
  Worker& worker = create();
  ASSERT_TRUE(start(worker));
  worker.writes.settings().faults = {.denied = 1};
  worker.table.want(listing(1));
  run(seconds(5));
  ASSERT_FALSE(worker.failures.empty());
  EXPECT_EQ(worker.failures[0].kind, ErrorKind::denied);
  EXPECT_TRUE(worker.held.empty());
}

TEST_F(LeaseTableTest, StoresProgressAndTellsWhenItIsThere) {
  Worker& worker = add(1);
  ASSERT_TRUE(until([&] { return worker.held.size() == 1; }));
  const Fence fence = worker.held.at(kFirst);
  const OwnProgress own{.position = {}, .read_to = from_micros(77), .epoch = 3, .incarnation = Incarnation("arn/1")};
  for (const char* number : {"100", "200"}) {
    worker.table.store(kFirst, fence, Position::after(aws::SequenceNumber(number)), own,
                       [&](Result<bool> done) { worker.stored.push_back(std::move(done)); });
  }
  ASSERT_TRUE(until([&] { return worker.stored.size() == 2; }, seconds(3)));
  EXPECT_TRUE(worker.stored[0] && worker.stored[1]);
  EXPECT_EQ(to_string(row(kFirst).checkpoint), "200");
  EXPECT_EQ(row(kFirst).own, (OwnProgress{"200", from_micros(77), 3, Incarnation("arn/1")}));
  EXPECT_EQ(position_of(row(kFirst)), Position::after(aws::SequenceNumber("200")));
  // Statement 6: never back.
  worker.store(kFirst, Position::after(aws::SequenceNumber("99")));
  ASSERT_TRUE(until([&] { return worker.stored.size() == 3; }, seconds(3)));
  EXPECT_EQ(to_string(row(kFirst).checkpoint), "200");
  worker.table.store(kFirst, fence - 1, Position::after(aws::SequenceNumber("300")), {},
                     [&](Result<bool> done) { worker.stored.push_back(std::move(done)); });
  ASSERT_TRUE(until([&] { return worker.stored.size() == 4; }, seconds(3)));
  EXPECT_EQ(worker.stored[3].error().kind, ErrorKind::fenced);
}

TEST_F(LeaseTableTest, EndsAShardOnceItsChildrenHaveRows) {
  Worker& worker = add(1);
  ASSERT_TRUE(until([&] { return worker.held.size() == 1; }));
  const WantedLease child{.shard = aws::ShardId("child"), .parents = {kFirst}, .hash_range = HashRange{"0", "9"}};
  std::optional<Result<bool>> ended;
  worker.table.store_end(kFirst, worker.held.at(kFirst), {}, {child}, [&](Result<bool> done) { ended = std::move(done); });
  ASSERT_TRUE(until([&] { return worker.held.contains(child.shard); }, seconds(3)));
  EXPECT_TRUE(ended && *ended);
  EXPECT_TRUE(row(kFirst).finished());
  EXPECT_EQ(row(kFirst).children, std::vector{child.shard});
  EXPECT_EQ(row(child.shard).parents, std::vector{kFirst});
  EXPECT_EQ(worker.ends, std::vector{HeldLease::End::stored_end});
}

TEST_F(LeaseTableTest, SharesWithOneThatComesLaterAndGivesAllBackAtTheEnd) {
  Worker& first = add(10);
  ASSERT_TRUE(until([&] { return first.held.size() == 10; }));
  Worker& second = add(10);
  ASSERT_TRUE(until([&] { return second.held.size() == 5; }, seconds(20)));
  EXPECT_EQ(first.held.size(), 5u);
  EXPECT_EQ(first.asked, 5);
  for (const auto& [shard, begin] : second.begins) EXPECT_EQ(begin, Position::after(aws::SequenceNumber("7")));
  const auto held = first.held;
  for (const auto& [shard, fence] : held) first.table.let_go(shard, fence);
  EXPECT_TRUE(answer_of<bool>(loop, [&](Done<bool> done) { first.table.stop(std::move(done)); }, seconds(1)).value());
  EXPECT_TRUE(until([&] { return second.held.size() == 10; }, seconds(3)));
}

// Statement 3, over the calls themselves.
TEST_F(LeaseTableTest, RecognisesWritesWhoseAnswersAreLost) {
  Worker& worker = add(4);
  ASSERT_TRUE(until([&] { return worker.held.size() == 4; }));
  worker.writes.settings().faults = {.lost_answer = 1};
  const auto held = worker.held;
  for (const auto& [shard, fence] : held) worker.store(shard, Position::after(aws::SequenceNumber("5")));
  run(seconds(4));
  worker.writes.settings().faults = {};
  ASSERT_TRUE(until([&] { return worker.stored.size() == 4; }, seconds(10)));
  for (const Result<bool>& stored : worker.stored) EXPECT_TRUE(stored);
  EXPECT_EQ(worker.held, held);
}

// Statement 10.
TEST_F(LeaseTableTest, OutlivesAnOutageOfTheTable) {
  add(6);
  add(6);
  ASSERT_TRUE(until([&] { return held() == 6; }));
  const auto before = workers[0]->held;
  for (const auto& worker : workers) worker->reads.settings().down = worker->writes.settings().down = true;
  run(seconds(11));
  for (const auto& [shard, fence] : before) EXPECT_FALSE(workers[0]->table.may_write(shard, fence));
  EXPECT_EQ(held(), 0u);
  run(seconds(60));
  for (const auto& worker : workers) worker->reads.settings().down = worker->writes.settings().down = false;
  EXPECT_TRUE(until([&] { return held() == 6; }, seconds(10)));
}

TEST_F(LeaseTableTest, LivesWithFaults) {
  for (int i = 0; i < 3; ++i) add(9);
  for (const auto& worker : workers) {
    worker->reads.settings().faults = sim::wild_faults();
    worker->writes.settings().faults = sim::wild_faults();
    worker->reads.settings().faults.denied = worker->writes.settings().faults.denied = 0;
  }
  run(minutes(5));
  for (const auto& worker : workers) worker->reads.settings().faults = worker->writes.settings().faults = {};
  run(minutes(3));
  for (const auto& worker : workers) EXPECT_EQ(worker->held.size(), 3u);
}

// Statement 9: what the library has left is taken over, and given back with nothing changed but what was meant.
TEST_F(LeaseTableTest, TakesOverATableOfTheLibrary) {
  make_table();
  for (const std::string& item : recorded_items(CTK_SOURCE_DIR, "lease-table-3.x.json", "app-resharded")) put(item);
  put(R"({"leaseKey":{"S":"shardId-000000000009"},"leaseCounter":{"N":"3"},"checkpoint":{"S":"77"},)"
      R"("checkpointSubSequenceNumber":{"N":"4"},"leaseOwner":{"S":"worker-1"},"future":{"L":[{"S":"x"}]},)"
      R"("pendingCheckpointState":{"N":"0"}})");
  const std::string leader = item(aws::ShardId("Leader")), metrics = item(aws::ShardId("worker-1"));
  const Lease finished = row(aws::ShardId("shardId-000000000000"));
  Worker& worker = add(0);
  ASSERT_TRUE(until([&] { return worker.held.size() == 4; }, seconds(15)));
  const aws::ShardId child("shardId-000000000003"), strange("shardId-000000000009");
  EXPECT_EQ(worker.begins.at(child), Position::at_sequence(row(child).checkpoint.sequence));
  EXPECT_EQ(row(child).counter, 17);
  EXPECT_EQ(row(child).owner_switches, 1);
  EXPECT_EQ(row(child).owner.str(), "worker-0");
  EXPECT_THAT(item(strange), HasSubstr(R"("future":{"L":[{"S":"x"}]})"));
  EXPECT_THAT(item(strange), HasSubstr("pendingCheckpointState"));
  worker.store(strange, Position::after(aws::SequenceNumber("78")));
  run(seconds(2));
  EXPECT_THAT(item(strange), HasSubstr(R"("future":{"L":[{"S":"x"}]})"));
  EXPECT_EQ(row(strange).owner_switches, 0);
  EXPECT_EQ(item(aws::ShardId("Leader")), leader);
  EXPECT_EQ(item(aws::ShardId("worker-1")), metrics);
  EXPECT_EQ(row(aws::ShardId("shardId-000000000000")), finished);
}

TEST_F(LeaseTableTest, CanGoAtAnyMoment) {
  for (int step = 0; step < 60; ++step) {
    Worker& worker = create();
    worker.table.start([](Result<bool>) {});
    run(Duration(1000 * step));
    worker.table.want(listing(3));
    run(Duration(1000 * step));
    if (step % 3 == 0) worker.table.stop([](Result<bool>) {});
    worker.lease_table.reset();  // its calls are under way yet
    run(seconds(1));
  }
}

TEST_F(LeaseTableTest, BesideALivingLeaderOfKcl3ThereIsNoPlace) {
  make_table();
  const auto beat = [&](int number) {
    put(R"({"leaseKey":{"S":"Leader"},"entityType":{"S":"LEADER"},"ownerName":{"S":"java-1"},"leaseDuration":{"S":"120000"},)"
        R"("recordVersionNumber":{"S":")" +
        std::to_string(number) + R"("}})");
  };
  beat(1);
  loop.after(seconds(30), [&] { beat(2); });
  std::optional<Result<bool>> started;
  create().table.start([&](Result<bool> answer) { started = std::move(answer); });
  ASSERT_TRUE(until([&] { return started.has_value(); }));
  ASSERT_FALSE(*started);
  EXPECT_EQ(started->error().kind, ErrorKind::refused);
  EXPECT_THAT(started->error().message, HasSubstr("java-1"));
}

TEST_F(LeaseTableTest, ALeaderOfKcl3ThatHasDiedIsWaitedFor) {
  make_table();
  put(R"({"leaseKey":{"S":"Leader"},"entityType":{"S":"LEADER"},"ownerName":{"S":"java-1"},"leaseDuration":{"S":"120000"},)"
      R"("recordVersionNumber":{"S":"1"}})");
  std::optional<Result<bool>> started;
  const Duration begun = loop.monotonic();
  create().table.start([&](Result<bool> answer) { started = std::move(answer); });
  ASSERT_TRUE(until([&] { return started.has_value(); }, minutes(5)));
  ASSERT_TRUE(*started) << to_string(started->error());
  EXPECT_GE(loop.monotonic() - begun, minutes(2));
}

}  // namespace
}  // namespace ctk::coordination
