// Who started the process as a service and wants to hear of it (systemd, by the protocol of sd_notify(3)): a socket, and
// what is sent there every second.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "observe/service_notices.h"

namespace ctk::observe {

/// What the environment says of the manager. Source: sd_notify(3), sd_watchdog_enabled(3).
struct ServiceManager {
  std::string socket;  ///< NOTIFY_SOCKET: a path, or a name behind an "@"
  bool has_watchdog = false;

  /// Nothing where nobody wants to hear. `process` is this one's id: a watchdog may be another's.
  static std::optional<ServiceManager> of(const std::function<std::optional<std::string>(const std::string&)>& variable,
                                          int process);
};

/// Tells a service manager of relays. One that does not take it is not told: nothing of ours waits for it.
class ServiceReporter {
 public:
  explicit ServiceReporter(const ServiceManager& manager);
  ~ServiceReporter();
  ServiceReporter(const ServiceReporter&) = delete;
  ServiceReporter& operator=(const ServiceReporter&) = delete;

  /// Every second; `now` is monotonic.
  void report(const std::vector<RelayStatus>& relays, Duration now);

 private:
  const std::string address_;
  ServiceNotices notices_;
  int socket_;  ///< -1: there is none to be had
};

}  // namespace ctk::observe
