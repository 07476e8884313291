// The checker on trial: a broken part in the place of a right one must be found within 200 lives. What was found, and by
// which seed, stands in docs/correctness.md.
#include <gtest/gtest.h>

#include <iostream>

#include "simulation/broken_parts.h"
#include "simulation/world.h"

namespace ctk::simulation {
namespace {

constexpr uint64_t kLives = 200;

class MutationTest : public testing::TestWithParam<Mutation> {};

TEST_P(MutationTest, IsFound) {
  Coverage coverage;
  for (uint64_t seed = 1; seed <= kLives; ++seed) {
    const std::unique_ptr<Parts> parts = GetParam().make();
    const std::optional<std::string> wrong = live(seed, coverage, nullptr, parts.get());
    if (!wrong) continue;
    std::cout << GetParam().mistake << ": found by seed " << seed << ": " << *wrong << '\n';
    return;
  }
  FAIL() << GetParam().mistake << ": nobody noticed";
}

INSTANTIATE_TEST_SUITE_P(Simulation, MutationTest, testing::ValuesIn(all_mutations()),
                         [](const auto& mutation) { return std::string(mutation.param.name); });

}  // namespace
}  // namespace ctk::simulation
