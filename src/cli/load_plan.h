// From a `load` command to everything that is needed to run it. Pure: nothing is touched, everything is checked.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/source_url.h"
#include "cli/target_url.h"
#include "observe/relay_watch.h"
#include "relay/relay.h"

namespace ctk::cli {

/// Leases that many workers share (positions=dynamodb).
struct LeasePlan {
  std::optional<aws::TableName> table;  ///< nothing: as the relay is called
  aws::ServiceEndpoint tables;          ///< DynamoDB, where it is
  Duration failover = std::chrono::seconds(10);
  bool loads = false;  ///< snapshot=initial: the segments of the load are shared, too
  bool reset = false;  ///< the leases are forgotten first, if nobody holds any
};

struct LoadPlan {
  SourcePlan source;
  sink::TargetOptions target;
  relay::RelayOptions relay;  ///< `worker` is empty unless it was given: then it is the process's own
  bool positions_in_memory = false;
  std::optional<LeasePlan> leases;
  bool json_summary = false;
  std::optional<ListenOptions> listen;
  observe::RelayTitle title;       ///< source and target as they may be shown
  std::string dead_letters_hint;   ///< where its dead letters are to be had: "list them with: ctk dead-letters list …"
  std::vector<std::string> notes;  ///< options that were accepted and change nothing
};

/// `include`, `exclude` and `rename` are the source's words for what the rows hold.
Status read_selection(const OptionValues& options, table::TableOptions& tables);

Result<LoadPlan> plan_load(const LoadCommand& command, const aws::Environment& environment, const IsFile& is_file);

/// Where nobody has named a target, one stands in that takes lines; false then. For commands that look at the source.
bool name_some_target(LoadCommand& command, const aws::Environment& environment);

/// An option of the run may stand in either URL; the source's counts first. A flag is in both.
Duration duration_of_run(const OptionValues& source, const OptionValues& target, std::string_view name, Duration fallback);

/// For a dry run and the like, which make nothing at the source either.
void make_nothing(SourcePlan& source);

/// `N`, or `SHARD:N,SHARD:N`; the empty shard stands for the stream's only one.
Result<std::map<aws::ShardId, aws::SequenceNumber>> parse_sequences(const std::string& text);

/// Of a source's and a target's URL that stand in each other's place: says so.
Status check_order(const std::string& source, const std::optional<std::string>& target);

/// The secrets of a command line and its environment: what no output may repeat.
std::vector<Secret> known_secrets(const std::vector<std::string>& words, const aws::Environment& environment);

}  // namespace ctk::cli
