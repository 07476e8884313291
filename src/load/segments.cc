#include "load/segments.h"

#include <algorithm>

namespace ctk::load {

int choose_segments(uint64_t bytes, std::optional<int> given) {
  constexpr uint64_t kFewest = 4;
  constexpr uint64_t kMost = 64;
  constexpr uint64_t kBytesOfOne = 256u << 20;
  if (given) return std::clamp(*given, 1, kMostSegments);
  return static_cast<int>(std::min(kMost, kFewest + bytes / kBytesOfOne));
}

}  // namespace ctk::load
