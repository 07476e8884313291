// A relay that records: a stream, the file that takes its records, and what they stand on.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/lifeline.h"
#include "cli/load_plan.h"
#include "cli/wiring.h"
#include "relay/relay.h"

namespace ctk::cli {

/// What ends a recording besides the plan.
struct RecordingEnd {
  std::optional<uint64_t> records;
  std::optional<Duration> time;
};

/// May be destroyed like a WiredRelay. The loop and the world outlive it.
class WiredRecorder {
 public:
  /// `denied` or `usage` where there are no credentials for the source.
  static Result<std::unique_ptr<WiredRecorder>> make(const LoadPlan& plan, const std::string& file, const RecordingEnd& end,
                                                     World& world, EventLoop& loop, Log& log);
  relay::Relay& relay() { return relay_; }

 private:
  WiredRecorder(std::unique_ptr<WiredSource> source, const LoadPlan& plan, const std::string& file, const RecordingEnd& end,
                World& world, EventLoop& loop, Log& log);

  std::unique_ptr<WiredSource> source_;
  std::unique_ptr<source::StreamSource> records_;
  std::unique_ptr<sink::Sink> sink_;
  std::unique_ptr<coordination::PositionStore> positions_in_memory_;
  ThreadExecutor worker_;  ///< its jobs keep what they touch
  relay::Relay relay_;
  Lifeline lifeline_;
};

}  // namespace ctk::cli
