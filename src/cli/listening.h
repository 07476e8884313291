// What `--listen` is made of, beside a relay: the port, and what is shown there.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "cli/command_line.h"
#include "cli/world.h"
#include "observe/recent_log.h"
#include "observe/status_server.h"

namespace ctk::cli {

/// Listens from its making on, until it is destroyed. The world outlives it.
class Listening {
 public:
  /// `refused` where the port cannot be had. `first` is what it shows until show() is called.
  static Result<std::unique_ptr<Listening>> begin(const ListenOptions& options, std::vector<observe::RelayStatus> first,
                                                  World& world);
  /// The world as a relay should see it: its log lines are shown, what it counts is counted here.
  World& world() { return world_; }
  /// What is there to be seen from now on. From any thread.
  void show(std::vector<observe::RelayStatus> relays) { server_->show(std::move(relays)); }
  Duration health_window() const { return health_window_; }
  Metrics& metrics() { return metrics_; }

 private:
  Listening(const ListenOptions& options, World& world);

  const Duration health_window_;
  Metrics metrics_;
  observe::RecentLog log_;
  World world_;
  std::unique_ptr<observe::StatusServer> server_;
};

}  // namespace ctk::cli
