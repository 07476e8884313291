#include "cli/wired_relay.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "coordination/memory_store.h"

namespace ctk::cli {

coordination::WorkerName worker_name(Random& random) {
  char host[256] = "localhost";
  gethostname(host, sizeof host - 1);
  return coordination::WorkerName(fmt::format("{}/{}/{}", host, getpid(), random.hex(6)));
}

Result<std::unique_ptr<WiredRelay>> WiredRelay::make(const LoadPlan& plan, World& world, EventLoop& loop, Log& log,
                                                     BytePool* memory) {
  auto source = WiredSource::make(plan.source, world, loop);
  if (!source) return forward_error(std::move(source));
  return std::unique_ptr<WiredRelay>(new WiredRelay(std::move(*source), plan, world, loop, log, memory));
}

WiredRelay::WiredRelay(std::unique_ptr<WiredSource> source, const LoadPlan& plan, World& world, EventLoop& loop, Log& log,
                       BytePool* memory)
    : source_(std::move(source)),
      sink_(plan.target, world, loop),
      positions_in_memory_(coordination::make_memory_store(loop, world.clock)),
      worker_(loop, "ctk-worker"),
      relay_(plan.relay, source_->sources(), sink_.sink(), positions(plan, world, loop, log),
             {loop, world.clock, world.random, log, worker_, write_seconds(world.metrics), memory}) {}

Histogram* WiredRelay::write_seconds(Metrics* metrics) {
  if (metrics == nullptr) return nullptr;
  return &metrics->histogram("ctk_write_seconds", "From a batch that is given to the target to its answer.",
                             {0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60});
}

relay::Positions WiredRelay::positions(const LoadPlan& plan, World& world, EventLoop& loop, Log& log) {
  if (plan.leases) {
    leases_.emplace(*plan.leases, plan.relay.worker, *source_->aws(), sink_.sink(), world, loop, log);
    return leases_->positions();
  }
  const bool last = !plan.positions_in_memory && sink_.sink().traits().holds_own_tables;
  if (last) return relay::positions_of(sink_.sink());
  return {*positions_in_memory_, relay::Positions::Kept::in_memory};
}

}  // namespace ctk::cli
