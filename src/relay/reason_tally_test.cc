#include "relay/reason_tally.h"

#include <gtest/gtest.h>

namespace ctk::relay {
namespace {

TEST(ReasonTally, TellsTheCommonest) {
  ReasonTally tally;
  EXPECT_EQ(tally.commonest(), "");
  tally.add("no JSON at byte 7");
  tally.add("too long");
  tally.add("too long");
  EXPECT_EQ(tally.commonest(), "too long");
  tally.add("no JSON at byte 12");
  tally.add("no JSON at byte 9");
  EXPECT_EQ(tally.commonest(), "no JSON at byte 9") << "numbers do not make it another reason";
}

TEST(ReasonTally, HasBounds) {
  ReasonTally tally;
  std::string letters;
  for (int i = 0; i < 1000; ++i) tally.add(letters += 'x');
  EXPECT_LE(tally.commonest().size(), 200U);
}

}  // namespace
}  // namespace ctk::relay
