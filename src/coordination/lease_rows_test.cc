// In which order rows are made where a shard ends, and with which counters.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "coordination/lease_keeper.h"

namespace ctk::coordination {
namespace {

using std::chrono::seconds;
using Kind = LeaseWriteAnswer::Kind;

std::vector<Lease> rows_made(const LeaseActions& actions) {
  std::vector<Lease> rows;
  for (const LeaseAction& action : actions) {
    const auto* write = std::get_if<LeaseWrite>(&action);
    const auto* create = write == nullptr ? nullptr : std::get_if<CreateLease>(write);
    if (create != nullptr) rows.push_back(create->lease);
  }
  return rows;
}

std::set<aws::ShardId> made(const LeaseActions& actions) {
  std::set<aws::ShardId> shards;
  for (const Lease& row : rows_made(actions)) shards.insert(row.shard);
  return shards;
}

/// Two shards are merged, and the end of one is read before anybody has made a row of the other.
TEST(LeaseRows, OfAMergeIsMadeAfterThoseOfBothParents) {
  const aws::ShardId first("a"), second("b"), child("c");
  LeaseKeeper keeper({.worker = WorkerName("me")}, 1);
  keeper.made_table(seconds(0));
  const auto row = [](const aws::ShardId& shard, int64_t counter) {
    return Lease{.shard = shard, .owner = WorkerName("me"), .checkpoint_owner = {}, .counter = counter};
  };
  keeper.scanned({{.shard = first, .owner = {}, .checkpoint_owner = {}}}, seconds(1), seconds(1));
  keeper.written(TakeLease{first, 0, WorkerName("me"), false}, {Kind::applied, row(first, 1)}, seconds(1), seconds(1));
  ASSERT_TRUE(keeper.held().contains(first));
  const WantedLease merged{.shard = child, .parents = {first, second}};
  keeper.want({{.shard = first}, {.shard = second}, merged}, seconds(2));
  ASSERT_TRUE(keeper.store_end(first, 1, {}, {merged}, seconds(2)));
  EXPECT_TRUE(made(keeper.advance(seconds(2))).empty());
  EXPECT_EQ(made(keeper.scanned({row(first, 1)}, seconds(3), seconds(3))), std::set{second});
  const WantedLease other{.shard = second};
  keeper.written(CreateLease{new_lease(other)}, {Kind::applied, {}}, seconds(3), seconds(3));
  EXPECT_EQ(made(keeper.advance(seconds(4))), std::set{child});
}

/// A row may be deleted, and made anew by a request that is late, or by another worker: who watched the one, or has a write
/// for it on its way, must not take the next for it. (Both had low counters, and two workers one shard.)
TEST(LeaseRows, OfOneShardHaveCountersThatAreFarApart) {
  const aws::ShardId shard("a");
  std::set<int64_t> counters;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    LeaseKeeper keeper({.worker = WorkerName("me")}, seed);
    keeper.made_table(seconds(0));
    keeper.want({{.shard = shard}}, seconds(1));
    for (const Lease& row : rows_made(keeper.scanned({}, seconds(1), seconds(1)))) counters.insert(row.counter);
  }
  ASSERT_EQ(counters.size(), 50U);
  for (auto low = counters.begin(), high = std::next(low); high != counters.end(); ++low, ++high)
    EXPECT_GE(*high - *low, 1000);
}

}  // namespace
}  // namespace ctk::coordination
