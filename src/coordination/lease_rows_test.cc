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

/// Whether there is a write of that kind among them.
template <class Write>
bool has(const LeaseActions& actions) {
  return std::ranges::any_of(actions, [](const LeaseAction& action) {
    const auto* write = std::get_if<LeaseWrite>(&action);
    return write != nullptr && std::holds_alternative<Write>(*write);
  });
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

void expect_far_apart(const std::set<int64_t>& counters) {
  for (auto low = counters.begin(), high = std::next(low); high != counters.end(); ++low, ++high)
    EXPECT_GE(*high - *low, 1000);
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
  expect_far_apart(counters);
}

/// Many workers know the row that was deleted, at the same counter or one write apart: the rows that they make are as far
/// apart as those of workers that know nothing. (They were as far apart as what had been seen, and a watch of one row held
/// for the next: two workers read the shard.)
TEST(LeaseRows, MadeByThoseWhoSawTheSameOneHaveCountersThatAreFarApart) {
  const aws::ShardId shard("a");
  std::set<int64_t> counters;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    LeaseKeeper keeper({.worker = WorkerName("me")}, seed);
    const int64_t seen = 7 + static_cast<int64_t>(seed % 2);
    keeper.want({{.shard = shard}}, seconds(1));
    keeper.scanned({{.shard = shard, .owner = WorkerName("other"), .checkpoint_owner = {}, .counter = seen}}, seconds(1),
                   seconds(1));
    keeper.scanned({}, seconds(60), seconds(60));
    for (const Lease& row : rows_made(keeper.scanned({}, seconds(70), seconds(70)))) counters.insert(row.counter);
  }
  ASSERT_EQ(counters.size(), 50U);
  expect_far_apart(counters);
}

/// A request of which the answer was lost may make the row a second time, when what the next one made was deleted.
TEST(LeaseRows, AskedForAgainHaveAnotherCounter) {
  const aws::ShardId parent("a"), child("b");
  LeaseKeeper keeper({.worker = WorkerName("me")}, 1);
  const Lease held{.shard = parent, .owner = WorkerName("me"), .checkpoint_owner = {}, .counter = 1};
  keeper.scanned({{.shard = parent, .owner = {}, .checkpoint_owner = {}}}, seconds(1), seconds(1));
  keeper.written(TakeLease{parent, 0, WorkerName("me"), false}, {Kind::applied, held}, seconds(1), seconds(1));
  ASSERT_TRUE(keeper.store_end(parent, 1, {}, {{.shard = child, .parents = {parent}}}, seconds(2)));
  std::set<int64_t> counters;
  for (int second = 2; second < 8; second += 2) {
    for (const Lease& row : rows_made(keeper.advance(seconds(second)))) {
      counters.insert(row.counter);
      keeper.written(CreateLease{row}, {Kind::unknown, {}}, seconds(second), seconds(second + 1));
    }
  }
  ASSERT_EQ(counters.size(), 3U);
  expect_far_apart(counters);
}

/// A shard's row and its parent's were deleted, and somebody has made the parent's first, as of one that was never read.
/// Who holds the shard writes on until he finds that he cannot renew its lease: so its row may not be taken at once. (Seeds
/// 753 and 789 of the keepers' model: two workers read the shard.)
TEST(LeaseRows, OfAShardThatWasReadNameNobodyBelowAParentMadeAnew) {
  const aws::ShardId parent("a"), child("b");
  const auto row = [&](const aws::ShardId& shard, const char* position, int64_t counter) {
    Lease lease{.shard = shard, .owner = WorkerName("other"), .checkpoint_owner = {}, .counter = counter};
    lease.checkpoint = parse_checkpoint(position, 0).value();
    if (shard == child) lease.parents = {parent};
    return lease;
  };
  LeaseKeeper keeper({.worker = WorkerName("me")}, 1);
  keeper.want({{.shard = parent}, {.shard = child, .parents = {parent}}}, seconds(1));
  keeper.scanned({row(parent, "SHARD_END", 9), row(child, "81", 9)}, seconds(1), seconds(1));
  keeper.scanned({row(parent, "TRIM_HORIZON", 5000)}, seconds(60), seconds(60));
  const std::vector<Lease> rows = rows_made(keeper.scanned({row(parent, "TRIM_HORIZON", 5000)}, seconds(70), seconds(70)));
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].shard, child);
  EXPECT_EQ(rows[0].owner, nobody());
}

