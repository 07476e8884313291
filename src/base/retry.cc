#include "base/retry.h"

#include <algorithm>

namespace ctk {

std::optional<Duration> Retry::failed(Duration now, Random& random) {
  if (!since_) since_ = now;
  ++failures_;
  Duration step = policy_.first;
  for (int i = 1; i < failures_ && step < policy_.longest; ++i) step *= 2;
  step = std::min(step, policy_.longest);
  Duration half = step / 2;
  Duration pause = half + Duration(random.below(static_cast<uint64_t>((step - half).count()) + 1));
  if (!policy_.budget) return pause;
  Duration left = *since_ + *policy_.budget - now;
  if (left <= Duration(0)) return std::nullopt;
  return std::min(pause, left);
}

}  // namespace ctk
