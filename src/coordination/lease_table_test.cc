// Workers on one loop share a lease table in the simulated DynamoDB, in virtual time.
#include "coordination/lease_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
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

/// Keeps what is worth a line.
class KeptLines final : public Log {
 public:
  std::vector<std::string> lines;
  bool enabled(LogLevel level) const override { return level <= LogLevel::info; }
  void write(LogLevel, std::string_view message, std::span<const LogField> fields) override {
    std::string line(message);
    for (const LogField& field : fields) line += " " + std::string(field.key) + "=" + field.value;
    lines.push_back(std::move(line));
  }
};

/// A worker that reads nothing: it holds leases, and lets them go when it is asked to.
class Worker final : public LeaseHolder {
 public:
  Worker(VirtualLoop& loop, sim::DynamoDb& service, Random& random, int number, bool of_load = false)
      : reads(service, {loop, loop, random}),
        writes(service, {loop, loop, random}),
        lease_table(
            std::make_unique<LeaseTable>(loop, loop, reads, writes, log, options(number, random.next(), of_load), *this)) {}

  static LeaseTableOptions options(int number, uint64_t seed, bool of_load) {
    LeaseTableOptions options;
    options.is_ours = of_load;
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
  void leases_work(Duration) override { ++recoveries; }

  void store(const aws::ShardId& shard, const Position& position) {
    table.store(shard, held.at(shard), position, {}, [this](Result<bool> done) { stored.push_back(std::move(done)); });
  }

  KeptLines log;
  std::map<aws::ShardId, Fence> held;
  std::map<aws::ShardId, std::optional<Position>> begins;
  std::vector<HeldLease::End> ends;
  std::vector<Error> failures;
  std::vector<Result<bool>> stored;
  int asked = 0, recoveries = 0;
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

TEST_F(LeaseTableTest, WhatBecomesOfALoadsSegmentsIsOneLineInAWhile) {
  Worker& worker = *workers.emplace_back(std::make_unique<Worker>(loop, service, random, 0, true));
  EXPECT_TRUE(start(worker).value_or(false));
  worker.table.want(listing(30));
  ASSERT_TRUE(until([&] { return worker.held.size() == 30; }));
  const auto held = worker.held;
  worker.table.let_go(kFirst, held.at(kFirst));
  worker.table.store_end(aws::ShardId("shard-1"), held.at(aws::ShardId("shard-1")), {}, {}, [](const Result<bool>&) {});
  run(seconds(61));
  EXPECT_THAT(
      worker.log.lines,
      testing::ElementsAre("made the lease table table=leases",
                           "segments of the load have been shared out held=29 taken=31 let_go=1 lost=0 finished=1"));
  run(minutes(1));
  EXPECT_EQ(worker.log.lines.size(), 2u) << "nothing has become of them since";
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

TEST_F(LeaseTableTest, ATableThatWasDeletedIsNotMadeAnewByThoseWhoUsedIt) {
  Worker& worker = add(3);
  ASSERT_TRUE(until([&] { return worker.held.size() == 3; }));
  worker.store(kFirst, Position::after(aws::SequenceNumber("5")));
  run(seconds(5));
  EXPECT_EQ(worker.table.figures().outage, std::nullopt);
  ASSERT_TRUE(service.delete_table(kTable.str(), loop.now()));
  run(minutes(2));
  EXPECT_FALSE(service.describe_table(kTable.str(), loop.now()));
  EXPECT_TRUE(worker.held.empty());
  ASSERT_EQ(worker.failures.size(), 2u) << "once of those that read, once of those that write";
  EXPECT_THAT(to_string(worker.failures[0]), HasSubstr("lease table 'leases' is not there any more"));
  ASSERT_TRUE(worker.table.figures().outage);
  EXPECT_GE(worker.table.figures().outage->lasts, seconds(110));
  EXPECT_THAT(worker.table.figures().outage->error, HasSubstr("restore it"));

  make_table();
  ASSERT_TRUE(until([&] { return worker.held.size() == 3; }, seconds(15)));
  EXPECT_EQ(worker.begins.at(kFirst), Position::after(aws::SequenceNumber("5"))) << "where it stood";
  EXPECT_EQ(worker.begins.at(aws::ShardId("shard-1")), Position::trim_horizon());
  run(seconds(5));
  EXPECT_EQ(worker.table.figures().outage, std::nullopt);
  EXPECT_EQ(worker.recoveries, 2);
  EXPECT_EQ(worker.failures.size(), 2u);
}

TEST_F(LeaseTableTest, WorkersGoOnInATableThatANewOneHasMadeAnew) {
  add(6);
  add(6);
  ASSERT_TRUE(until([&] { return workers[0]->held.size() == 3 && workers[1]->held.size() == 3; }, minutes(1)));
  ASSERT_TRUE(service.delete_table(kTable.str(), loop.now()));
  run(seconds(30));
  EXPECT_EQ(held(), 0u);
  add(6);
  EXPECT_TRUE(until([&] { return held() == 6; }, seconds(30)));
  run(minutes(1));
  for (const auto& worker : workers) EXPECT_EQ(worker->held.size(), 2u);
}

TEST_F(LeaseTableTest, WhoHasNothingToWriteIsWellOnceTheTableIsThereAgain) {
  Worker& worker = add(1);
  ASSERT_TRUE(until([&] { return worker.held.size() == 1; }));
  ASSERT_TRUE(service.delete_table(kTable.str(), loop.now()));
  ASSERT_TRUE(until([&] { return worker.held.empty(); }, minutes(1)));
  ASSERT_TRUE(worker.table.figures().outage);
  const Worker& other = add(1);
  ASSERT_TRUE(until([&] { return other.held.size() == 1; }, minutes(1)));
  EXPECT_TRUE(until([&] { return !worker.table.figures().outage; }, seconds(30)));
  EXPECT_TRUE(worker.held.empty());
}

/// Who makes the table knows nothing of those who used the one before, and they write for as long as they could hold its
/// leases. Decision 0026 says so: it is over with the time to fail over, and what is read twice was never passed over.
TEST_F(LeaseTableTest, ATableThatIsDeletedAndMadeAnewAtOnceIsReadByTwoUntilTheTimeToFailOverIsOver) {
  add(6);
  add(6);
  ASSERT_TRUE(until([&] { return workers[0]->held.size() == 3 && workers[1]->held.size() == 3; }, minutes(1)));
  const Position stored = Position::after(aws::SequenceNumber("5"));
  for (const auto& worker : workers) {
    for (const auto& [shard, fence] : std::map(worker->held)) worker->store(shard, stored);
  }
  run(seconds(5));
  ASSERT_TRUE(service.delete_table(kTable.str(), loop.now()));
  Worker& comes = add(6);
  const auto is_read_by_two = [&] {
    std::set<aws::ShardId> writes;
    for (const auto& worker : workers) {
      for (const auto& [shard, fence] : worker->held) {
        if (worker->table.may_write(shard, fence) && !writes.insert(shard).second) return true;
      }
    }
    return false;
  };
  EXPECT_TRUE(until(is_read_by_two, seconds(5))) << "by those who have not heard of it yet";
  EXPECT_TRUE(until([&] { return !is_read_by_two(); }, seconds(10)));
  EXPECT_FALSE(until(is_read_by_two, minutes(2)));
  for (const auto& worker : workers) EXPECT_EQ(worker->held.size(), 2u);
  for (const auto& [shard, begins] : comes.begins) EXPECT_TRUE(begins == Position::trim_horizon() || begins == stored);
}

TEST_F(LeaseTableTest, RowsThatSomebodyHasDeletedAreMadeAnew) {
  Worker& worker = add(2);
  ASSERT_TRUE(until([&] { return worker.held.size() == 2; }));
  worker.store(kFirst, Position::after(aws::SequenceNumber("5")));
  run(seconds(5));
  ASSERT_TRUE(service.delete_table(kTable.str(), loop.now()));
  make_table();
  ASSERT_TRUE(until([&] { return worker.held.empty(); }, seconds(30)));
  ASSERT_TRUE(until([&] { return worker.held.size() == 2; }, seconds(30)));
  EXPECT_EQ(worker.begins.at(kFirst), Position::after(aws::SequenceNumber("5")));
  EXPECT_TRUE(worker.failures.empty());
}

TEST_F(LeaseTableTest, AWriteOfARowThatWasDeletedFindsNoCounterOfItsOwnInTheRowMadeAnew) {
  Worker& worker = add(1);
  ASSERT_TRUE(until([&] { return worker.held.size() == 1; }));
  worker.store(kFirst, Position::after(aws::SequenceNumber("5")));
  run(seconds(5));
  HoldLease late{.shard = kFirst, .counter = row(kFirst).counter, .worker = WorkerName("worker-0")};
  late.progress.emplace().checkpoint = checkpoint_of(Position::after(aws::SequenceNumber("3")));
  ASSERT_TRUE(service.delete_table(kTable.str(), loop.now()));
  make_table();
  // It comes after each renewal of the row that was made anew.
  for (int i = 0; i < 40; ++i) {
    run(seconds(3));
    worker.writes.write_item(to_item_write(late, kTable), [](const Result<aws::WriteOutcome>&) {});
    if (!item(kFirst).empty()) {
      EXPECT_EQ(row(kFirst).checkpoint.sequence.str(), "5");
    }
  }
  EXPECT_EQ(worker.held.size(), 1u);
}

TEST_F(LeaseTableTest, ItsFiguresTellHowLeasesAreKept) {
  Worker& first = add(4);
  ASSERT_TRUE(until([&] { return first.held.size() == 4; }));
  run(seconds(20));
  const LeaseFigures alone = first.table.figures();
  EXPECT_EQ(alone.held, 4u);
  EXPECT_EQ(alone.workers, 1u);
  EXPECT_EQ(alone.counts.taken, 4u);
  EXPECT_GT(alone.calls.writes, 8u + 4 * 5);
  EXPECT_GT(alone.calls.scans, 8u);
  EXPECT_EQ(alone.calls.failed + alone.calls.throttled, 0u);
  EXPECT_GT(alone.since_renewal, Duration{});
  EXPECT_LE(alone.since_renewal, seconds(4));
  Worker& second = add(4);
  ASSERT_TRUE(until([&] { return second.held.size() == 2; }, seconds(20)));
  run(seconds(5));
  EXPECT_EQ(first.table.figures().workers, 2u);
  EXPECT_EQ(first.table.figures().counts.handed_over, 2u);
  EXPECT_EQ(second.table.figures().counts.asked_for, 2u);
  EXPECT_EQ(second.table.figures().counts.taken_expired, 0u);
  first.writes.settings().faults = {.throttled = 1};
  run(seconds(30));
  EXPECT_GT(first.table.figures().calls.throttled, 10u);
  EXPECT_GT(first.table.figures().counts.renewals_failed, 10u);
  EXPECT_EQ(first.table.figures().counts.lost, 2u);
  ASSERT_TRUE(first.table.figures().outage);
  EXPECT_EQ(second.table.figures().counts.taken_expired, 2u);
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
  ASSERT_TRUE(until([&] { return worker.held.size() == 4; }, minutes(3))) << "once its leader was silent for long enough";
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

/// A table on which a fleet of KCL 3 is at work: its leader, as a test plays him.
class BesideKcl3 : public LeaseTableTest {
 protected:
  void SetUp() override {
    make_table();
    put(lease("shard-0", "java-1", ""));
    put(lease("shard-1", "", ""));
  }
  static std::string lease(const std::string& shard, const std::string& owner, const std::string& holder) {
    std::string row = R"({"leaseKey":{"S":")" + shard +
                      R"("},"entityType":{"S":"LEASE"},"leaseCounter":{"N":"7"},"checkpoint":{"S":"40"})";
    if (!owner.empty()) row += R"(,"leaseOwner":{"S":")" + owner + R"("})";
    if (!holder.empty()) row += R"(,"checkpointOwner":{"S":")" + holder + R"("})";
    return row + "}";
  }
  void beat() {
    put(R"({"leaseKey":{"S":"Leader"},"entityType":{"S":"LEADER"},"ownerName":{"S":"java-1"},"leaseDuration":{"S":"120000"},)"
        R"("recordVersionNumber":{"S":")" +
        std::to_string(to_micros(loop.now())) + R"("}})");
  }
  void report(const std::string& worker, Duration ago = {}) {
    put(R"({"leaseKey":{"S":")" + worker + R"("},"entityType":{"S":"WORKER_METRIC_STATS"},"lut":{"N":")" +
        std::to_string(to_micros(loop.now() - ago) / 1'000'000) + R"("}})");
  }
  /// The fleet lives for so long: its leader beats, and java-1 renews shard-0.
  void live(Duration span) {
    for (const Duration end = loop.monotonic() + span; loop.monotonic() < end; run(seconds(5))) {
      beat();
      report("java-1");
      const Lease first = row(kFirst);
      if (first.holder() == WorkerName("java-1")) change(kFirst, "SET leaseCounter = leaseCounter + :v", R"({"N":"1"})");
    }
  }
  void change(const aws::ShardId& shard, const std::string& update, const std::string& value) {
    sim::InProcessWrites writes(service, {loop, loop, random});
    const aws::ItemWrite write{.table = kTable,
                               .kind = aws::ItemWrite::Kind::update,
                               .subject = lease_key(shard),
                               .update = update,
                               .condition = {},
                               .names = {},
                               .values = {{":v", value}}};
    ASSERT_TRUE(answer_of<aws::WriteOutcome>(
        loop, [&](Done<aws::WriteOutcome> done) { writes.write_item(write, std::move(done)); }));
  }
  std::string report_of_ours() { return item(aws::ShardId("worker-0")); }

  const aws::ShardId kSecond{"shard-1"};
};

