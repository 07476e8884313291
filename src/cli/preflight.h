// Looks whether a load would run: gathers what can be seen of its source and its target, and has it judged.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/deadline.h"
#include "base/task.h"
#include "check/finding.h"
#include "check/judge_source.h"
#include "check/probe_source.h"
#include "cli/load_plan.h"
#include "cli/source_calls.h"
#include "cli/wiring.h"
#include "sink/target_check.h"

namespace ctk::cli {

/// A call whose answer is asked for later.
template <class T>
class UnderWay {
 public:
  void give(Result<T> answer) {
    if (wanted_) return std::exchange(wanted_, nullptr)(std::move(answer));
    answer_.emplace(std::move(answer));
  }
  /// `done` from the loop, at the latest when the call answers.
  void take(TaskGroup& tasks, Done<T> done) {
    if (!answer_) {
      wanted_ = std::move(done);
    } else {
      tasks.post([done = std::move(done), answer = std::move(*answer_)]() mutable { done(std::move(answer)); });
    }
  }

 private:
  std::optional<Result<T>> answer_;
  Done<T> wanted_;
};

/// Used once, on the loop. Loop and world outlive it. Source, target and STS are asked side by side, so that several that
/// do not answer cost no more time than one.
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
  /// Begins it; what comes of it is said by `judge_identity`.
  void ask_who(const aws::Credentials& found, const Deadline& deadline);
  /// False where STS calls the credentials wrong: then nothing else can be told.
  Task<bool> judge_identity();
  /// Begins to reach the target, while the source is looked at.
  void reach_target();
  Task<bool> look_at_target();
  /// What the target has of the relay, against what the stream still has.
  Task<bool> look_at_positions();
  Task<Result<sink::TargetSight>> see_target(std::optional<table::TableSpec> spec);
  /// The target's table; nothing where the source's key is not known.
  std::optional<Result<table::TableSpec>> spec() const;
  void find(check::Finding finding) { findings_.push_back(std::move(finding)); }

  LoadPlan plan_;
  check::SourceNeeds needs_;
  Settings settings_;
  World& world_;
  EventLoop& loop_;
  const Deadline deadline_;  ///< of credentials and target; what is signed with those has one of its own
  check::Findings findings_;
  check::SourceSight sight_;
  std::unique_ptr<SourceCalls> calls_;
  std::unique_ptr<check::SourceProbe> probe_;
  std::unique_ptr<WiredSink> sink_;
  check::IdentitySight identity_;
  UnderWay<net::HttpResponse> identity_answer_;
  UnderWay<sink::TargetSight> reached_;
  TaskGroup tasks_;  // last: its tasks use all of the above
};

}  // namespace ctk::cli
