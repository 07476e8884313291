// What a service manager is told of a process, as lines of sd_notify(3): that it has started, that it is alive, how it is,
// that it ends. Pure: it is shown the relays every second.
//
// The watchdog is fed unless something stands still that nobody's outage explains: a target that is away is no reason to
// kill the relay that waits for it, one that has hung itself up is.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "observe/relay_watch.h"

namespace ctk::observe {

class ServiceNotices {
 public:
  /// `fed`: the manager has a watchdog that is to be fed.
  explicit ServiceNotices(bool fed) : fed_(fed) {}

  /// What to send now; empty: nothing. `now` is monotonic.
  std::string next(const std::vector<RelayStatus>& relays, Duration now);

 private:
  enum class Phase { starting, ready, stopping };
  ///   starting ──no relay is starting any more──▶ ready ──all are stopping──▶ stopping
  static Phase phase_of(Phase before, const std::vector<RelayStatus>& relays);

  const bool fed_;
  Phase phase_ = Phase::starting;
  std::string status_;  ///< as it was sent last
  Duration sent_at_{};
};

}  // namespace ctk::observe
