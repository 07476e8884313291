// simulate [--runs N] [--seed S] [--trace]: lives N worlds, from seed S on, and sums up in one line. Its standard output is
// the same for the same options, byte for byte: what it says of itself goes to standard error.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>

#include "simulation/world.h"

namespace ctk::simulation {
namespace {

/// As live(), with a broken invariant inside the engine told as any other failure.
std::optional<std::string> live_or_throw(uint64_t seed, Coverage& coverage, std::ostream* trace) {
  try {
    return live(seed, coverage, trace);
  } catch (const std::exception& thrown) {
    return std::string("an exception: ") + thrown.what();
  }
}

int simulate(uint64_t first, uint64_t runs, bool trace) {
  Coverage coverage;
  uint64_t failed = 0;
  for (uint64_t seed = first; seed - first < runs; ++seed) {
    if (trace) std::cout << "seed " << seed << '\n';
    const std::optional<std::string> wrong = live_or_throw(seed, coverage, trace ? &std::cout : nullptr);
    if (!wrong) continue;
    ++failed;
    std::cout << "seed " << seed << " failed: " << *wrong << '\n';
    std::cerr << "see all of it with: ./dev simulate --seed " << seed << " --runs 1 --trace\n";
  }
  std::cout << "covered: " << to_text(coverage) << '\n';
  std::cout << fmt::format("simulate: {} runs, {} failed, {} changes, {} faults, {} rolls, {} restarts\n", runs, failed,
                           coverage.changes, coverage.faults, coverage.reshards(), coverage.kills);
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace ctk::simulation

int main(int count, char** words) {
  uint64_t runs = 1000;
  uint64_t seed = 1;
  bool trace = false;
  CLI::App app("The engine of production in simulated worlds: one seed is one life of a world.", "simulate");
  app.add_option("--runs", runs, "how many lives (default 1000; with --trace 1)");
  app.add_option("--seed", seed, "the first one's seed (default 1); the others' count on from there");
  app.add_flag("--trace", trace, "print everything that happens");
  try {
    app.parse(count, words);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? 0 : 2;
  }
  if (trace && app.count("--runs") == 0) runs = 1;
  return ctk::simulation::simulate(seed, runs, trace);
}
