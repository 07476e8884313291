#include "relay/load_run.h"

#include <gtest/gtest.h>

namespace ctk::relay {
namespace {

using Phase = LoadRun::Phase;
using coordination::LoadState;

const ShardId kFirst("load/1/0"), kSecond("load/1/1");

LoadRun load(LoadState state = LoadState::running) {
  coordination::TableRecord record;
  record.load = state;
  LoadRun run("public.t", record);
  return run;
}

TEST(LoadRun, ItsSegmentsWaitForTheOtherRelays) {
  LoadRun run = load();
  run.add_segment(kFirst, Position::trim_horizon());
  EXPECT_FALSE(run.may_read());
  EXPECT_TRUE(run.report_waiting());
  EXPECT_FALSE(run.report_waiting());
  run.begin_reading();
  EXPECT_TRUE(run.may_read());
  EXPECT_FALSE(run.resumed());
}

TEST(LoadRun, EndsOnceAllOfThemAreStored) {
  LoadRun run = load();
  run.add_segment(kFirst, Position::trim_horizon());
  run.add_segment(kSecond, Position::trim_horizon());
  run.begin_reading();
  EXPECT_FALSE(run.begin_ending([](const ShardId& segment) { return segment == kFirst; }));
  EXPECT_EQ(run.progress([](const ShardId& segment) { return segment == kFirst; }).segments_done, 1u);
  const auto all = [](const ShardId&) { return true; };
  EXPECT_TRUE(run.begin_ending(all));
  EXPECT_FALSE(run.begin_ending(all)) << "the target is told once";
  run.ending_failed();
  EXPECT_TRUE(run.begin_ending(all));
  coordination::TableRecord record;
  record.load = LoadState::loaded;
  run.take_record(record);
  EXPECT_EQ(run.phase(), Phase::over);
  EXPECT_FALSE(run.begin_ending(all));
  run.take_state(LoadState::complete);
  EXPECT_EQ(run.record().load, LoadState::complete);
}

TEST(LoadRun, EndsOnceMoreWhereAnotherLoadHasBegun) {
  LoadRun run = load(LoadState::loaded);
  run.take_state(LoadState::complete);
  EXPECT_EQ(run.phase(), Phase::over);
  run.take_state(LoadState::running);
  EXPECT_TRUE(run.begin_ending([](const ShardId&) { return true; }));
}

TEST(LoadRun, OneThatIsOverIsNotReadAgain) {
  LoadRun run = load(LoadState::complete);
  EXPECT_EQ(run.phase(), Phase::over);
  run.begin_reading();
  EXPECT_FALSE(run.may_read());
}

TEST(LoadRun, IsResumedWhereASegmentWasRead) {
  LoadRun run = load();
  run.add_segment(kFirst, Position::after_key("{}"));
  run.add_segment(kSecond, Position::trim_horizon());
  EXPECT_TRUE(run.resumed());
}

}  // namespace
}  // namespace ctk::relay
