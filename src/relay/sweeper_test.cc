#include "relay/sweeper.h"

#include <gtest/gtest.h>

namespace ctk::relay {
namespace {

using Purpose = Sweeper::Purpose;

sink::SweepOutcome left(uint64_t tombstones, uint64_t living) {
  sink::SweepOutcome outcome;
  outcome.tombstones_left = tombstones;
  outcome.living = living;
  return outcome;
}

TEST(Sweeper, SweepsOneTableAfterAnotherAndCountsThem) {
  Sweeper sweeper;
  EXPECT_TRUE(sweeper.is_idle());
  sweeper.begin(Purpose::at_the_end, {"a", "b"});
  EXPECT_EQ(sweeper.next(), "a");
  sweeper.swept(left(1, 10));
  EXPECT_EQ(sweeper.next(), "b");
  sweeper.swept(left(2, 20));
  EXPECT_FALSE(sweeper.is_idle());
  EXPECT_EQ(sweeper.next(), std::nullopt);
  EXPECT_TRUE(sweeper.is_idle());
  EXPECT_TRUE(sweeper.counts());
  EXPECT_EQ(sweeper.totals().tombstones, 3u);
  EXPECT_EQ(sweeper.totals().living, 30u);
}

TEST(Sweeper, WhereOneTableCannotBeCountedNoneIs) {
  Sweeper sweeper;
  sweeper.begin(Purpose::only_counting, {"a", "b"});
  sweeper.next();
  sweeper.failed();
  EXPECT_EQ(sweeper.next(), "b") << "the others are swept all the same";
  sweeper.swept(left(2, 20));
  EXPECT_EQ(sweeper.totals().living, std::nullopt);
  sweeper.next();
  sweeper.begin(Purpose::only_counting, {});
  EXPECT_EQ(sweeper.totals().living, 0u) << "each round counts for itself";
}

TEST(Sweeper, ARoundThatIsBrokenOffLeavesTheOthersAlone) {
  Sweeper sweeper;
  sweeper.begin(Purpose::on_the_way, {"a", "b"});
  sweeper.next();
  sweeper.break_off();
  EXPECT_TRUE(sweeper.is_idle());
  EXPECT_EQ(sweeper.next(), std::nullopt);
}

TEST(Sweeper, ItsPurposeSaysWhatIsAskedFor) {
  Sweeper sweeper;
  sink::SweepRequest request;
  sweeper.begin(Purpose::on_the_way, {});
  sweeper.complete(request);
  EXPECT_FALSE(request.count_living);
  EXPECT_EQ(request.grace, Duration{});
  sweeper.next();
  sweeper.begin(Purpose::only_counting, {});
  sweeper.complete(request);
  EXPECT_TRUE(request.count_living);
  EXPECT_EQ(request.grace, Duration::max());
}

}  // namespace
}  // namespace ctk::relay
