// Looks whether a load would run: gathers what can be seen of its source and its target, and has it judged.
#pragma once

#include <memory>
#include <string>

#include "base/task.h"
#include "check/finding.h"
#include "check/judge_source.h"
#include "check/probe_source.h"
#include "cli/load_plan.h"
#include "cli/source_calls.h"
#include "cli/wiring.h"
#include "sink/target_check.h"

namespace ctk::cli {

/// Used once, on the loop. Loop and world outlive it.
class Preflight {
 public:
  struct Settings {
    bool target_named = true;
    std::string again;  ///< the command that begins anew
  };
  /// `plan` is one that makes nothing at the source; `needs` are the load's own.
  Preflight(LoadPlan plan, check::SourceNeeds needs, Settings settings, World& world, EventLoop& loop);

  void run(Done<check::Findings> done);

 private:
  Task<Result<check::Findings>> look();
  Task<bool> look_at_file(const FilePlan& file);
  Task<bool> look_at_aws();
  Task<bool> see_identity();
  Task<bool> look_at_target();
  /// What the target has of the relay, against what the stream still has.
  Task<bool> look_at_positions();
  Task<Result<sink::TargetSight>> see_target(const sink::TargetQuestion& question);
  /// The target's table; nothing where the source's key is not known.
  std::optional<Result<table::TableSpec>> spec() const;
  void find(check::Finding finding) { findings_.push_back(std::move(finding)); }

  LoadPlan plan_;
  check::SourceNeeds needs_;
  Settings settings_;
  World& world_;
  EventLoop& loop_;
  check::Findings findings_;
  check::SourceSight sight_;
  std::unique_ptr<SourceCalls> calls_;
  std::unique_ptr<check::SourceProbe> probe_;
  std::unique_ptr<WiredSink> sink_;
  TaskGroup tasks_;  // last: its tasks use all of the above
};

}  // namespace ctk::cli
