// One simulated world: what lies upstream (a DynamoDB table that changes, and its stream), a target, and a relay that is
// killed, frozen, doubled and started again. Everything runs on one virtual clock; one seed is one life of it, bit for bit.
// What a life is made of is World's business, how many are lived and what is printed of them that of simulation_test.cc and
// simulate.cc.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/random.h"
#include "simulation/checker.h"
#include "simulation/knobs.h"
#include "simulation/lease_service.h"
#include "simulation/lease_watch.h"
#include "simulation/parts.h"
#include "simulation/target.h"
#include "simulation/trace.h"
#include "simulation/upstream.h"
#include "simulation/worker.h"

namespace ctk::simulation {

class World {
 public:
  /// `trace`, where given, is told of everything that happens. `parts`, where given, outlive the world.
  World(uint64_t seed, WorldKnobs knobs, std::ostream* trace = nullptr, Parts* parts = nullptr);
  ~World();

  /// Lives the whole life; returns what is wrong, or nothing. `coverage` tells what happened.
  std::optional<std::string> run();
  Coverage coverage() const;
  const TargetState& target() const { return state_; }

 private:
  Worker* start(const Order& order);
  void start_worker(const Order& order = {});
  Surroundings surroundings();
  void on_write(const sink::Batch& batch);
  void end_of(Worker& worker, Result<relay::RelayStats> result);
  void kill_worker();
  /// A second relay of the same name, while the first one sleeps or not.
  void double_worker();
  void freeze_worker();
  /// The table is loaded once more, beside the relay or by it.
  void load_again();
  /// The other workers that share the shards come and go.
  void start_helpers();
  void move_helper();
  /// What happens to leases, and to those who have them.
  void inject_lease_fault();
  void delete_leases();
  void cut_off_worker(Worker& worker, Duration time);
  Worker* any_living();
  void lose_a_day();
  void raise_epoch();
  void pause_target();
  void fill_target();
  void live_on(Duration time);
  void note_fault(std::string_view where, std::string_view what);
  void bury_the_ended();
  void inject_fault();
  void live_without_relay();
  std::optional<std::string> look();
  void look_at_leases();
  bool is_superseded(Worker& worker);
  std::optional<std::string> look_for_superseded();
  bool informed() const;
  void look_at_readiness();
  void look_at_readiness(Worker& worker);
  std::optional<std::string> become_ready();
  coordination::LoadState load_state() const;
  std::optional<std::string> settle();
  std::optional<std::string> verdict_of_last_run();

  const WorldKnobs knobs_;
  Random random_;
  VirtualLoop loop_;
  Trace log_;
  TargetKnobs target_knobs_;
  Upstream upstream_;
  sim::FaultKnobs faults_;
  TargetState state_;
  Checker checker_;
  ShardBoard board_;
  LeaseService leases_;
  LeaseWatch watch_;
  Parts right_;
  Parts& parts_;
  Coverage coverage_;
  std::unique_ptr<Worker> worker_;
  std::vector<std::unique_ptr<Worker>> others_;  ///< killed ones too: what they had sent may still arrive
  std::optional<Error> failure_;
  bool gap_ = false;
  Duration target_back_{};  ///< since when it answers, if it was down
  int workers_ = 0;
};

/// One seed's life, knobs and all. Adds what happened to `coverage`; returns what is wrong at its end, or nothing.
std::optional<std::string> live(uint64_t seed, Coverage& coverage, std::ostream* trace = nullptr, Parts* parts = nullptr);

}  // namespace ctk::simulation
