// How long to wait for an answer: by how long answers have taken lately. One that never comes would else cost half a
// minute, in which hundreds of others come. Pure.
#pragma once

#include <algorithm>

#include "base/time.h"

namespace ctk::aws {

/// Of one kind of call.
class AdaptiveTimeout {
 public:
  /// Ten times as long as the slowest of the last answers, at least 3 s and at most 30 s; twice as long after each call
  /// that has waited in vain, so that a service that has become slow is waited for.
  Duration value() const {
    if (slowest_ == Duration{}) return kMost;
    return std::min(kMost, std::max(kLeast, slowest_ * 10) * (1 << std::min(in_vain_, 4)));
  }
  void answered(Duration took) {
    in_vain_ = 0;
    slowest_ = std::max({took, slowest_ - slowest_ / 16, Duration(1)});
  }
  void waited_in_vain() { ++in_vain_; }

 private:
  static constexpr Duration kLeast = std::chrono::seconds(3);
  static constexpr Duration kMost = std::chrono::seconds(30);

  Duration slowest_{};  ///< of the last answers, the older the less
  int in_vain_ = 0;     ///< calls in a row
};

}  // namespace ctk::aws
