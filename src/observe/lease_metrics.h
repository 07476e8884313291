// The figures of a worker's leases as metrics: how many it has, how they moved, what the table was asked, and whether they
// are kept.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "observe/run_counter.h"
#include "relay/relay_view.h"

namespace ctk::observe {

/// All have the label `relay`. The registry outlives it.
class LeaseMetrics {
 public:
  LeaseMetrics(Metrics& metrics, std::string relay);
  void update(const coordination::LeaseFigures& figures);
  void begin_run();
  /// Nothing is updated from now on.
  void remove();

 private:
  using Counts = coordination::LeaseCounts;
  using Calls = coordination::LeaseCalls;
  Gauge& gauge(const char* name, const char* help);

  Metrics& metrics_;
  const std::string relay_;
  std::vector<std::pair<uint64_t Counts::*, RunCounter>> counts_;
  std::vector<std::pair<uint64_t Calls::*, RunCounter>> calls_;
  std::vector<std::string> gauges_;  ///< their names
  Gauge& held_;
  Gauge& workers_;
  Gauge& since_renewal_;
};

}  // namespace ctk::observe
