#include "cli/wired_relay.h"

#include <utility>

namespace ctk::cli {

Result<std::unique_ptr<WiredRelay>> WiredRelay::make(const LoadPlan& plan, World& world, EventLoop& loop, Log& log) {
  auto source = WiredSource::make(plan.source, world, loop);
  if (!source) return forward_error(std::move(source));
  return std::unique_ptr<WiredRelay>(new WiredRelay(std::move(*source), plan, world, loop, log));
}

WiredRelay::WiredRelay(std::unique_ptr<WiredSource> source, const LoadPlan& plan, World& world, EventLoop& loop, Log& log)
    : source_(std::move(source)),
      sink_(plan.target, world, loop),
      worker_(loop, "ctk-worker"),
      relay_(plan.relay, source_->source(), sink_.sink(), {loop, world.clock, world.random, log, worker_}) {}

}  // namespace ctk::cli
