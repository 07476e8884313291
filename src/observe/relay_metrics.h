// A relay's figures as metrics. The engine counts for itself; whoever looks at it now and then copies them here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "observe/lease_metrics.h"
#include "observe/run_counter.h"
#include "relay/relay_view.h"

namespace ctk::observe {

/// All have the label `relay`, the lag has `shard` too, of shards that are read. The registry outlives it.
class RelayMetrics {
 public:
  RelayMetrics(Metrics& metrics, std::string relay);
  /// `view` of one run, its counters at least as high as those of the one before.
  void update(const relay::RelayView& view, bool healthy, bool ready);
  /// The next view is one of another run of the relay, whose counters begin at nothing.
  void begin_run();
  /// The relay is no more, and nothing is updated from now on.
  void remove();

 private:
  Gauge& gauge(const char* name, const char* help);
  void update_lags(const std::vector<relay::ShardView>& shards);
  Labels lag_labels(const aws::ShardId& shard) const;

  Metrics& metrics_;
  const std::string relay_;
  std::vector<std::pair<uint64_t relay::RunCounts::*, RunCounter>> counted_;
  std::optional<LeaseMetrics> leases_;  ///< once there are any
  std::vector<std::string> gauges_;     ///< their names
  std::map<aws::ShardId, Gauge*> lags_;
  Gauge& reading_;
  Gauge& waiting_;
  Gauge& until_loss_;
  Gauge& memory_;
  Gauge& healthy_;
  Gauge& ready_;
  Gauge& load_items_;
};

}  // namespace ctk::observe
