// A life in which a table is compared with its copy, and repaired, while it is written to: by a relay that is late, killed,
// and loads it once more, on services and a target that fail. What is planted is found, nothing else is, and in the end
// both sides are equal.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulation/target.h"
#include "sink/row_reader.h"
#include "verify/verifier.h"

namespace ctk::simulation {

/// The parts of such a life that a test may replace by broken ones. As they stand here they change nothing.
class VerifyParts {
 public:
  virtual ~VerifyParts() = default;
  /// What repairs keep to.
  virtual const TargetRules* rules() const { return nullptr; }
  /// What stands between the verifier and the target's rows, which outlive it; null: nothing.
  virtual std::unique_ptr<sink::RowReader> reader(sink::RowReader& /*rows*/) const { return nullptr; }
  virtual void change(verify::VerifyOptions& /*options*/) const {}
};

/// What happened in such a life, or in many.
struct VerifyCoverage {
  uint64_t changes = 0, verified = 0, planted = 0, settled = 0, repaired = 0;
  uint64_t kills = 0, loads = 0, reshards = 0, faults = 0;
};
std::string to_text(const VerifyCoverage& coverage);

/// One seed's life. Adds what happened to `coverage`; returns what is wrong, or nothing.
std::optional<std::string> live_verified(uint64_t seed, VerifyCoverage& coverage, const VerifyParts& parts = {});

struct VerifyMutation {
  std::string_view name;
  std::string_view mistake;
  std::function<std::unique_ptr<VerifyParts>()> make;
};
std::vector<VerifyMutation> all_verify_mutations();

}  // namespace ctk::simulation
