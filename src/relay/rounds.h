// What a relay does now and then beside the flow, and when that is due. Pure.
#pragma once

#include <array>
#include <cstddef>

#include "base/time.h"

namespace ctk::relay {

class Rounds {
 public:
  enum class Round { relist, forget_trimmed, sweep, store_idle, follow_others };

  /// Each of them is due once its time has passed from now on.
  void begin(Duration now) {
    for (size_t i = 0; i < next_.size(); ++i) next_[i] = now + kEvery[i];
  }
  /// True where it is; the next one is due a whole time later.
  bool due(Round round, Duration now) {
    const auto i = static_cast<size_t>(round);
    if (now < next_[i]) return false;
    next_[i] = now + kEvery[i];
    return true;
  }

 private:
  static constexpr std::array<Duration, 5> kEvery = {std::chrono::seconds(60), std::chrono::hours(1),
                                                     std::chrono::seconds(30), std::chrono::seconds(60),
                                                     std::chrono::seconds(3)};
  std::array<Duration, 5> next_{};
};

}  // namespace ctk::relay
