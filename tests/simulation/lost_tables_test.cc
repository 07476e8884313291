// A table that goes while a relay writes it is waited for, and then asked after: it is never made anew in silence.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "simulation/streams_rig.h"

namespace ctk::simulation {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kDemo = "public.demo";

class LostTables : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    rig.knobs.transactional = GetParam();
    rig.start();
    rig.write(40, 10, std::chrono::milliseconds(100));
    rig.live(minutes(2));
    ASSERT_TRUE(rig.equal()) << rig.difference();
  }

  void expect_reported() {
    ASSERT_TRUE(rig.result().has_value()) << "it goes on as if nothing were";
    ASSERT_FALSE(rig.result()->has_value());
    EXPECT_EQ(rig.result()->error().kind, ErrorKind::mismatch) << to_string(rig.result()->error());
  }

  StreamsRig rig;
};

TEST_P(LostTables, OneThatIsDroppedUnderARelayIsWaitedForAndThenTold) {
  rig.state.tables.erase(kDemo);
  rig.put("later", 1);
  rig.live(seconds(40));
  EXPECT_FALSE(rig.result().has_value()) << "it may come back";
  rig.live(minutes(5));
  expect_reported();
  EXPECT_FALSE(rig.state.tables.contains(kDemo)) << "nothing is made";
}

TEST_P(LostTables, WhyItIsAskedAfterIsSaid) {
  std::ostringstream said;
  rig.trace.write_to(said);
  rig.state.tables.erase(kDemo);
  rig.put("later", 1);
  rig.live(minutes(5));
  EXPECT_THAT(said.str(), testing::HasSubstr("dropping what is held, to read it again why=a table is not there"));
}

TEST_P(LostTables, ThatIsToldWhereTheTargetHangsToo) {
  rig.kill();
  rig.state.tables.erase(kDemo);
  rig.knobs.never_closes = true;
  rig.start();
  rig.live(minutes(1));
  expect_reported();
  EXPECT_TRUE(rig.stats().target_hangs);
}

TEST_P(LostTables, OneThatComesBackIsWrittenOn) {
  auto rows = rig.state.tables.extract(kDemo);
  rig.put("later", 1);
  rig.live(seconds(40));
  rig.state.tables.insert(std::move(rows));
  rig.live(minutes(5));
  EXPECT_FALSE(rig.result().has_value());
  EXPECT_TRUE(rig.equal()) << rig.difference();
}

TEST_P(LostTables, OneThatIsEmptiedUnderARelayIsTold) {
  rig.state.tables[kDemo].clear();
  rig.put("later", 1);
  rig.live(minutes(5));
  expect_reported();
}

TEST_P(LostTables, OneThatIsDroppedWhileNobodyLooksIsToldAtTheStart) {
  rig.kill();
  rig.state.tables.erase(kDemo);
  rig.start();
  rig.live(minutes(1));
  expect_reported();
  EXPECT_FALSE(rig.state.tables.contains(kDemo)) << "nothing is made";
}

TEST_P(LostTables, ResetBeginsAnew) {
  rig.kill();
  rig.state.tables.erase(kDemo);
  rig.options.reset = true;
  rig.start();
  rig.live(minutes(5));
  EXPECT_TRUE(rig.equal()) << rig.difference();
  EXPECT_FALSE(rig.result().has_value());
}

TEST_P(LostTables, OneWhoseItemsAreAllDeletedAndSweptIsWhole) {
  for (int item = 0; item < 10; ++item) rig.remove("item-" + std::to_string(item));
  rig.live(minutes(60));
  rig.kill();
  rig.start();
  rig.live(minutes(5));
  EXPECT_FALSE(rig.result().has_value());
  EXPECT_TRUE(rig.equal()) << rig.difference();
}

INSTANTIATE_TEST_SUITE_P(Targets, LostTables, testing::Bool(),
                         [](const auto& instance) { return instance.param ? "transactional" : "unfenced"; });

}  // namespace
}  // namespace ctk::simulation
