// One relay of a fleet, over all its runs: begun, watched, stopped, begun again after a failure or with another plan.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/byte_budget.h"
#include "base/lifeline.h"
#include "cli/fleet_plan.h"
#include "cli/relay_course.h"
#include "cli/relay_log.h"
#include "cli/run_ending.h"
#include "cli/wired_relay.h"
#include "observe/relay_watch.h"

namespace ctk::cli {

/// What all relays of a fleet share; it outlives them.
struct FleetGround {
  World& world;
  EventLoop& loop;
  BytePool& memory;
  Metrics& metrics;
  Duration health_window;
};

/// On the loop.
class FleetMember {
 public:
  /// `on_change` is called, never from within a call of ours, when it is over, and at each failure with its exit code.
  FleetMember(FleetRelay relay, FleetGround ground, std::function<void(std::optional<int> failed)> on_change);
  ~FleetMember();
  FleetMember(const FleetMember&) = delete;
  FleetMember& operator=(const FleetMember&) = delete;

  const FleetRelay& relay() const { return relay_; }
  /// Whether it runs like this, or will once what runs has stopped.
  bool will_run_as(const FleetRelay& other) const { return (replacement_ ? *replacement_ : relay_).runs_as(other); }
  void begin();
  /// It is to run like this from now on: what runs is stopped first.
  void replace(FleetRelay relay);
  /// It is to end for good.
  void stop();

  bool is_over() const { return state_ == State::over; }
  /// Once it is over.
  int exit_code() const { return exit_code_; }
  /// Its target hangs: a thread may wait for it for long.
  bool hangs() const { return hanging_ != nullptr; }

  /// As it is now; called about every second.
  observe::RelayStatus look();
  /// With the relay's name in its outage; of one that has failed, that is it.
  relay::RelayStats stats();
  /// It is removed: nothing is counted of it any more. Nothing is looked at afterwards.
  void forget() { watch_.forget(); }

 private:
  enum class State { running, waiting, over };
  /// What is known of the failures until now.
  struct Failing {
    relay::RelayStats before;  ///< how it stood at the first
    Duration reported_at{};    ///< in the log, last
    std::string reported;      ///< then
  };

  void on_end(Result<relay::RelayStats> result);
  /// With the run's parts still there, but out of their calls.
  void settle(const Ending& ending);
  void conclude(const Ending& ending, const std::optional<Error>& error);
  void report_failure(const Error& error, Duration pause);
  void note_failure(const std::optional<Error>& error);
  relay::RelayView view() const;
  /// What is begun again has failed until it reads.
  void note_recovery();
  /// Of a relay that does not read, the stream goes on.
  void add_time_since_failure(relay::RelayStats& stats) const;

  FleetRelay relay_;
  std::optional<FleetRelay> replacement_;
  FleetGround ground_;
  std::function<void(std::optional<int>)> on_change_;
  RelayLog log_;
  World world_;  ///< as the relay sees it
  observe::RelayWatch watch_;
  RelayCourse course_;
  State state_ = State::over;
  bool is_to_end_ = false;
  int exit_code_ = 0;
  Duration begun_{};
  EventLoop::TimerId pause_ = 0;
  relay::RelayView last_view_;  ///< of a run that has ended
  std::optional<observe::RelayFailure> failure_;
  Failing failing_;
  std::optional<observe::RelayStatus> final_;  ///< of one that is well and over
  std::unique_ptr<WiredRelay> wired_;
  std::unique_ptr<WiredRelay> hanging_;  ///< the run before, whose target had not closed in time
  Lifeline lifeline_;
};

}  // namespace ctk::cli