TEST_F(BesideKcl3, OursReportsAndTakesOnlyWhatTheirLeaderGivesIt) {
  beat();
  Worker& worker = add(2);
  EXPECT_THAT(report_of_ours(), HasSubstr("WORKER_METRIC_STATS"));
  live(minutes(1));
  EXPECT_TRUE(worker.held.empty()) << "the second is nobody's, and not ours to take";
  EXPECT_TRUE(row(kSecond).owner.empty());
  EXPECT_EQ(row(kFirst).owner.str(), "java-1") << "nobody is asked";
  change(kSecond, "SET leaseOwner = :v, leaseCounter = leaseCounter + leaseCounter", R"({"S":"worker-0"})");
  ASSERT_TRUE(until([&] { return worker.held.contains(kSecond); }, seconds(3)));
  EXPECT_EQ(worker.begins.at(kSecond), Position::at_sequence(aws::SequenceNumber("40")));
  const std::string before = report_of_ours();
  live(minutes(1));
  EXPECT_NE(report_of_ours(), before) << "it reports again and again";
  EXPECT_EQ(worker.held.size(), 1u);
}

TEST_F(BesideKcl3, WhatIsHandedOverToOursIsTakenOnceItsHolderHasLetGo) {
  beat();
  Worker& worker = add(2);
  live(seconds(10));
  change(kFirst, "SET checkpointOwner = leaseOwner, leaseOwner = :v", R"({"S":"worker-0"})");
  live(seconds(15));
  EXPECT_TRUE(worker.held.empty());
  change(kFirst, "SET leaseCounter = leaseCounter + :v REMOVE checkpointOwner", R"({"N":"1"})");
  EXPECT_TRUE(until([&] { return worker.held.contains(kFirst); }, seconds(3)));
}

