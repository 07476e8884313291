#include "relay/frontier.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace ctk::relay {
namespace {

shards::Position at(int n) { return shards::Position::after(aws::SequenceNumber(std::to_string(n))); }

TEST(Frontier, MovesOnlyOverAContiguousPrefix) {
  Frontier frontier(shards::Position::trim_horizon());
  frontier.add(1, at(10), {from_micros(1), from_micros(2)});
  frontier.add(2, at(20), {from_micros(3), from_micros(4)});
  frontier.add(3, at(30), {from_micros(5), from_micros(6)});
  EXPECT_EQ(frontier.oldest_pending(), from_micros(1));
  EXPECT_FALSE(frontier.acknowledge(2));
  EXPECT_EQ(frontier.acknowledged(), shards::Position::trim_horizon());
  EXPECT_TRUE(frontier.acknowledge(1));
  EXPECT_EQ(frontier.acknowledged(), at(20));
  EXPECT_EQ(frontier.acknowledged_arrival(), from_micros(4));
  EXPECT_EQ(frontier.oldest_pending(), from_micros(5));
  EXPECT_EQ(frontier.pending(), 1u);
}

TEST(Frontier, AShortenedWriteMovesOnlySoFar) {
  Frontier frontier(at(5));
  frontier.add(1, at(10), {from_micros(1), from_micros(2)});
  frontier.add(2, at(20), {from_micros(3), from_micros(4)});
  frontier.shorten(2, at(13));
  frontier.acknowledge(1);
  frontier.acknowledge(2);
  EXPECT_EQ(frontier.acknowledged(), at(13));
  EXPECT_EQ(frontier.acknowledged_arrival(), from_micros(2));
}

TEST(Frontier, ARestartForgetsWhatIsPending) {
  Frontier frontier(at(5));
  frontier.add(1, at(10), {});
  frontier.restart(at(7));
  EXPECT_FALSE(frontier.acknowledge(1));
  EXPECT_EQ(frontier.acknowledged(), at(7));
}

RC_GTEST_PROP(Frontier, IsTheLongestAcknowledgedPrefixInAnyOrder, ()) {
  const int count = *rc::gen::inRange(1, 30);
  std::vector<int> writes(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) writes[static_cast<size_t>(i)] = i;
  Frontier frontier(shards::Position::trim_horizon());
  for (int i = 0; i < count; ++i) frontier.add(static_cast<uint64_t>(i), at(i + 1), {});
  std::vector<bool> done(static_cast<size_t>(count));
  while (!writes.empty()) {
    const auto pick = static_cast<size_t>(*rc::gen::inRange<int>(0, static_cast<int>(writes.size())));
    const int write = writes[pick];
    writes.erase(writes.begin() + static_cast<std::ptrdiff_t>(pick));
    done[static_cast<size_t>(write)] = true;
    frontier.acknowledge(static_cast<uint64_t>(write));
    const auto prefix = std::ranges::find(done, false) - done.begin();
    RC_ASSERT(frontier.acknowledged() == (prefix == 0 ? shards::Position::trim_horizon() : at(static_cast<int>(prefix))));
  }
}

}  // namespace
}  // namespace ctk::relay
