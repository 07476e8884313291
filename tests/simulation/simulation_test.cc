// The engine of production on simulated streams and a simulated target: whatever is killed, frozen, lost, repeated,
// reordered, rolled, split or merged, the target equals the source at rest. A failing run prints its seed; CTK_SIM_SEED=N
// replays it alone.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <sstream>

#include "simulation/world.h"

namespace ctk::simulation {
namespace {

TEST(Simulation, TheTargetEqualsTheSourceAtRestWhateverHappens) {
  const char* only = std::getenv("CTK_SIM_SEED");
  const char* runs = std::getenv("CTK_SIM_RUNS");
  const uint64_t first = only != nullptr ? std::stoull(only) : 1;
  const uint64_t count = only != nullptr ? 1 : runs != nullptr ? std::stoull(runs) : 2000;
  Coverage coverage;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    const std::optional<std::string> wrong = live(seed, coverage);
    ASSERT_FALSE(wrong.has_value()) << "seed " << seed << ": " << *wrong;
  }
  std::cout << count << " runs: " << to_text(coverage) << '\n';
}

TEST(Simulation, OneSeedIsOneLife) {
  Coverage coverage;
  std::ostringstream once, again;
  ASSERT_FALSE(live(17, coverage, &once).has_value());
  ASSERT_FALSE(live(17, coverage, &again).has_value());
  EXPECT_GT(once.str().size(), 1000U);
  EXPECT_EQ(once.str(), again.str());
}

}  // namespace
}  // namespace ctk::simulation
