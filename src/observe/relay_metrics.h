// A relay's counters as metrics. The engine counts in RelayStats; whoever serves metrics copies them before it prints.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "relay/relay.h"

namespace ctk::observe {

/// All have the label `relay`. The registry outlives it.
class RelayMetrics {
 public:
  RelayMetrics(Metrics& metrics, const std::string& relay);
  /// `stats` of one run, each at least as high as the one before.
  void update(const relay::RelayStats& stats);

 private:
  struct Counted {
    Counter& counter;
    uint64_t relay::RelayStats::* count;
  };
  std::vector<Counted> counted_;
  Gauge& reading_;
  Gauge& waiting_;
  Gauge& lag_;
  Gauge& until_loss_;
  Gauge& memory_;
};

}  // namespace ctk::observe
