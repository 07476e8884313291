// Sweeping as the target is asked for it: rounds over the open tables (sweeper.h), and what they have found.
#pragma once

#include <functional>
#include <string>

#include "relay/course.h"
#include "relay/outage.h"
#include "relay/run.h"
#include "relay/run_counters.h"
#include "relay/run_state.h"
#include "relay/sweeper.h"
#include "relay/table_set.h"

namespace ctk::relay {

/// What a run asks of one table now.
sink::SweepRequest sweep_request(const Run& run, const Life& life, const std::string& table);

class Sweeping {
 public:
  Sweeping(Run& run, RunState& state, TableSet& tables, RunCounters& counters, Outages& outages, Course& course)
      : run_(run), state_(state), tables_(tables), counters_(counters), outages_(outages), course_(course) {}

  /// Sweeps every open table, one after another; `then` unless the run ends, or begins again. Waits for a round under way.
  void sweep(Sweeper::Purpose purpose, std::move_only_function<void()> then);
  /// A sweep of a table has told how its load stands.
  void take_sweep_of_load(const std::string& table, const sink::SweepOutcome& outcome);

 private:
  void sweep_next(std::move_only_function<void()> then);
  /// False: the run ends, or begins again.
  bool on_swept(const std::string& table, const Result<sink::SweepOutcome>& outcome);

  Run& run_;
  RunState& state_;
  TableSet& tables_;
  RunCounters& counters_;
  Outages& outages_;
  Course& course_;
  Sweeper sweeper_;
};

}  // namespace ctk::relay
