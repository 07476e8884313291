// What a row proves of a take whose answer is lost, or said no: of two writes of one worker the earlier may have come late.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "coordination/lease_keeper.h"

namespace ctk::coordination {
namespace {

using std::chrono::seconds;
using Kind = LeaseWriteAnswer::Kind;

const WorkerName kMe("me"), kOther("other");
const aws::ShardId kShard("shard-0");

Lease row_of(const aws::ShardId& shard, int64_t counter, const WorkerName& owner, const WorkerName& holder = {}) {
  return {.shard = shard, .owner = owner, .checkpoint_owner = holder, .counter = counter};
}
Lease row(int64_t counter, const WorkerName& owner, const WorkerName& holder = {}) {
  return row_of(kShard, counter, owner, holder);
}

class LeaseTakes : public testing::Test {
 protected:
  template <class Write>
  static std::optional<Write> find(const LeaseActions& actions, const aws::ShardId& shard = kShard) {
    for (const LeaseAction& action : actions) {
      const auto* write = std::get_if<LeaseWrite>(&action);
      const auto* wanted = write == nullptr ? nullptr : std::get_if<Write>(write);
      if (wanted != nullptr && wanted->shard == shard) return *wanted;
    }
    return std::nullopt;
  }
  static bool gains(const LeaseActions& actions) {
    return std::ranges::any_of(actions, [](const LeaseAction& one) { return std::holds_alternative<LeaseGained>(one); });
  }
  LeaseActions scan(Lease seen, Duration now) { return keeper.scanned({std::move(seen)}, now, now); }
  LeaseActions answer(const LeaseWrite& write, Kind kind, std::optional<Lease> seen, Duration sent, Duration now) {
    return keeper.written(write, {kind, std::move(seen)}, sent, now);
  }
  std::optional<TakeLease> take(int64_t counter) { return TakeLease{kShard, counter, kMe, false}; }

  LeaseKeeper keeper{{.worker = kMe}, 1};
};

TEST_F(LeaseTakes, WhatARenewalFromBeforeHasDoneIsNoTake) {
  ASSERT_EQ(find<TakeLease>(scan(row(5, {}), seconds(0))), take(5));
  ASSERT_TRUE(gains(answer(*take(5), Kind::applied, row(6, kMe), seconds(0), seconds(0))));
  const auto renewal = find<HoldLease>(keeper.advance(seconds(4)));
  ASSERT_TRUE(renewal);
  keeper.advance(seconds(20));
  ASSERT_TRUE(keeper.held().empty());
  ASSERT_EQ(find<TakeLease>(scan(row(6, kMe), seconds(20))), take(6));
  // The renewal came at a moment that nobody knows, in which another worker may have seen it; the take comes behind it.
  const LeaseActions actions = answer(*take(6), Kind::conflict, row(7, kMe), seconds(20), seconds(21));
  EXPECT_FALSE(gains(actions));
  EXPECT_FALSE(keeper.may_write(kShard, 7, seconds(21)));
  ASSERT_EQ(find<TakeLease>(actions), take(7));
  EXPECT_TRUE(gains(answer(*take(7), Kind::applied, row(8, kMe), seconds(21), seconds(22))));
}

TEST_F(LeaseTakes, NorIsWhatAnEarlierTakeHasDone) {
  ASSERT_EQ(find<TakeLease>(scan(row(5, {}), seconds(0))), take(5));
  answer(*take(5), Kind::unknown, {}, seconds(0), seconds(4));
  keeper.row_read(kShard, row(5, {}), seconds(4));
  ASSERT_EQ(find<TakeLease>(scan(row(5, {}), seconds(8))), take(5));
  const LeaseActions actions = answer(*take(5), Kind::conflict, row(6, kMe), seconds(8), seconds(9));
  EXPECT_FALSE(gains(actions));
  EXPECT_EQ(find<TakeLease>(actions), take(6));
}

TEST_F(LeaseTakes, ATakeThatIsTheOnlyOneIsRecognised) {
  ASSERT_EQ(find<TakeLease>(scan(row(5, {}), seconds(0))), take(5));
  answer(*take(5), Kind::unknown, {}, seconds(0), seconds(4));
  EXPECT_TRUE(gains(keeper.row_read(kShard, row(6, kMe), seconds(5))));
  EXPECT_TRUE(keeper.may_write(kShard, 6, seconds(9)));
  EXPECT_FALSE(keeper.may_write(kShard, 6, seconds(10))) << "since it was sent";
}

/// Asks `kOther`, who renews and never listens, for one of its two leases, and gives the take by force that comes of it.
class LeaseByForce : public LeaseTakes {
 protected:
  TakeLease take_by_force() {
    const LeaseActions first = keeper.scanned({row_of(kShard, 1, kOther), row_of(kSecond, 1, kOther)}, at, at);
    for (const aws::ShardId& shard : {kShard, kSecond}) {
      if (const auto ask = find<AskForLease>(first, shard)) {
        asked = shard;
        answer(*ask, Kind::applied, row_of(asked, 1, kMe, kOther), at, at);
      }
    }
    for (;;) {
      at += seconds(1);
      keeper.advance(at);
      const auto forced = find<TakeLease>(keeper.row_read(asked, row_of(asked, ++counter, kMe, kOther), at), asked);
      if (forced) return *forced;
    }
  }
  /// Every renewal works. When it may be used; 0: not within two minutes.
  Duration gained() {
    for (int second = 0; second < 120; ++second) {
      at += seconds(1);
      const LeaseActions actions = keeper.advance(at);
      if (gains(actions)) return at;
      const auto renewal = find<HoldLease>(actions, asked);
      if (renewal && gains(answer(*renewal, Kind::applied, row_of(asked, renewal->counter + 1, kMe), at, at))) return at;
    }
    return {};
  }

  const aws::ShardId kSecond{"shard-1"};
  aws::ShardId asked;
  Duration at{};
  int64_t counter = 1;
};

TEST_F(LeaseByForce, WaitsForTheHolderBefore) {
  const TakeLease take = take_by_force();
  EXPECT_GE(at, seconds(42));
  const Duration taken = at;
  EXPECT_FALSE(gains(answer(take, Kind::applied, row_of(asked, take.counter + 1, kMe), at, at)));
  EXPECT_GT(gained(), taken + seconds(10));
}

TEST_F(LeaseByForce, WaitsForItAlsoWhereTheTakeIsFoundLater) {
  const TakeLease take = take_by_force();
  const Duration sent = at;
  at += seconds(3);
  answer(take, Kind::unknown, {}, sent, at);
  keeper.row_not_read(asked, at);
  at += seconds(1);
  keeper.advance(at);
  const auto again = find<TakeLease>(keeper.row_read(asked, row_of(asked, take.counter + 1, kMe), at), asked);
  ASSERT_TRUE(again);
  const Duration taken = at;
  EXPECT_FALSE(gains(answer(*again, Kind::applied, row_of(asked, again->counter + 1, kMe), at, at)));
  EXPECT_GT(gained(), taken + seconds(10));
}

}  // namespace
}  // namespace ctk::coordination
