// What a process shows of itself, as JSON: for programs (`/status.json`, `/healthz`, `/readyz`, whose members are a
// contract) and for the page, which shows more. Pure.
#pragma once

#include <string>
#include <vector>

#include "observe/recent_log.h"
#include "observe/relay_watch.h"

namespace ctk::observe {

struct ProcessStatus {
  std::string version;
  std::vector<RelayStatus> relays;
  Timestamp time{};   ///< when it was looked at
  Duration looked{};  ///< the same moment, monotonic
  Duration uptime{};  ///< by then
};

/// Whether all is well: what the relays say, and that somebody has looked at them within `window`.
Health health_of(const ProcessStatus& status, Duration now, Duration window);
/// Every relay has caught up.
bool is_ready(const ProcessStatus& status);

std::string status_json(const ProcessStatus& status);
/// {"healthy":false,"reasons":["…"]}
std::string health_json(const Health& health);
std::string ready_json(bool ready);
/// All of status_json, and besides: source and target, reasons, parents of shards, the last hour, dead letters, log lines.
std::string page_json(const ProcessStatus& status, const Health& health, const std::vector<RecentLog::Line>& log);

}  // namespace ctk::observe
