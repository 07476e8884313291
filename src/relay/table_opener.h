// Opens the tables that a run's changes go to, and says what it finds there: what a table is registered with, whether what
// is in the way may get better, whose epoch it is of.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "relay/course.h"
#include "relay/run.h"
#include "relay/run_counters.h"
#include "relay/run_state.h"
#include "relay/start_up.h"
#include "relay/table_set.h"
#include "relay/write_attempts.h"

namespace ctk::relay {

class TableOpener {
 public:
  TableOpener(Run& run, RunState& state, TableSet& tables, RunCounters& counters, const StartUp& start,
              WriteAttempts& attempts, Course& course)
      : run_(run),
        state_(state),
        tables_(tables),
        counters_(counters),
        start_(start),
        attempts_(attempts),
        course_(course) {}

  /// Told whenever a table has opened.
  void on_open(std::function<void()> opened) { opened_ = std::move(opened); }

  /// Adds the table that a change goes to, and begins to open it; false if the run has ended because of it.
  bool add_of(const dynamodb::Change& change, const table::QualifiedName& name);
  /// Opens the tables that this relay filled before: their tombstones are swept although no change comes.
  void open_known();
  coordination::TableRegistration registration_of(const Table& table) const;
  /// What was found to be otherwise than ctk_tables has it.
  void warn_of_sight(const sink::OpenTable& opened) const;

 private:
  bool add(const table::QualifiedName& name, const std::string& source, const table::KeySchema& keys);
  void open(const std::string& name);
  void on_table_open(const std::string& name, Result<sink::OpenTable> result);
  void report_what_a_file_does(const std::string& name) const;
  std::optional<Timestamp> reads_since() const;
  void warn_of_missing_load(const coordination::TableRecord& record);

  Run& run_;
  RunState& state_;
  TableSet& tables_;
  RunCounters& counters_;
  const StartUp& start_;
  WriteAttempts& attempts_;
  Course& course_;
  std::function<void()> opened_;
};

}  // namespace ctk::relay
