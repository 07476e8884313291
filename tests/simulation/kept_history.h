// The history that a simulated target keeps beside a table, in memory. What is written is decided as in every database
// (sink/key_history.h); here is only how the rows are found and changed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sink/key_history.h"

namespace ctk::simulation {

/// A row of a history.
struct KeptEvent {
  sink::HistoryEvent place;
  std::string operation;
  bool by_time_to_live = false;
  std::string data;
};

using KeptEvents = std::map<std::string, KeptEvent>;    ///< of one key, by version
using KeptHistory = std::map<std::string, KeptEvents>;  ///< by key (typed JSON)

/// Brings the events of one write to a key in: at least one, of versions that differ. `epoch`: the table's.
void keep_events(KeptEvents& kept, coordination::Epoch epoch, const std::vector<KeptEvent>& events);

}  // namespace ctk::simulation
