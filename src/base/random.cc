#include "base/random.h"

#include <random>

namespace ctk {

uint64_t Random::next() {
  state_ += 0x9e3779b97f4a7c15;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

uint64_t Random::below(uint64_t bound) {
  if (bound == 0) return 0;
  uint64_t biased = (0 - bound) % bound;  // the first 2^64 mod bound values would make some results likelier
  uint64_t bits = next();
  while (bits < biased) bits = next();
  return bits % bound;
}

double Random::fraction() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

std::string Random::hex(int digits) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  uint64_t bits = 0;
  for (int i = 0; i < digits; ++i) {
    if (i % 16 == 0) bits = next();
    text += kDigits[bits & 15];
    bits >>= 4;
  }
  return text;
}

uint64_t entropy_seed() {
  std::random_device device;
  return (static_cast<uint64_t>(device()) << 32) | device();
}

}  // namespace ctk