TEST_F(BesideKcl3, WhatTheirLeaderGivesAwayOfOursIsFinishedAndLetGo) {
  put(lease("shard-1", "worker-0", ""));
  beat();
  Worker& worker = add(2);
  ASSERT_TRUE(until([&] { return worker.held.contains(kSecond); }, seconds(3)));
  change(kSecond, "SET leaseOwner = :v, checkpointOwner = leaseOwner", R"({"S":"java-1"})");
  live(seconds(10));
  EXPECT_TRUE(worker.held.empty());
  EXPECT_EQ(worker.asked, 1);
  EXPECT_EQ(row(kSecond).owner.str(), "java-1");
  EXPECT_FALSE(row(kSecond).handed_over());
  EXPECT_EQ(to_string(row(kSecond).checkpoint), "40") << "7 is what this worker has stored: it is never behind";
}

TEST_F(BesideKcl3, OnceTheFleetHasDiedOursShareByThemselves) {
  beat();
  Worker& worker = add(2);
  live(seconds(30));
  const Duration died = loop.monotonic();
  ASSERT_TRUE(until([&] { return worker.held.size() == 2; }, minutes(5)));
  EXPECT_GE(loop.monotonic() - died, seconds(110)) << "a leader may be silent for two minutes";
  EXPECT_LE(loop.monotonic() - died, seconds(150));
  EXPECT_EQ(report_of_ours(), "") << "nobody is to give it anything";
}

