#include "coordination/lease_balance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

namespace ctk::coordination {
namespace {

struct Table {
  LeaseLoad load;
  std::vector<MovableLease> movable;
};

/// One who has `mine`, and others.
Table table(size_t mine, const std::vector<size_t>& others) {
  Table out{.load = {.leases = mine, .mine = mine}, .movable = {}};
  for (size_t i = 0; i < others.size(); ++i) {
    const WorkerName worker("other-" + std::to_string(i));
    out.load.leases += others[i];
    if (others[i] > 0) out.load.others[worker] = others[i];
    for (size_t j = 0; j < others[i]; ++j) {
      out.movable.push_back({aws::ShardId(worker.str() + "/" + std::to_string(j)), worker});
    }
  }
  return out;
}

MovePlan plan(const Table& table, bool may_even_out, uint64_t seed = 1) {
  Random random(seed);
  return plan_moves(table.load, table.movable, may_even_out, random);
}

TEST(LeaseBalance, AsksForTheShareRoundedDown) {
  EXPECT_EQ(plan(table(0, {64}), false).moves.size(), 32u);
  EXPECT_EQ(plan(table(0, {10, 10, 10}), false).moves.size(), 7u);
  EXPECT_EQ(plan(table(0, {3, 3, 3}), false).moves.size(), 2u);
  EXPECT_FALSE(plan(table(0, {64}), false).evens_out);
}

TEST(LeaseBalance, AsksNobodyWhoHasOneMore) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    EXPECT_TRUE(plan(table(0, {1}), true, seed).moves.empty());
    EXPECT_TRUE(plan(table(0, {1, 1, 1}), true, seed).moves.empty());
    EXPECT_TRUE(plan(table(3, {4, 4, 3}), true, seed).moves.empty());
    EXPECT_TRUE(plan(table(5, {3, 2}), true, seed).moves.empty());
  }
}

TEST(LeaseBalance, EvensOutOneAtATime) {
  size_t moves = 0;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const MovePlan made = plan(table(2, {4, 2, 2}), true, seed);
    EXPECT_LE(made.moves.size(), 1u);
    EXPECT_EQ(made.evens_out, !made.moves.empty());
    for (const MovableLease& lease : made.moves) EXPECT_EQ(lease.owner, WorkerName("other-0"));
    EXPECT_TRUE(plan(table(2, {4, 2, 2}), false, seed).moves.empty());
    moves += made.moves.size();
  }
  EXPECT_GT(moves, 0u);
  EXPECT_LT(moves, 50u) << "not all who could ask do";
}

RC_GTEST_PROP(LeaseBalanceProperty, NobodyIsBroughtBelowTheShare, ()) {
  const auto mine = *rc::gen::inRange<size_t>(0, 20);
  const auto others = *rc::gen::container<std::vector<size_t>>(rc::gen::inRange<size_t>(0, 40));
  const Table made = table(mine, others);
  const MovePlan moves = plan(made, *rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<uint64_t>());
  std::map<WorkerName, size_t> left = made.load.others;
  std::set<aws::ShardId> shards;
  for (const MovableLease& lease : moves.moves) {
    --left[lease.owner];
    RC_ASSERT(shards.insert(lease.shard).second);
  }
  const size_t then = mine + moves.moves.size();
  for (const MovableLease& lease : moves.moves) RC_ASSERT(left[lease.owner] + 1 >= then);
  RC_ASSERT(moves.moves.empty() || moves.evens_out || then <= made.load.share_rounded_down());
}

}  // namespace
}  // namespace ctk::coordination
