// `verify` and `--repair` beside a relay that writes: a hundred lives without a false alarm, and each mistake is found.
// CTK_SIM_SEED=N replays a life alone.
#include "simulation/verified_life.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

namespace ctk::simulation {
namespace {

constexpr uint64_t kLives = 100;

TEST(VerifiedLife, FindsWhatIsPlantedAndNothingElseAndRepairsIt) {
  const char* only = std::getenv("CTK_SIM_SEED");
  const char* runs = std::getenv("CTK_SIM_RUNS");
  const uint64_t first = only != nullptr ? std::stoull(only) : 1;
  const uint64_t count = only != nullptr ? 1 : runs != nullptr ? std::min<uint64_t>(std::stoull(runs), kLives) : kLives;
  VerifyCoverage coverage;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    const std::optional<std::string> wrong = live_verified(seed, coverage);
    ASSERT_FALSE(wrong.has_value()) << "seed " << seed << ": " << *wrong;
  }
  std::cout << count << " lives: " << to_text(coverage) << '\n';
}

/// Its table changes ten times as fast as its target is written: the relay is far behind when nothing changes any more.
TEST(VerifiedLife, ARelayFarBehindIsWaitedFor) {
  constexpr uint64_t kSeed = 204;
  VerifyCoverage coverage;
  EXPECT_EQ(live_verified(kSeed, coverage).value_or(""), "");
  EXPECT_GT(coverage.changes, 100'000u);
}

class VerifyMutationTest : public testing::TestWithParam<VerifyMutation> {};

TEST_P(VerifyMutationTest, IsFound) {
  VerifyCoverage coverage;
  const std::unique_ptr<VerifyParts> parts = GetParam().make();
  for (uint64_t seed = 1; seed <= kLives; ++seed) {
    const std::optional<std::string> wrong = live_verified(seed, coverage, *parts);
    if (!wrong) continue;
    std::cout << GetParam().mistake << ": found by seed " << seed << ": " << *wrong << '\n';
    return;
  }
  FAIL() << GetParam().mistake << ": nobody noticed";
}

INSTANTIATE_TEST_SUITE_P(Simulation, VerifyMutationTest, testing::ValuesIn(all_verify_mutations()),
                         [](const auto& mutation) { return std::string(mutation.param.name); });

}  // namespace
}  // namespace ctk::simulation