TEST_F(BesideKcl3, AFleetThatComesLaterIsJoined) {
  Worker& worker = add(2);
  ASSERT_TRUE(until([&] { return worker.held.size() == 2; }, minutes(1)));
  EXPECT_EQ(report_of_ours(), "");
  live(seconds(40));
  EXPECT_THAT(report_of_ours(), HasSubstr("WORKER_METRIC_STATS"));
  EXPECT_EQ(worker.held.size(), 2u) << "until their leader gives it to others";
}

TEST_F(BesideKcl3, WhoLeavesTakesItsReportBackFirst) {
  put(lease("shard-1", "worker-0", ""));
  beat();
  Worker& worker = add(2);
  ASSERT_TRUE(until([&] { return worker.held.contains(kSecond); }, seconds(3)));
  ASSERT_TRUE(answer_of<bool>(loop, [&](Done<bool> done) { worker.table.retire(std::move(done)); }));
  EXPECT_EQ(report_of_ours(), "");
  EXPECT_EQ(row(kSecond).owner.str(), "worker-0");
}

/// A report that is on its way as it is told to leave comes before its being taken back.
TEST_F(BesideKcl3, WhoIsToldToLeaveAtAnyMomentLeavesNoReport) {
  beat();
  size_t reports = 0;
  for (int step = 0; step < 100; ++step) {
    Worker& worker = create();
    const aws::ShardId report("worker-" + std::to_string(step));
    worker.table.start([](Result<bool>) {});
    run(Duration(1000 * step));
    reports += item(report).empty() ? 0 : 1;
    ASSERT_TRUE(answer_of<bool>(loop, [&](Done<bool> done) { worker.table.retire(std::move(done)); }));
    EXPECT_EQ(item(report), "") << step << " ms after it began";
    run(seconds(1));
    EXPECT_EQ(item(report), "") << step << " ms after it began, and a second later";
    worker.lease_table.reset();
  }
  EXPECT_GT(reports, 0u);
  EXPECT_LT(reports, 100u);
}

