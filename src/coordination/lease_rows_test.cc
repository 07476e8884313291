// In which order rows are made where a shard ends.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "coordination/lease_keeper.h"

namespace ctk::coordination {
namespace {

using std::chrono::seconds;
using Kind = LeaseWriteAnswer::Kind;

std::set<aws::ShardId> made(const LeaseActions& actions) {
  std::set<aws::ShardId> shards;
  for (const LeaseAction& action : actions) {
    const auto* write = std::get_if<LeaseWrite>(&action);
    const auto* create = write == nullptr ? nullptr : std::get_if<CreateLease>(write);
    if (create != nullptr) shards.insert(create->lease.shard);
  }
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

}  // namespace
}  // namespace ctk::coordination
