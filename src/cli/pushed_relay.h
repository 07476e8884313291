// A relay whose records another engine pushes, with what it stands on: for kcl-processor and lambda.
#pragma once

#include <memory>

#include "base/event_loop.h"
#include "cli/load_plan.h"
#include "cli/wiring.h"
#include "engines/observed_store.h"
#include "engines/pushed_shard.h"
#include "relay/relay.h"

namespace ctk::cli {

/// May be destroyed at any moment, as WiredRelay.
class PushedRelay {
 public:
  PushedRelay(const LoadPlan& plan, source::SourceIdentity identity, const aws::ShardId& id, engines::OnMoved moved,
              std::unique_ptr<WiredSink> sink, World& world, EventLoop& loop)
      : shard(std::move(identity), id, loop),
        sink_(std::move(sink)),
        store_(engines::make_observed_store(loop, world.clock, std::move(moved))),
        worker_(loop, "ctk-worker"),
        relay(plan.relay, {&shard, nullptr}, sink_->sink(), {*store_, relay::Positions::Kept::by_giver},
              {loop, world.clock, world.random, world.log, worker_, nullptr}) {}

  engines::PushedShard shard;

 private:
  std::unique_ptr<WiredSink> sink_;
  std::unique_ptr<coordination::PositionStore> store_;
  ThreadExecutor worker_;  ///< its jobs keep what they touch

 public:
  relay::Relay relay;
};

}  // namespace ctk::cli