TEST_F(BesideKcl3, WhoMayNotReportIsRefused) {
  beat();
  Worker& worker = create();
  worker.writes.settings().faults.denied = 1;
  const Result<bool> started = start(worker);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, ErrorKind::refused);
  EXPECT_THAT(started.error().message, HasSubstr("java-1 among them, and this one cannot report to their leader"));
}

TEST_F(BesideKcl3, AFirstLookThatFailsIsRepeated) {
  beat();
  Worker& worker = create();
  worker.reads.settings().faults.throttled = 0.5;
  ASSERT_TRUE(start(worker).value_or(false));
  worker.reads.settings().faults = {};
  worker.table.want(listing(2));
  live(minutes(1));
  EXPECT_TRUE(worker.held.empty()) << "their leader lives";
}

TEST_F(BesideKcl3, WhoCannotTellWhetherTheyAreThereDoesNotStart) {
  beat();
  Worker& worker = create();
  std::optional<Result<bool>> started;
  worker.table.start([&](Result<bool> done) { started = std::move(done); });
  ASSERT_TRUE(until([&] { return worker.reads.counts().describe_table == 1; }));
  worker.reads.settings().faults.throttled = 1;
  ASSERT_TRUE(until([&] { return started.has_value(); }, minutes(2)));
  ASSERT_FALSE(*started);
  EXPECT_EQ(started->error().kind, ErrorKind::unreachable);
  EXPECT_THAT(started->error().message, HasSubstr("cannot tell whether workers of the Kinesis Client Library 3"));
}

TEST_F(BesideKcl3, BetweenTwoLeadersTheirReportsTellThatSomebodyWillLead) {
  report("java-2");
  Worker& worker = add(2);
  EXPECT_THAT(report_of_ours(), HasSubstr("WORKER_METRIC_STATS"));
  run(seconds(30));
  EXPECT_TRUE(worker.held.empty());
  ASSERT_TRUE(until([&] { return worker.held.size() == 2; }, minutes(2))) << "it has left, too";
}

TEST_F(BesideKcl3, WorkersThatTakeLeasesAsThoseOfVersion2DoAreSharedWithAndReportedTo) {
  report("java-1");
  put(R"({"leaseKey":{"S":"Migration3.0"},"cv":{"S":"CLIENT_VERSION_UPGRADE_FROM_2X"}})");
  Worker& worker = add(2);
  EXPECT_TRUE(until([&] { return worker.held.contains(kSecond); }, seconds(3)));
  EXPECT_THAT(report_of_ours(), HasSubstr("WORKER_METRIC_STATS")) << "they wait for it before they go on to version 3";
}

TEST_F(BesideKcl3, OursReportsBesideTheLeaseTableWhereTheirsDo) {
  const std::string reports = kTable.str() + "-WorkerMetricStats";
  ASSERT_TRUE(service.create_table({.name = reports, .keys = {{"wid", 'S'}}}, loop.now()));
  json::Parser parser;
  const std::string theirs =
      R"({"wid":{"S":"java-1"},"lut":{"N":")" + std::to_string(to_micros(loop.now()) / 1'000'000) + R"("}})";
  ASSERT_TRUE(service.put_item(reports, sim::read_item(parser.parse(theirs).value()).value(), loop.now()));
  Worker& worker = add(2);
  const auto ours = service.get_item(reports, {{"wid", text_value("worker-0")}}, loop.now());
  ASSERT_TRUE(ours && *ours);
  EXPECT_THAT(sim::to_json(**ours), HasSubstr(R"("sts":{"M":{}})"));
  EXPECT_EQ(report_of_ours(), "") << "workers before version 3.5 would take it for a lease";
  run(seconds(30));
  EXPECT_TRUE(worker.held.empty());
}

}  // namespace
}  // namespace ctk::coordination
