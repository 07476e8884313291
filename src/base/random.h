// Randomness as a parameter.
#pragma once

#include <cstdint>
#include <string>

namespace ctk {

/// A source of random bits. One seed is one sequence, on every machine.
class Random {
 public:
  /// SplitMix64 (Steele, Lea, Flood 2014): small, fast, good enough for jitter and names; not for secrets.
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next();
  /// Uniform in [0, bound); 0 for a bound of 0.
  uint64_t below(uint64_t bound);
  /// Uniform in [0, 1).
  double fraction();
  /// `digits` hexadecimal digits.
  std::string hex(int digits);

 private:
  uint64_t state_;
};

/// A seed from the operating system. Called in `main` only.
uint64_t entropy_seed();

}  // namespace ctk
