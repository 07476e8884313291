#include "relay/rounds.h"

#include <gtest/gtest.h>

namespace ctk::relay {
namespace {

using std::chrono::seconds;

TEST(Rounds, EachIsDueInItsOwnTime) {
  Rounds rounds;
  rounds.begin(seconds(100));
  EXPECT_FALSE(rounds.due(Rounds::Round::sweep, seconds(129)));
  EXPECT_TRUE(rounds.due(Rounds::Round::sweep, seconds(131)));
  EXPECT_FALSE(rounds.due(Rounds::Round::sweep, seconds(160))) << "a whole time after the last one";
  EXPECT_TRUE(rounds.due(Rounds::Round::relist, seconds(160)));
  EXPECT_FALSE(rounds.due(Rounds::Round::forget_trimmed, seconds(3699)));
  EXPECT_TRUE(rounds.due(Rounds::Round::forget_trimmed, seconds(3700)));
}

}  // namespace
}  // namespace ctk::relay
