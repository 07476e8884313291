// One relay as it is seen over time: whether it is well and ready, how fast it is, and how its last hour was. Pure: it is
// shown the relay every second. It outlives the relay's runs: one that failed and is begun again is the same relay.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "observe/health.h"
#include "observe/relay_metrics.h"
#include "relay/relay_view.h"

namespace ctk::observe {

/// In a second.
struct Rates {
  double changes = 0, bytes = 0;
};

/// A moment of the last hour.
struct HistoryPoint {
  Timestamp time{};
  double lag_seconds = 0;
  Rates rates;
  bool healthy = true;
};

/// What a relay is between, as it may be shown: without secrets.
struct RelayTitle {
  std::string source, target;
};

/// Why a relay does not run that should.
struct RelayFailure {
  Timestamp since{};
  std::string error;  ///< without secrets
};

struct RelayStatus {
  RelayTitle title;
  relay::RelayView view;
  std::optional<RelayFailure> failure = {};
  Health health;
  bool has_caught_up = false;  ///< once, since it started
  Rates rates;
  std::vector<HistoryPoint> history;  ///< the oldest first
};

class RelayWatch {
 public:
  /// `metrics` outlives it.
  RelayWatch(RelayTitle title, Duration health_window, Metrics& metrics)
      : title_(std::move(title)), health_(health_window), metrics_(metrics) {}

  /// `now` is monotonic, `time` is what the calendar says.
  /// `failure`: why it does not run; it is not well then.
  RelayStatus look(relay::RelayView view, Duration now, Timestamp time, std::optional<RelayFailure> failure = {});
  /// The relay begins again, and counts from nothing.
  void begin_run();
  /// It is no more: no metric speaks of it from now on. Nothing is looked at afterwards.
  void forget();

 private:
  struct Count {
    Duration at{};
    uint64_t changes = 0, bytes = 0;
  };
  Rates rates(const relay::RelayStats& stats, Duration now);
  void remember(const RelayStatus& status, Duration now, Timestamp time);

  const RelayTitle title_;
  HealthWatch health_;
  Metrics& metrics_;
  std::optional<RelayMetrics> relay_metrics_;  ///< once its name is known
  bool ready_ = false;
  std::deque<Count> counts_;
  std::deque<HistoryPoint> history_;
  Duration next_point_{};
};

}  // namespace ctk::observe
