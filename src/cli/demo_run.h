// The demo's course: what happens to table and relay, one step after another, and what is said of it.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/event_loop.h"
#include "cli/demo_arrivals.h"
#include "cli/demo_table.h"
#include "cli/load_plan.h"
#include "cli/signals.h"
#include "cli/wired_relay.h"
#include "cli/world.h"
#include "observe/progress.h"
#include "relay/relay.h"

namespace ctk::cli {

class DemoRun {
 public:
  explicit DemoRun(World& world);
  ~DemoRun();

  const DemoTable& table() const { return table_; }
  /// What `plan` loads from the table, until everything that was written has arrived. `stopped` where a signal came first.
  Status run(LoadPlan plan);
  /// Changes that the relay has applied, over all its lives.
  uint64_t applied() const;

 private:
  /// One life of the relay.
  struct Leg;
  /// Waits for `reached`, then does `next`.
  struct Step {
    std::function<bool()> reached;
    std::function<void()> next;
  };

  void plan_load();
  void plan_roll();
  void plan_restart();
  void plan_end();
  void then(std::function<bool()> reached, std::function<void()> next);
  void start_relay();
  void stop_relay();
  void on_relay_end(Result<relay::RelayStats> result);
  void tick();
  void end(Status ending);
  void print_step(const char* what, const std::string& sentence);
  void print_rate();
  std::function<bool()> after(Duration pause);
  relay::RelayStats stats() const;

  World& world_;
  ThreadLoop loop_;
  SignalWatcher signals_;  ///< before whatever has threads
  DemoTable table_;
  std::unique_ptr<Log> log_;
  LoadPlan plan_;
  std::unique_ptr<Leg> leg_;
  std::deque<Step> steps_;
  Arrivals arrivals_;
  Duration begun_{}, step_begun_{}, writing_ends_ = Duration::max();
  uint64_t applied_before_ = 0;  ///< by earlier legs
  uint64_t changes_then_ = 0;    ///< at the last thing that happened to the table
  uint64_t shards_then_ = 0;
  bool interrupted_ = false;
  Status ending_;
};

}  // namespace ctk::cli
