// Workers that begin anew at once, on a table of which nobody knows who uses it.
#include "coordination/lease_reset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/testing/answer.h"
#include "coordination/leased_shards.h"
#include "sim/in_process_dynamodb.h"
#include "sim/in_process_writes.h"

namespace ctk::coordination {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr uint64_t kSeeds = 60;
const RelayName kRelay("kinesis:s@public.t");
const Position kOld = Position::after(aws::SequenceNumber("77"));

/// Many that are started by one command, and what they make of one table.
class Starters {
 public:
  explicit Starters(uint64_t seed) : random_(seed) {
    reads_.settings().faults = faults();
    writes_.settings().faults = faults();
    for (size_t i = 0, count = 1 + random_.below(4); i < count; ++i) shards_.emplace_back("shard-" + std::to_string(i));
  }

  /// What workers have left that were stopped, or killed. Counters are low: the newer rows' are, too.
  void leave_rows() {
    ASSERT_TRUE(service_.create_table({.name = table().str(), .keys = {{"leaseKey", 'S'}}}, loop_.now()));
    for (const aws::ShardId& shard : shards_) {
      Lease row{.shard = shard, .owner = {}, .checkpoint_owner = {}};
      if (random_.below(3) == 0) row.owner = WorkerName("dead");
      row.counter = static_cast<int64_t>(random_.below(4));
      row.checkpoint = checkpoint_of(kOld);
      row.own.position = shards::to_string(kOld);
      write(CreateLease{row});
    }
  }
  /// It comes within `within`.
  void start(bool resets, Duration within) {
    auto one = std::make_unique<Starter>();
    Starter& starter = *one;
    starter.name = WorkerName("worker-" + std::to_string(starters_.size()));
    LeasedShardsOptions options;
    options.settings.worker = starter.name;
    options.seed = random_.next();
    options.reset = resets;
    starter.shards = std::make_unique<LeasedShards>(loop_, loop_, reads_, writes_, log_, options, nullptr);
    starters_.push_back(std::move(one));
    const auto after = static_cast<uint64_t>(within / milliseconds(1));
    loop_.after(milliseconds(random_.below(after + 1)), [this, &starter] { begin(starter); });
  }
  /// Nobody may write what another one may write, at any moment of it.
  void live(Duration span) {
    const Duration until = loop_.monotonic() + span;
    while (loop_.monotonic() < until) {
      loop_.run_until([] { return false; }, milliseconds(20));
      for (const aws::ShardId& shard : shards_) EXPECT_LE(writers_of(shard).size(), 1U) << shard;
      if (testing::Test::HasFailure()) return;
    }
  }

  size_t writers() {
    size_t sum = 0;
    for (const aws::ShardId& shard : shards_) sum += writers_of(shard).size();
    return sum;
  }
  size_t shards() const { return shards_.size(); }
  size_t refused() const {
    return static_cast<size_t>(std::ranges::count_if(starters_, [](const auto& one) { return one->refused.has_value(); }));
  }
  std::string words() const {
    for (const auto& one : starters_) {
      if (one->refused) return one->refused->message;
    }
    return "";
  }
  /// Rows that stand where those did that were to be forgotten.
  size_t old_rows() {
    const auto rows = answer_of<std::vector<Lease>>(loop_, [&](Done<std::vector<Lease>> done) {
      tasks_.spawn(read_leases_and_segments({reads_, writes_, loop_, log_, tasks_}, table()), std::move(done));
    });
    EXPECT_TRUE(rows);
    return static_cast<size_t>(
        std::ranges::count_if(*rows, [](const Lease& row) { return row.checkpoint == checkpoint_of(kOld); }));
  }
  void end_faults() {
    reads_.settings().faults = {};
    writes_.settings().faults = {};
  }

 private:
  using Rows = std::vector<StoredPosition>;
  struct Starter {
    WorkerName name;
    std::unique_ptr<LeasedShards> shards;
    std::optional<Error> refused;
  };

  static aws::TableName table() { return lease_table_name(kRelay); }
  sim::FaultKnobs faults() {
    sim::FaultKnobs faults;
    faults.slow = random_.fraction() * 0.5;
    faults.slow_by = milliseconds(1 + random_.below(2500));
    faults.throttled = random_.fraction() * 0.1;
    return faults;
  }
  void write(const LeaseWrite& what) {
    Result<aws::WriteOutcome> outcome = fail(ErrorKind::throttled, "");
    for (int i = 0; i < 20 && !outcome; ++i) {
      outcome = answer_of<aws::WriteOutcome>(
          loop_, [&](Done<aws::WriteOutcome> done) { writes_.write_item(to_item_write(what, table()), std::move(done)); });
    }
    ASSERT_TRUE(outcome && outcome->applied);
  }
  std::vector<WorkerName> writers_of(const aws::ShardId& shard) {
    std::vector<WorkerName> names;
    for (const auto& one : starters_) {
      if (one->shards->may_write(shard)) names.push_back(one->name);
    }
    return names;
  }
  /// As a relay does: what may pass is tried again.
  void begin(Starter& starter) {
    starter.shards->read(kRelay, [this, &starter](Result<Rows> rows) {
      if (rows) return share(starter);
      if (rows.error().kind == ErrorKind::refused) {
        starter.refused = rows.error();
        return;
      }
      loop_.after(seconds(1), [this, &starter] { begin(starter); });
    });
  }
  void share(Starter& starter) {
    Assignment::Listener listener;
    listener.gained = [](const std::vector<aws::ShardId>&) {};
    listener.lost = [&starter](const std::vector<aws::ShardId>& shards) { starter.shards->let_go(shards); };
    starter.shards->begin(kRelay, std::move(listener));
    std::vector<SharedShard> wanted;
    for (const aws::ShardId& shard : shards_) wanted.push_back({shard, {}, Position::trim_horizon()});
    starter.shards->want(std::move(wanted));
  }

  Random random_;
  VirtualLoop loop_{from_micros(1'795'318'371'000'000)};
  NullLog log_;
  sim::DynamoDbStreams streams_{{}};
  sim::DynamoDb service_{{}, streams_, random_};
  sim::InProcessDynamoDb reads_{service_, {loop_, loop_, random_}};
  sim::InProcessWrites writes_{service_, {loop_, loop_, random_}};
  TaskGroup tasks_{loop_};
  std::vector<aws::ShardId> shards_;
  std::vector<std::unique_ptr<Starter>> starters_;
};

/// An operator who gives all of them --reset. Whoever comes too late is told of those who live; where none is, they share.
TEST(LeaseReset, ManyAtOnceHaveNoTwoWritersAndForgetAll) {
  size_t refused = 0, passed = 0;
  for (uint64_t seed = 1; seed <= kSeeds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Starters starters(seed);
    starters.leave_rows();
    const Duration within = seed % 3 == 0 ? seconds(20) : seconds(seed % 2);
    for (int i = 0; i < 3; ++i) starters.start(true, within);
    starters.live(seconds(50));
    starters.end_faults();
    starters.live(seconds(40));
    EXPECT_LT(starters.refused(), 3U);
    EXPECT_EQ(starters.writers(), starters.shards());
    EXPECT_EQ(starters.old_rows(), 0U);
    if (starters.refused() > 0) {
      EXPECT_NE(starters.words().find("workers hold leases of table 'kinesis-s-public.t': worker-"), std::string::npos);
    }
    refused += starters.refused();
    passed += 3 - starters.refused();
  }
  EXPECT_GT(refused, kSeeds / 6);
  EXPECT_GT(passed, kSeeds);
}

}  // namespace
}  // namespace ctk::coordination
