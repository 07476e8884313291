// Who is shown the relays of this process every second: the port of `--listen`, and whoever has started it as a service.
#pragma once

#include <memory>
#include <optional>

#include "base/event_loop.h"
#include "cli/listening.h"
#include "cli/world.h"
#include "observe/service_manager.h"
#include "observe/status_ticker.h"

namespace ctk::cli {

/// On the loop; all that is given outlives it.
class Onlookers {
 public:
  /// `listening` may be null.
  Onlookers(Listening* listening, World& world, EventLoop& loop);
  /// Shows what `look` sees from now until the end of this, if there is anybody.
  void watch(observe::StatusTicker::Look look);

 private:
  void show(const std::vector<observe::RelayStatus>& relays);

  Listening* const listening_;
  World& world_;
  EventLoop& loop_;
  std::unique_ptr<observe::ServiceReporter> service_;
  std::optional<observe::StatusTicker> ticker_;  // last: it shows a last time at its end
};

}  // namespace ctk::cli
