#include "relay/gap_ledger.h"

#include <gtest/gtest.h>

namespace ctk::relay {
namespace {

TEST(GapLedger, AGapThatIsMetAgainIsTheSameOne) {
  GapLedger gaps;
  EXPECT_TRUE(gaps.note(aws::ShardId("a"), "gap:5"));
  EXPECT_FALSE(gaps.note(aws::ShardId("a"), "gap:5"));
  EXPECT_TRUE(gaps.note(aws::ShardId("a"), "gap:7"));
  EXPECT_TRUE(gaps.note(aws::ShardId("b"), "gap:5"));
}

TEST(GapLedger, OneLoadMakesGoodWhatWasLostBeforeIt) {
  GapLedger gaps;
  EXPECT_FALSE(gaps.wants_load());
  gaps.want_load(aws::ShardId("a"), 3);
  gaps.want_load(aws::ShardId("b"), 2);
  EXPECT_TRUE(gaps.wants_load());
  EXPECT_EQ(gaps.seen(), 3u);
  EXPECT_EQ(gaps.lost().size(), 2u);
  gaps.load_begun();
  EXPECT_FALSE(gaps.wants_load());
  EXPECT_TRUE(gaps.lost().empty());
}

}  // namespace
}  // namespace ctk::relay
