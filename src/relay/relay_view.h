// What can be seen of a run from outside at one moment: what health, metrics and the status pages are made from. Values;
// whoever looks at them judges.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coordination/lease_figures.h"
#include "relay/outage.h"
#include "relay/relay.h"
#include "shards/walk.h"

namespace ctk::relay {

struct ShardView {
  /// waiting: for the ends of its parents. at_tip: a bounded run reads no further. ended: its end was read, and is not
  /// stored yet. elsewhere: another worker has it.
  enum class State { waiting, reading, at_tip, ended, finished, elsewhere };

  ShardId id;
  State state = State::waiting;
  std::vector<ShardId> parents;
  bool segment = false;  ///< of a load
  /// Nothing of it is written before its parents' ends are: that it stands still says something of them alone.
  bool waits_for_parents = false;
  shards::Position position;  ///< acknowledged; where it begins while it waits
  /// Up to when the target has all that the source had; kNoTime while it lacks something that was read.
  Timestamp proven_to = kNoTime;
  bool at_newest = false;  ///< the last answer was the newest that there was, and the target has it
  Duration lag{};
};

/// A side that does not work, for long enough to be said (outage.h).
struct OutageView {
  Side side = Side::source;
  Duration lasts{};
  std::string summary;  ///< "target unreachable for 40 s"
  std::string error;    ///< the error itself
};

/// An answer that is waited for, beside the pages of shards.
struct PendingView {
  std::string doing;  ///< "listing the shards"
  Duration lasts{};
};

/// A dead letter without its change.
struct DeadLetterView {
  Timestamp time{};
  std::string shard;
  std::string source_table;
  std::string key;  ///< typed JSON; may be empty
  std::string reason;
};

struct RelayView {
  /// failed: it has ended with an error; whoever runs it may try again. An engine that runs is never that.
  enum class State { starting, loading, running, stopping, failed };

  coordination::RelayName name;  ///< empty until the source is opened, unless it was given
  coordination::WorkerName worker;
  State state = State::starting;
  /// All that there is to read was read and is in the target, the load's items too.
  bool caught_up = false;
  RelayStats stats;
  std::vector<ShardView> shards;  ///< those that are known, finished ones too as long as the source has them
  std::vector<OutageView> outages;
  std::vector<PendingView> pending;
  std::optional<coordination::LeaseFigures> leases;  ///< where many workers share the shards
  std::vector<DeadLetterView> dead_letters;          ///< the last few, the newest last
};

}  // namespace ctk::relay
