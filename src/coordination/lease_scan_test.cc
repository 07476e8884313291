#include "coordination/lease_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ctk::coordination {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

Lease row(const char* shard, const char* owner, int64_t counter) {
  return {.shard = aws::ShardId(shard), .owner = WorkerName(owner), .checkpoint_owner = {}, .counter = counter};
}

TEST(LeaseScan, WhoRenewsLives) {
  LeaseView view;
  view.scanned({row("a", "dead", 7), row("b", "living", 3)}, seconds(0), seconds(0));
  EXPECT_THAT(living_holders(view), IsEmpty());
  view.scanned({row("a", "dead", 7), row("b", "living", 4)}, seconds(3), seconds(3));
  EXPECT_THAT(living_holders(view), ElementsAre(WorkerName("living")));
}

TEST(LeaseScan, ALeaseMayBeHeldUntilItWasWatchedForTheTimeToFailOver) {
  const LeaseSettings settings;
  LeaseView view;
  view.scanned({row("a", "dead", 7)}, seconds(0), seconds(0));
  EXPECT_TRUE(may_be_held(view, settings, seconds(10)));
  EXPECT_FALSE(may_be_held(view, settings, seconds(11)));
}

TEST(LeaseScan, NobodyHoldsWhatIsFreeOrFinished) {
  LeaseView view;
  Lease ended = row("b", "somebody", 2);
  ended.checkpoint = parse_checkpoint("SHARD_END", 0).value();
  view.scanned({row("a", "", 7), ended}, seconds(0), seconds(0));
  EXPECT_FALSE(may_be_held(view, LeaseSettings(), seconds(1)));
}

}  // namespace
}  // namespace ctk::coordination
