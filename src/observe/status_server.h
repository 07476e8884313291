// The port of `--listen`: `/` (the page), `/metrics`, `/healthz`, `/readyz`, `/status.json`. It answers from what the loop
// has shown it last, and never asks the loop: whatever clients do costs the relay nothing.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/metrics.h"
#include "net/http_server.h"
#include "observe/door.h"
#include "observe/process_status.h"
#include "observe/recent_log.h"

namespace ctk::observe {

struct StatusServerOptions {
  std::string host;
  int port = 0;  ///< 0: a free one
  Door door;
  Duration health_window = std::chrono::seconds(60);
  std::string version;
  std::vector<RelayStatus> first;  ///< what is shown until show() is called
};

/// Listens until it is destroyed. What it is made from outlives it.
class StatusServer {
 public:
  /// `refused` where the port cannot be had.
  static Result<std::unique_ptr<StatusServer>> listen(StatusServerOptions options, const Metrics& metrics,
                                                      const RecentLog& log, Clock& clock);
  std::string url() const { return server_->url(); }
  /// What its answers say from now on, of these relays. From any thread.
  void show(std::vector<RelayStatus> relays);

 private:
  StatusServer(StatusServerOptions options, const Metrics& metrics, const RecentLog& log, Clock& clock);
  std::shared_ptr<const ProcessStatus> status() const;
  Health health() const;
  std::vector<net::HttpRoute> routes();

  const StatusServerOptions options_;
  const Metrics& metrics_;
  const RecentLog& log_;
  Clock& clock_;
  const Duration began_;
  mutable std::mutex mutex_;
  std::shared_ptr<const ProcessStatus> status_;
  std::unique_ptr<net::HttpServer> server_;  ///< its routes use all of the above
};

}  // namespace ctk::observe
