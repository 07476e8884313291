// One lease's life as the calls that it is: the very bodies that are sent, kept in testdata/lease-writes.json. There the
// black-box tests find them, to play them to services of other people's making.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "aws/dynamodb_writes_wire.h"
#include "base/testing/answer.h"
#include "coordination/lease_writes.h"
#include "json/writer.h"
#include "sim/in_process_writes.h"

namespace ctk::coordination {
namespace {

struct Step {
  const char* what;
  LeaseWrite write;
  bool applied;
};

const aws::TableName kTable("leases");
const aws::ShardId kShard("shardId-000000000001");
const WorkerName kA("a"), kB("b"), kC("c");

LeaseProgress progress(const char* position, std::vector<aws::ShardId> children = {}) {
  return {.checkpoint = parse_checkpoint(position, 0).value(),
          .own = {position, from_micros(1'795'318'371'000'000), 1, Incarnation("arn/1")},
          .children = std::move(children)};
}

std::vector<Step> script() {
  const Lease lease{.shard = kShard,
                    .owner = {},
                    .checkpoint_owner = {},
                    .parents = {aws::ShardId("shardId-000000000000")},
                    .hash_range = HashRange{"0", "340282366920938463463374607431768211455"},
                    .own = {.position = "TRIM_HORIZON"}};
  const auto hold = [](const WorkerName& worker, int64_t counter) {
    return HoldLease{.shard = kShard, .counter = counter, .worker = worker};
  };
  HoldLease stores = hold(kA, 2), knows = hold(kA, 3), hands_over = hold(kA, 4), ends = hold(kB, 6), releases = hold(kB, 7),
            hands_over_idle = hold(kC, 9);
  stores.progress = progress("49590338271490256608559692538361571095921575989136588898");
  knows.asked_by = hands_over.asked_by = kB;
  hands_over.progress = progress("49590338271490256608559692538361571095921575989136588899");
  hands_over.after = hands_over_idle.after = LeaseAfter::handed_over;
  ends.progress = progress("SHARD_END", {aws::ShardId("shardId-000000000002"), aws::ShardId("shardId-000000000003")});
  releases.after = LeaseAfter::released;
  hands_over_idle.asked_by = kA;
  return {{"make the row", CreateLease{lease}, true},
          {"make it again", CreateLease{lease}, false},
          {"take it", TakeLease{kShard, 0, kA, false}, true},
          {"take it too late", TakeLease{kShard, 0, kB, true}, false},
          {"renew it", hold(kA, 1), true},
          {"store progress", stores, true},
          {"ask for it", AskForLease{kShard, kA, kB}, true},
          {"ask for it, too", AskForLease{kShard, kA, kC}, false},
          {"renew it and learn that it is asked for", hold(kA, 3), false},
          {"renew it in that knowledge", knows, true},
          {"hand it over", hands_over, true},
          {"take what was handed over", TakeLease{kShard, 5, kB, false}, true},
          {"ask for it again", AskForLease{kShard, kB, kC}, true},
          {"take that back", AskForLease{kShard, kB, kC, true}, true},
          {"store the end", ends, true},
          {"release it", releases, true},
          {"take what nobody has", TakeLease{kShard, 8, kC, false}, true},
          {"ask for that", AskForLease{kShard, kC, kA}, true},
          {"hand that over", hands_over_idle, true},
          {"remove a row that has changed", RemoveLease{kShard, 9}, false},
          {"remove the row", RemoveLease{kShard, 10}, true}};
}

std::string to_text(const std::vector<Step>& steps) {
  std::string text = "[\n";
  for (const Step& step : steps) {
    const aws::ItemWrite write = to_item_write(step.write, kTable);
    json::Writer out(text);
    out.begin_object();
    out.key("what");
    out.string(step.what);
    out.key("action");
    out.string(aws::action_of(write.kind));
    out.key("applied");
    out.boolean(step.applied);
    out.key("request");
    out.raw(aws::write_item_request(write));
    out.end_object();
    text += &step == &steps.back() ? "\n" : ",\n";
  }
  return text + "]\n";
}

TEST(LeaseScript, IsTheRecordedOne) {
  std::ifstream in(std::string(CTK_SOURCE_DIR) + "/src/coordination/testdata/lease-writes.json");
  const std::string recorded{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(recorded, to_text(script()));
}

TEST(LeaseScript, IsUnderstoodByTheSimulatedService) {
  VirtualLoop loop{from_micros(1'795'318'371'000'000)};
  Random random(1);
  sim::DynamoDbStreams streams{{}};
  sim::DynamoDb service{{}, streams, random};
  ASSERT_TRUE(service.create_table({.name = kTable.str(), .keys = {{"leaseKey", 'S'}}}, loop.now()));
  sim::InProcessWrites api{service, {loop, loop, random}};
  for (const Step& step : script()) {
    const auto outcome = answer_of<aws::WriteOutcome>(
        loop, [&](auto done) { api.write_item(to_item_write(step.write, kTable), std::move(done)); });
    ASSERT_TRUE(outcome) << step.what << ": " << to_string(outcome.error());
    EXPECT_EQ(outcome->applied, step.applied) << step.what;
    if (!step.applied) {
      EXPECT_TRUE(outcome->item && read_lease(*outcome->item).value()) << step.what;
    }
  }
}

}  // namespace
}  // namespace ctk::coordination
