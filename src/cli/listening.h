// What `--listen` is made of, beside a relay: the port, and what is shown there.
#pragma once

#include <memory>
#include <optional>

#include "base/event_loop.h"
#include "base/metrics.h"
#include "cli/command_line.h"
#include "cli/world.h"
#include "observe/recent_log.h"
#include "observe/status_server.h"
#include "relay/relay.h"

namespace ctk::cli {

/// Listens from its making on, until it is destroyed. The world outlives it.
class Listening {
 public:
  /// `refused` where the port cannot be had.
  /// `first` is shown until something is watched.
  static Result<std::unique_ptr<Listening>> begin(const ListenOptions& options, std::vector<observe::RelayStatus> first,
                                                  World& world);
  /// The world as a relay should see it: its log lines are shown, what it counts is counted here.
  World& world() { return world_; }
  /// Shows the relay from now until `leave`, on the loop. Both outlive that.
  void watch(const relay::Relay& relay, observe::RelayTitle title, EventLoop& loop);
  /// Shows what `look` says, every second until `leave`, on the loop, which outlives that.
  void watch(observe::StatusTicker::Look look, EventLoop& loop);
  Duration health_window() const { return health_window_; }
  Metrics& metrics() { return metrics_; }
  void leave() { ticker_.reset(); }

 private:
  Listening(const ListenOptions& options, World& world);

  const Duration health_window_;
  Metrics metrics_;
  observe::RecentLog log_;
  World world_;
  std::unique_ptr<observe::StatusServer> server_;
  std::optional<observe::StatusTicker> ticker_;
};

}  // namespace ctk::cli
