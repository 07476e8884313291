// How long what is written takes to arrive, from two counters that grow. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "base/time.h"

namespace ctk::cli {

/// `written` and `arrived` are totals since the beginning, in the order of time.
class Arrivals {
 public:
  void written(uint64_t total, Duration now);
  void arrived(uint64_t total, Duration now);

  struct Window {
    uint64_t changes = 0;
    double per_second = 0;
    Duration median{}, longest{};  ///< from the write until it was seen to have arrived
  };
  /// What arrived since the last window, or since `begin`.
  Window window(Duration now);
  void begin(Duration now);

 private:
  struct Mark {
    uint64_t total = 0;
    Duration at{};
  };
  std::deque<Mark> under_way_;
  std::vector<Duration> took_;
  uint64_t written_ = 0, arrived_ = 0, arrived_before_ = 0;
  Duration begun_{};
};

}  // namespace ctk::cli
