// What workers promise that share shards, where nothing else goes wrong.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>

#include "simulation/world.h"

namespace ctk::simulation {
namespace {

/// Workers come and go in a world without faults; positions are in the leases alone.
WorldKnobs calm_world() {
  WorldKnobs knobs;
  knobs.shards = 8;
  knobs.workers = 2;
  knobs.leased = true;
  knobs.moved = 0.02;
  knobs.between_changes = std::chrono::milliseconds(200);
  knobs.target.transactional = false;
  knobs.target.write_time = std::chrono::seconds(1);
  return knobs;
}

TEST(Leases, WhatIsHeldIsWrittenAndStoredBeforeALeaseIsGivenAway) {
  Coverage coverage;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    World world(seed, calm_world());
    EXPECT_EQ(world.run(), std::nullopt);
    coverage.add(world.coverage());
  }
  EXPECT_GT(coverage.drained, 5U);
  EXPECT_EQ(coverage.dropped, 0U);
}

TEST(Leases, TombstonesAreSweptWhereTheLeasesSayHowFarAllHaveRead) {
  WorldKnobs knobs = calm_world();
  knobs.shards = 3;
  knobs.changes = 150;
  knobs.between_changes = std::chrono::seconds(20);
  knobs.delete_grace = std::chrono::minutes(2);
  knobs.items = 40;  // few of them are written again before their tombstone is old enough
  Coverage coverage;
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    World world(seed, knobs);
    EXPECT_EQ(world.run(), std::nullopt);
    coverage.add(world.coverage());
  }
  EXPECT_GT(coverage.swept, 0U);
}

/// In what moment "   523.722s  what happens" does.
std::string moment_of(const std::string& line) { return line.substr(0, line.find('s')); }

TEST(Leases, WhoeverIsFencedDropsWhatItHoldsOnce) {
  WorldKnobs knobs = calm_world();
  knobs.leased = false;
  knobs.moved = 0;
  knobs.workers = 4;
  knobs.target.transactional = true;
  std::ostringstream trace;
  World world(1, knobs, &trace);
  EXPECT_EQ(world.run(), std::nullopt);
  int drops = 0, readings = 0, most_readings = 0;  // readings in the moment of a drop
  std::string moment, line;
  for (std::istringstream lines(trace.str()); std::getline(lines, line);) {
    const bool is_fenced = line.contains("dropping what is held") && line.contains("was taken over by");
    if (is_fenced) {
      moment = moment_of(line);
      readings = 0;
      ++drops;
    }
    if (line.contains("> load positions") && moment_of(line) == moment) most_readings = std::max(most_readings, ++readings);
  }
  EXPECT_GE(drops, 3);
  EXPECT_EQ(most_readings, 1);
}

}  // namespace
}  // namespace ctk::simulation
