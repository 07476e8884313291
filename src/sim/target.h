// A simulated target database in memory, in virtual time: keeps the Sink contract, with faults as knobs. It survives the
// relays that write it, so that a killed one and its successor meet the same rows and positions.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/event_loop.h"
#include "base/random.h"
#include "sim/faults.h"
#include "sink/sink.h"

namespace ctk::sim {

/// Probabilities, 0 … 1, of what goes wrong with one write; and what the target refuses.
struct TargetKnobs {
  bool transactional = true;
  int connections = 1;
  size_t batch_rows = 50;
  Duration write_time = std::chrono::milliseconds(5);
  double lost_request = 0;  ///< the connection breaks before anything is written
  double lost_reply = 0;    ///< everything is written, nobody hears of it
  double torn_write = 0;    ///< without transactions: some rows of the batch are written, then the connection breaks
  bool down = false;        ///< nobody answers
  std::string poison;       ///< a row whose `data` holds this text is refused for itself; empty: none
  bool guarded = true;      ///< false: a broken target that takes every write, to try the checker on
};

struct TargetRow {
  std::string version;
  bool deleted = false;
  std::string data;
  bool operator==(const TargetRow&) const = default;
};

/// What the database holds.
struct TargetState {
  std::map<std::string, std::map<std::string, TargetRow>> tables;  ///< table → key (typed JSON) → row
  std::map<std::string, coordination::TableRecord> records;
  std::map<coordination::RelayName, std::map<aws::ShardId, coordination::StoredPosition>> positions;
  std::map<std::string, sink::DeadLetter> dead_letters;
  coordination::Fence last_fence = 0;
  uint64_t writes = 0;       ///< batches that arrived
  uint64_t regressions = 0;  ///< rows that went back to an older version: must stay 0
};

struct TargetEnvironment {
  EventLoop& loop;
  Clock& clock;
  Random& random;
  FaultObserver on_fault = {};
};

/// A connection to it. `state` and `knobs` are shared by all connections, and outlive them.
std::unique_ptr<sink::Sink> connect_target(TargetState& state, TargetKnobs& knobs, TargetEnvironment environment);

}  // namespace ctk::sim
