// Several relays in one process, as a configuration file has them: on one loop, within one budget of memory. One that fails
// is begun again and stops nobody else, unless that is wanted.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/byte_budget.h"
#include "base/lifeline.h"
#include "cli/fleet_member.h"
#include "cli/fleet_plan.h"

namespace ctk::cli {

/// On the loop. Loop, world and metrics outlive it.
class Fleet {
 public:
  /// `on_end` is called once, when every relay is over.
  Fleet(World& world, EventLoop& loop, Metrics& metrics, Duration health_window, std::function<void()> on_end);

  /// Begins what is new in the plan, stops what is not in it, begins anew what has changed, and leaves the rest alone.
  void follow(FleetPlan plan);
  /// Every relay is to end.
  void stop();

  /// The worst one of all relays' that are over.
  int exit_code() const { return exit_code_; }
  /// A thread may wait for a target for long yet.
  bool hangs() const;

  std::vector<observe::RelayStatus> look();
  /// Of all together.
  relay::RelayStats stats();

 private:
  struct Place {
    std::unique_ptr<FleetMember> member;
    bool removed = false;
  };

  void take(FleetRelay relay);
  void add(FleetRelay relay);
  void remove(const std::string& name);
  std::vector<Place>::iterator find(const std::string& name);
  void on_change(std::optional<int> failed);
  /// Drops members that were removed and are over; the end, once all are.
  void tidy_up();

  BytePool memory_;
  FleetGround ground_;
  std::function<void()> on_end_;
  bool exit_on_failure_ = false;
  bool stopping_ = false;
  int exit_code_ = 0;
  std::vector<Place> places_;
  Lifeline lifeline_;
};

/// Figures of relays, together: sums, and the worst of what cannot be summed.
relay::RelayStats sum_of(const std::vector<relay::RelayStats>& all);

}  // namespace ctk::cli
