// A relay with everything it stands on, in the one order in which they can go.
#pragma once

#include <memory>

#include "cli/load_plan.h"
#include "cli/wired_leases.h"
#include "cli/wiring.h"
#include "relay/relay.h"

namespace ctk::cli {

/// Unique to a process: "host/4711/5f3a9c".
coordination::WorkerName worker_name(Random& random);

/// May be destroyed at any moment, on the loop's thread or when the loop no longer runs: what is under way then is waited
/// for as far as it cannot be broken off, and nobody is told of it. The loop and the world outlive it.
class WiredRelay {
 public:
  /// `denied` or `usage` where there are no credentials for the source.
  /// `memory`: shared with other relays; may be nothing.
  static Result<std::unique_ptr<WiredRelay>> make(const LoadPlan& plan, World& world, EventLoop& loop, Log& log,
                                                  BytePool* memory = nullptr);
  relay::Relay& relay() { return relay_; }

 private:
  WiredRelay(std::unique_ptr<WiredSource> source, const LoadPlan& plan, World& world, EventLoop& loop, Log& log,
             BytePool* memory);
  /// The leases', the target's own, or none that last.
  relay::Positions positions(const LoadPlan& plan, World& world, EventLoop& loop, Log& log);
  static Histogram* write_seconds(Metrics* metrics);

  std::unique_ptr<WiredSource> source_;
  WiredSink sink_;
  std::unique_ptr<coordination::PositionStore> positions_in_memory_;
  std::optional<WiredLeases> leases_;
  ThreadExecutor worker_;  ///< its jobs keep what they touch
  relay::Relay relay_;
};

}  // namespace ctk::cli
