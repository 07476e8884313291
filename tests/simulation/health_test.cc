// Health is honest: each part of a relay stops in turn, and a watch over it is red within the window, and green again by
// itself. What stops does so without a word: its answers are kept back.
#include <gmock/gmock.h>

#include <deque>

#include "observe/health.h"
#include "simulation/streams_rig.h"

namespace ctk::simulation {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Duration kWindow = seconds(60);
constexpr Duration kLookEvery = seconds(1);

/// A relay that follows a table, with a watch that looks at it every second.
class Health : public testing::Test {
 protected:
  void begin() {
    rig_.put("first", 1);
    rig_.start();
    live(seconds(10));
    ASSERT_THAT(reasons_, IsEmpty());
  }

  void live(Duration time) {
    for (Duration lived{}; lived < time; lived += kLookEvery) {
      rig_.live(kLookEvery);
      reasons_ = watch_.look(rig_.view(), rig_.loop.monotonic()).reasons;
      was_red_ = was_red_ || !reasons_.empty();
    }
  }

  void expect_red(const char* reason) {
    live(kWindow + seconds(10));
    ASSERT_FALSE(reasons_.empty());
    EXPECT_THAT(reasons_.front(), HasSubstr(reason));
  }

  void expect_green_again(Duration most = minutes(2)) {
    for (Duration lived{}; lived < most && !reasons_.empty(); lived += kLookEvery) live(kLookEvery);
    EXPECT_THAT(reasons_, IsEmpty());
    rig_.put("last", 2);
    live(seconds(30));
    EXPECT_THAT(reasons_, IsEmpty());
    EXPECT_TRUE(rig_.equal()) << rig_.difference();
  }

  /// The relay's process is gone for that long.
  void be_away(Duration time) {
    rig_.kill();
    rig_.put("second", 2);
    rig_.loop.after(time, [] {});
    rig_.loop.run_until([] { return false; }, time);
  }

  StreamsRig rig_;
  observe::HealthWatch watch_{kWindow};
  std::vector<std::string> reasons_;
  bool was_red_ = false;
};

TEST_F(Health, IsGreenWhileNothingHappensAndThroughRolls) {
  begin();
  live(minutes(20));
  EXPECT_FALSE(was_red_);
  for (int i = 0; i < 5; ++i) {
    rig_.write_through_rolls(2);
    live(minutes(1));
  }
  EXPECT_FALSE(was_red_);
  EXPECT_TRUE(rig_.view().caught_up);
}

TEST_F(Health, SeesIteratorsThatNeverCome) {
  begin();
  rig_.api.holds_iterators = true;
  rig_.streams.expire_iterators(rig_.loop.now());
  expect_red("neither moved nor been proven empty");
  rig_.api.let_go();
  expect_green_again();
}

TEST_F(Health, SeesPagesThatNeverCome) {
  begin();
  rig_.api.holds_pages = true;
  expect_red("neither moved nor been proven empty");
  EXPECT_FALSE(rig_.view().outages.size() > 0) << "nobody has said a word";
  rig_.api.let_go();
  expect_green_again();
}

TEST_F(Health, SeesListingsThatNeverCome) {
  begin();
  rig_.api.holds_descriptions = true;
  live(minutes(1));  // it lists once a minute
  expect_red("listing the shards has had no answer");
  rig_.api.let_go();
  expect_green_again();
}

TEST_F(Health, SeesATargetThatHangs) {
  begin();
  rig_.knobs.hangs = true;
  rig_.put("second", 2);
  expect_red("neither moved nor been proven empty");
  EXPECT_FALSE(rig_.view().caught_up);
  rig_.knobs.hangs = false;
  expect_green_again(minutes(3));
}

TEST_F(Health, SeesATargetThatHangsWhileNothingIsWritten) {
  begin();
  rig_.knobs.hangs = true;
  live(minutes(1));  // positions of quiet shards are stored once a minute
  expect_red("storing positions has had no answer");
  rig_.knobs.hangs = false;
  expect_green_again(minutes(3));
}

TEST_F(Health, SeesABudgetThatIsFull) {
  rig_.options.max_memory = 1u << 20;
  begin();
  rig_.knobs.hangs = true;
  for (int i = 0; i < 40; ++i) rig_.put("large-" + std::to_string(i), i, 100'000);
  expect_red("neither moved nor been proven empty");
  rig_.knobs.hangs = false;
  expect_green_again(minutes(5));
}

TEST_F(Health, SeesATargetThatIsAway) {
  begin();
  rig_.knobs.down = true;
  rig_.put("second", 2);
  expect_red("target unreachable");
  rig_.knobs.down = false;
  expect_green_again();
}

TEST_F(Health, SeesATargetThatIsAwayAtTheStart) {
  rig_.knobs.down = true;
  rig_.put("first", 1);
  rig_.start();
  live(seconds(10));
  ASSERT_FALSE(reasons_.empty());
  EXPECT_THAT(reasons_.front(), HasSubstr("target unreachable"));
  rig_.knobs.down = false;
  expect_green_again();
}

TEST_F(Health, SeesAStartThatHangs) {
  rig_.api.holds_descriptions = true;
  rig_.start();
  expect_red("the relay has been starting");
}

/// Of a fleet whose others are gone: what they have read is nobody's, and nobody gives it to this worker either.
class NothingIsGiven final : public coordination::Assignment {
 public:
  bool is_shared() const override { return true; }
  void begin(const coordination::RelayName&, Listener) override {}
  void want(std::vector<coordination::SharedShard>) override {}
  bool is_anothers(const aws::ShardId&) const override { return false; }
  bool may_write(const aws::ShardId&) const override { return false; }
  void let_go(const std::vector<aws::ShardId>&) override {}
  void end(Done<bool> done) override { done(true); }
};

TEST_F(Health, SeesALeaseThatIsNeverTaken) {
  begin();
  be_away(std::chrono::hours(2));
  NothingIsGiven assignment;
  rig_.assignment = &assignment;
  rig_.start();
  live(seconds(10));
  const relay::RelayView view = rig_.view();
  EXPECT_FALSE(view.caught_up);
  EXPECT_GE(view.stats.lag, std::chrono::hours(2)) << "what nobody reads is behind, too";
  EXPECT_LE(view.stats.until_data_loss, std::chrono::hours(22));
  ASSERT_FALSE(view.shards.empty());
  EXPECT_GE(view.shards.front().lag, std::chrono::hours(2));
  expect_red("has been read by no worker");
  rig_.assignment = &coordination::all_shards_are_ours();
  rig_.start();
  watch_.begin_run();
  expect_green_again();
  EXPECT_LT(rig_.stats().lag, minutes(1));
}

TEST_F(Health, TheLagOfATimeAwayIsTrueBeforeAnythingHasCome) {
  begin();
  be_away(std::chrono::hours(2));
  rig_.api.holds_pages = true;
  rig_.start();
  live(seconds(10));
  EXPECT_GE(rig_.stats().lag, std::chrono::hours(2));
  EXPECT_LE(rig_.stats().until_data_loss, std::chrono::hours(22));
  rig_.live(std::chrono::hours(23));
  EXPECT_EQ(rig_.stats().until_data_loss, Duration{}) << "a day is over, and nothing is below zero";
}

}  // namespace
}  // namespace ctk::simulation
