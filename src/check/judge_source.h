// What a preflight thinks of what it has seen of a source. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "check/finding.h"
#include "check/permissions.h"
#include "check/source_sight.h"
#include "coordination/position_store.h"

namespace ctk::check {

Finding judge_identity(const IdentitySight& sight);

/// `off`: the service's clock less ours, its answers' whole seconds; nothing where nobody has answered.
Finding judge_clock(std::optional<Duration> off);

/// One a right. `known`: STS has said who we are, so that a refusal is no matter of credentials.
Finding judge_call(const CallSight& call, bool known);
/// A finding a call, and whether it is a table of leases at all.
Findings judge_leases(const LeaseTableSight& sight, bool known);

/// What all calls together say of endpoint, stream and table.
Finding judge_reach(const SourceSight& sight, const SourceNeeds& needs, const std::string& endpoints);

/// Status and what its records carry.
Finding judge_stream(const SourceSight& sight, const SourceNeeds& needs);

/// What is stored of the relay that the command line would be.
struct PositionsSight {
  coordination::RelayName relay;
  coordination::Incarnation incarnation;  ///< of the stream as it is now
  std::vector<coordination::StoredPosition> rows;
  Timestamp server_now = kNoTime;
  bool kept = true;       ///< false: in memory only
  bool gap_stops = true;  ///< false: on-gap says how a run goes on
  bool forgets = false;   ///< by --reset: what is stored counts for nothing
  bool bounded = false;   ///< the run ends by itself
  bool loads = false;     ///< it loads the table as well
  bool start_given = false, starts_at_end = false;
};

/// Whether what was not read yet is still to be had. `again`: the command that begins anew.
Finding judge_retention(Duration retention, const PositionsSight& positions, const std::string& again);

/// Where the run begins, if that is not what one might think; `again` as above.
std::optional<Finding> judge_start(const PositionsSight& positions, const std::string& again);

/// How exactly a Kinesis stream tells when its changes were made. `table` may be empty.
Finding judge_precision(const SourceSight& sight, const std::string& table);

Finding judge_recovery(const Result<bool>& recovery);

}  // namespace ctk::check
