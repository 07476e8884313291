// A simulated target database in memory, in virtual time: keeps the Sink contract, with faults as knobs. It survives the
// relays that write it, so that a killed one and its successor meet the same rows and positions.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/event_loop.h"
#include "base/random.h"
#include "sim/faults.h"
#include "simulation/kept_history.h"
#include "sink/row_reader.h"
#include "sink/row_repairer.h"
#include "sink/sink.h"

namespace ctk::simulation {

/// Probabilities, 0 … 1, of what goes wrong with one write; and what the target refuses.
struct TargetKnobs {
  bool transactional = true;
  int connections = 1;
  size_t batch_rows = 50;
  Duration write_time = std::chrono::milliseconds(5);
  Duration row_time{};        ///< what a batch takes besides
  double lost_request = 0;    ///< the connection breaks before anything is written
  double lost_reply = 0;      ///< everything is written, nobody hears of it
  double torn_write = 0;      ///< without transactions: some rows of the batch are written, then the connection breaks
  bool down = false;          ///< nobody answers
  bool hangs = false;         ///< what is asked is done, and answered only once this is over
  bool never_closes = false;  ///< close() waits for something that hangs
  bool full = false;          ///< every write of rows is refused: there is no room
  std::string poison;         ///< a new image that holds this text is refused for itself; empty: none
  /// A write is done long after its client gave up on it, by up to `straggle_by`.
  double straggler = 0;
  Duration straggle_by = std::chrono::minutes(5);
};

struct TargetRow {
  std::string version;
  bool deleted = false;
  std::string data;
  std::string aux = {};  ///< empty: NULL
  Timestamp time{};      ///< of the change
  bool operator==(const TargetRow&) const = default;
};

/// What the database holds.
struct TargetState {
  std::map<std::string, std::map<std::string, TargetRow>> tables;  ///< table → key (typed JSON) → row
  std::map<std::string, coordination::TableRecord> records;
  std::map<coordination::RelayName, std::map<aws::ShardId, coordination::StoredPosition>> positions;
  std::map<std::string, sink::DeadLetter> dead_letters;
  std::map<std::string, KeptHistory> histories;  ///< table → its history, where it has one
  coordination::Fence last_fence = 0;
  std::map<std::string, std::map<std::string, std::string>> swept;  ///< table → key → highest version that was swept
  uint64_t pruned = 0;                                              ///< rows of finished shards that were removed
  uint64_t writes = 0;                                              ///< batches that arrived
  uint64_t regressions = 0;  ///< rows that went back to an older version, letters that hid another one: must stay 0
};

/// What makes replay harmless and sweeping safe, so that a test can put something broken in its place.
class TargetRules {
 public:
  virtual ~TargetRules() = default;
  virtual std::string version(const dynamodb::Change& change, coordination::Epoch epoch) const {
    return table::version_text(epoch, change.order);
  }
  /// Whether a write of this version changes the row.
  virtual bool may_write(const TargetRow& row, const std::string& version) const { return version > row.version; }
  /// Whether a row that was read with this version is repaired.
  virtual bool may_repair(const TargetRow& row, const std::string& version) const { return row.version == version; }
  /// Whether a change has its event in the history. `below`: a newer one of its key has come with it. `stale`: its row was
  /// newer.
  virtual bool keeps(bool /*below*/, bool /*stale*/) const { return true; }
  virtual coordination::SweepPlan plan_sweep(const coordination::TableRecord& record, Timestamp watermark, Timestamp now,
                                             const sink::SweepRequest& request) const {
    return coordination::plan_sweep(record, watermark, now, request.grace, request.floor);
  }
};

struct TargetEnvironment {
  EventLoop& loop;
  Clock& clock;
  Random& random;
  sim::FaultObserver on_fault = {};
  EventLoop* caller = nullptr;  ///< where answers are handed over, if not on `loop`
  const TargetRules* rules = nullptr;
  std::function<void(const sink::Batch&)> on_write = {};  ///< a write arrives
  std::function<void(const sink::Batch&)> on_send = {};   ///< one is sent
  /// A row has changed, or (null) was swept.
  std::function<void(const std::string& table, const std::string& key, const TargetRow* row)> on_row = {};
};

/// A connection, whose rows can be read and repaired, too.
class SimDatabase : public sink::Sink, public sink::RowReader, public sink::RowRepairer {};

/// A connection to it. `state` and `knobs` are shared by all connections, and outlive them.
std::unique_ptr<SimDatabase> connect_target(TargetState& state, TargetKnobs& knobs, TargetEnvironment environment);

}  // namespace ctk::simulation
