#include "verify/pending.h"

#include <gtest/gtest.h>

namespace ctk::verify {
namespace {

using std::chrono::seconds;

Difference numbered(int number, Duration since = {}) {
  Difference difference;
  difference.key = "key-" + std::to_string(number);
  difference.row = std::string(static_cast<size_t>(number % 3), 'r');
  difference.kind = number % 2 == 0 ? Difference::Kind::extra : Difference::Kind::different;
  difference.since = since;
  difference.moves = number % 4;
  return difference;
}

TEST(Backlog, KeepsItsOrderBeyondMemory) {
  Backlog backlog(3);
  int in = 0, out = 0;
  const auto push = [&](int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(backlog.push(numbered(in++)));
  };
  const auto pop = [&](int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_NE(backlog.front(), nullptr);
      const Result<Difference> next = backlog.pop();
      ASSERT_TRUE(next);
      EXPECT_EQ(*next, numbered(out++));
    }
  };
  push(2), pop(1), push(20), pop(5), push(1), pop(17);
  EXPECT_EQ(backlog.size(), 0u);
  EXPECT_EQ(backlog.front(), nullptr);
  push(10), pop(10);
}

TEST(Pending, GivesWhatIsDueSoMuchAtATime) {
  Pending pending(seconds(16), 4);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(pending.add(numbered(i, seconds(i))));
  EXPECT_EQ(pending.take_due(seconds(0), 100).value().size(), 0u);
  EXPECT_EQ(pending.take_due(seconds(5), 3).value().size(), 3u);
  EXPECT_EQ(pending.take_due(seconds(5), 100).value().size(), 2u);
  EXPECT_EQ(pending.size(), 5u);
}

TEST(Pending, KnowsLooksApart) {
  Pending pending(seconds(16));
  Difference looked = numbered(0, seconds(0));
  looked.looks = 2;
  ASSERT_TRUE(pending.add(looked));
  ASSERT_TRUE(pending.add(numbered(1, seconds(10))));
  const auto due = pending.take_due(seconds(11), 100).value();
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due.front(), numbered(1, seconds(10)));
  EXPECT_EQ(pending.take_due(seconds(16), 100).value().size(), 1u);
}

}  // namespace
}  // namespace ctk::verify
