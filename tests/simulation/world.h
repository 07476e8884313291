// One simulated world: a DynamoDB table that changes, the Kinesis stream that carries its changes as AWS warns of it
// (repeated, slightly reordered), a target, and a relay that is killed and started again. Everything runs on one virtual
// clock; one seed is one life of it, bit for bit. What a life is made of is World's business, how many are lived and what
// is printed of them that of simulation_test.cc and simulate.cc.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/random.h"
#include "relay/kinesis_source.h"
#include "relay/relay.h"
#include "sim/kinesis.h"
#include "sim/kinesis_api.h"
#include "sim/target.h"
#include "simulation/trace.h"

namespace ctk::simulation {

struct WorldKnobs {
  int shards = 2;
  int items = 20;
  int changes = 400;
  Duration between_changes = std::chrono::milliseconds(300);
  double repeated = 0.05;        ///< a record is delivered twice
  double delayed = 0.05;         ///< a record is delivered behind its successors
  double resharded = 0.01;       ///< a change is followed by a split or a merge
  double killed = 0.01;          ///< a change is followed by the relay's death and a restart
  double doubled = 0.005;        ///< a change is followed by the start of a second relay of the same name, by mistake
  double epoch_raised = 0.003;   ///< a change is followed by somebody raising the table's epoch
  double paused_target = 0.005;  ///< a change is followed by a minute without a target
  sim::FaultKnobs service;
  sim::TargetKnobs target;
};

/// What happened in a life, or in many.
struct Coverage {
  uint64_t changes = 0, records = 0, reshards = 0, kills = 0, doubles = 0, epochs = 0, writes = 0;
  /// Calls and writes that went wrong, records that came late or twice, pauses of the target, second relays.
  uint64_t faults = 0;
  void add(const Coverage& other);
};

/// An item as DynamoDB has it: the value of its last put, or nothing once deleted.
using Model = std::map<std::string, std::optional<int>>;

class World {
 public:
  /// `trace`, where given, is told of everything that happens.
  World(uint64_t seed, WorldKnobs knobs, std::ostream* trace = nullptr);
  ~World();

  /// Lives the whole life; returns what is wrong at its end, or nothing. `coverage` tells what happened.
  std::optional<std::string> run();
  const Coverage& coverage() const { return coverage_; }
  const sim::TargetState& target() const { return state_; }

 private:
  struct Worker;

  void start_worker(bool once);
  void kill_worker();
  /// The worker that a second one has replaced ends by itself where writes are fenced; elsewhere somebody ends it.
  void double_worker();
  void raise_epoch();
  void change_something();
  void put_record(std::string data, const std::string& key);
  void pause_target();
  void live_on(Duration time);
  void misfortune(std::string_view where, std::string_view what);
  void reshard();
  std::optional<std::string> settle();
  std::optional<std::string> compare() const;

  WorldKnobs knobs_;
  Random random_;
  VirtualLoop loop_;
  Trace log_;
  InlineExecutor executor_;
  sim::Kinesis kinesis_;
  sim::KinesisApi api_;
  sim::TargetState state_;
  Model model_;
  int written_ = 0;
  int64_t last_time_ = 0;
  Coverage coverage_;
  std::unique_ptr<Worker> worker_;
  std::vector<std::unique_ptr<Worker>> dead_;  ///< what they had sent may still arrive
  std::optional<Error> failure_;
};

/// Draws a world's knobs from its seed: every fault has its chance, in every mix.
WorldKnobs draw_knobs(Random& random);

/// One seed's life, knobs and all. Adds what happened to `coverage`; returns what is wrong at its end, or nothing.
std::optional<std::string> live(uint64_t seed, Coverage& coverage, std::ostream* trace = nullptr);

}  // namespace ctk::simulation