/// A child that this worker has seen in no listing is at its beginning, and its parent's row was deleted: whether the
/// parent was read to its end is not known. (Seed 715: the child was read before the parent.)
TEST(LeaseRows, OfAChildThatIsNotListedYetSayNothingOfItsParents) {
  const aws::ShardId parent("a"), child("b");
  const Lease free{.shard = child, .owner = {}, .checkpoint_owner = {}, .counter = 5000, .parents = {parent}};
  LeaseKeeper keeper({.worker = WorkerName("me")}, 1);
  keeper.want({}, seconds(1));
  EXPECT_FALSE(has<TakeLease>(keeper.scanned({free}, seconds(2), seconds(2))));
  EXPECT_FALSE(has<TakeLease>(keeper.row_read(parent, std::nullopt, seconds(3))));
  keeper.want({}, seconds(4));  // neither is listed any more: both were trimmed
  EXPECT_TRUE(has<TakeLease>(keeper.scanned({free}, seconds(5), seconds(5))));
}

/// The row of a shard was deleted while its last records were read: the target has its end, and it is not made anew.
TEST(LeaseRows, OfAShardWhoseEndTheTargetHasHoldUpNoChildren) {
  const aws::ShardId parent("a"), child("b");
  const Lease read{.shard = parent, .owner = WorkerName("other"), .checkpoint_owner = {}, .counter = 9};
  const Lease free{.shard = child, .owner = {}, .checkpoint_owner = {}, .counter = 5000, .parents = {parent}};
  const WantedLease open{.shard = parent}, ended{.shard = parent, .position = Position::shard_end()};
  const WantedLease below{.shard = child, .parents = {parent}};
  for (const bool is_known_first : {true, false}) {
    LeaseKeeper keeper({.worker = WorkerName("me")}, 1);
    keeper.want({open, below}, seconds(1));
    keeper.scanned({read, free}, seconds(1), seconds(1));
    if (is_known_first) keeper.want({ended, below}, seconds(2));
    keeper.scanned({free}, seconds(3), seconds(3));
    if (!is_known_first) keeper.want({ended, below}, seconds(4));
    keeper.scanned({free}, seconds(5), seconds(5));
    EXPECT_TRUE(has<TakeLease>(keeper.row_read(parent, std::nullopt, seconds(5))));
  }
}

/// A row of this worker's from before its parent's row was made anew: it reads nothing of it, and may not. (Seed 1340: it
/// counted as its share, and another worker kept two leases.)
TEST(LeaseRows, OfThisWorkerThatItCannotHoldAreNoShareOfIts) {
  const aws::ShardId parent("a"), child("b"), another("c");
  const auto row = [](const aws::ShardId& shard, const char* owner, int64_t counter) {
    return Lease{.shard = shard, .owner = WorkerName(owner), .checkpoint_owner = {}, .counter = counter};
  };
  LeaseKeeper keeper({.worker = WorkerName("me")}, 1);
  keeper.want({{.shard = parent}, {.shard = child, .parents = {parent}}, {.shard = another}}, seconds(1));
  bool asked = false;
  for (int second = 1; second <= 90; ++second) {
    const Duration now = seconds(second);
    Lease below = row(child, "me", 7);
    below.parents = {parent};
    asked |=
        has<AskForLease>(keeper.scanned({row(parent, "other", second), below, row(another, "other", second)}, now, now));
  }
  EXPECT_TRUE(asked);
}

}  // namespace
}  // namespace ctk::coordination
