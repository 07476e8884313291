// A relay's figures as metrics. The engine counts for itself; whoever looks at it now and then copies them here.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/metrics.h"
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
  struct Counted {
    std::string name;
    Counter* counter;
    uint64_t relay::RunCounts::* count;
    uint64_t before = 0;  ///< by earlier runs
  };
  Gauge& gauge(const char* name, const char* help);
  void update_lags(const std::vector<relay::ShardView>& shards);
  Labels lag_labels(const relay::ShardId& shard) const;

  Metrics& metrics_;
  const std::string relay_;
  std::vector<Counted> counted_;
  std::vector<std::string> gauges_;  ///< their names
  std::map<relay::ShardId, Gauge*> lags_;
  Gauge& reading_;
  Gauge& waiting_;
  Gauge& until_loss_;
  Gauge& memory_;
  Gauge& healthy_;
  Gauge& ready_;
  Gauge& load_items_;
};

}  // namespace ctk::observe
