// Broken parts, each with one mistake that a real relay could make, to see whether the simulation finds it. They exist in
// the tests only.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "simulation/parts.h"

namespace ctk::simulation {

struct Mutation {
  std::string_view name;
  std::string_view mistake;
  std::function<std::unique_ptr<Parts>()> make;
  bool of_leases = false;  ///< where there are none it changes nothing
};

std::vector<Mutation> all_mutations();
/// Of workers that share the shards by leases.
std::vector<Mutation> lease_mutations();
/// Of those that share a load.
std::vector<Mutation> load_mutations();

}  // namespace ctk::simulation
