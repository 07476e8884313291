#include "cli/wired_leases.h"

#include "aws/dynamodb_http.h"
#include "aws/dynamodb_writes_http.h"

namespace ctk::cli {
namespace {

coordination::LeasedShardsOptions options_of(const LeasePlan& plan, const coordination::WorkerName& worker,
                                             Random& random) {
  coordination::LeasedShardsOptions options;
  options.table = plan.table;
  options.settings.worker = worker;
  options.settings.failover = plan.failover;
  options.seed = random.next();
  options.loads = plan.loads;
  options.reset = plan.reset;
  return options;
}

}  // namespace

WiredLeases::WiredLeases(const LeasePlan& plan, const coordination::WorkerName& worker, WiredAws& aws, sink::Sink& sink,
                         World& world, EventLoop& loop, Log& log)
    : has_truth_(sink.traits().transactions && sink.traits().holds_own_tables),
      reads_(aws::make_dynamodb_http(plan.tables, aws.credentials(), aws.calls(), aws.decoder(), world.clock)),
      writes_(aws::make_dynamodb_writes_http(plan.tables, aws.credentials(), aws.calls(), aws.decoder(), world.clock)),
      shards_(loop, world.clock, *reads_, *writes_, log, options_of(plan, worker, world.random),
              has_truth_ ? &sink.positions() : nullptr) {}

relay::Positions WiredLeases::positions() {
  using Kept = relay::Positions::Kept;
  return {shards_, has_truth_ ? Kept::with_rows : Kept::apart, shards_};
}

}  // namespace ctk::cli
