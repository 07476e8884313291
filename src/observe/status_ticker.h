// Looks at the relays of a process every second, once for all who are shown them: a relay that is looked at twice is
// counted twice.
#pragma once

#include <functional>
#include <vector>

#include "base/event_loop.h"
#include "observe/relay_watch.h"

namespace ctk::observe {

/// From its construction to its end, and once more then. On the loop.
class StatusTicker {
 public:
  using Look = std::move_only_function<std::vector<RelayStatus>()>;
  using Show = std::move_only_function<void(const std::vector<RelayStatus>&)>;
  StatusTicker(Look look, Show show, EventLoop& loop);
  ~StatusTicker();
  StatusTicker(const StatusTicker&) = delete;
  StatusTicker& operator=(const StatusTicker&) = delete;

 private:
  void tick();

  Look look_;
  Show show_;
  EventLoop& loop_;
  EventLoop::TimerId timer_ = 0;
};

}  // namespace ctk::observe
