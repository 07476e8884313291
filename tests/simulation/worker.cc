#include "simulation/worker.h"

#include <string>
#include <utility>

#include "aws/dynamodb_http.h"
#include "aws/dynamodb_streams_http.h"
#include "aws/kinesis_http.h"
#include "sim/in_process_dynamodb.h"
#include "sim/in_process_fan_out.h"
#include "sim/in_process_kinesis.h"
#include "simulation/call_trace.h"
#include "source/kinesis_source.h"
#include "source/scan_source.h"
#include "source/streams_source.h"

namespace ctk::simulation {
namespace {

void reach_services_by_wire(const Surroundings& world, Worker& worker, sim::ApiEnvironment environment,
                            const sim::ApiSettings& settings) {
  Upstream& upstream = world.upstream;
  worker.credentials = make_renewed_credentials(worker.loop, world.loop);
  worker.wire =
      std::make_unique<WireClient>(upstream.kinesis(), upstream.dynamodb(), upstream.streams(), std::move(environment),
                                   settings, world.knobs.token_life, world.knobs.knows_cbor);
  const aws::ServiceEndpoint endpoint{"http://simulated", "us-east-1"};
  aws::CredentialSource& signer = *worker.credentials;
  worker.tables = aws::make_dynamodb_http(endpoint, signer, *worker.wire, worker.executor, worker.clock);
  worker.kinesis =
      world.parts.kinesis(aws::make_kinesis_http(endpoint, signer, *worker.wire, worker.executor, worker.clock));
  worker.streams =
      world.parts.streams(aws::make_dynamodb_streams_http(endpoint, signer, *worker.wire, worker.executor, worker.clock));
  worker.scans = [&worker] { return worker.wire->scans(); };
}

void reach_services(const Surroundings& world, Worker& worker) {
  const sim::ApiEnvironment environment{world.loop, world.loop, world.random, world.on_fault, &worker.loop};
  sim::ApiSettings settings;
  settings.faults = world.faults;
  if (world.knobs.by_wire) return reach_services_by_wire(world, worker, environment, settings);
  Upstream& upstream = world.upstream;
  auto tables = std::make_unique<sim::InProcessDynamoDb>(upstream.dynamodb(), environment, settings);
  worker.scans = [api = tables.get()] { return api->counts().scan; };
  worker.tables = std::move(tables);
  worker.kinesis = world.parts.kinesis(std::make_unique<sim::InProcessKinesis>(upstream.kinesis(), environment, settings));
  worker.streams = world.parts.streams(std::make_unique<sim::InProcessStreams>(upstream.streams(), environment, settings));
  if (world.knobs.fan_out)
    worker.fan_out = std::make_unique<sim::InProcessFanOut>(upstream.kinesis(), environment, settings);
}

std::unique_ptr<source::StreamSource> make_stream(const Surroundings& world, Worker& worker) {
  if (world.knobs.source == SourceKind::kinesis) {
    source::KinesisSourceOptions options{aws::StreamName(kStream), false, 1};
    if (worker.fan_out) options.fan_out = source::FanOutOptions{worker.fan_out.get(), "relay", world.knobs.pushed_ahead};
    return source::make_kinesis_source(*worker.kinesis, std::move(options), worker.loop, worker.clock);
  }
  return source::make_streams_source(*worker.tables, *worker.streams, {kTable, false}, worker.loop, worker.clock);
}

void make_sources(const Surroundings& world, const Order& order, Worker& worker) {
  reach_services(world, worker);
  if (!order.load_only) worker.stream = world.parts.source(make_stream(world, worker));
  if (!world.knobs.loads()) return;
  worker.snapshot = source::make_scan_source(*worker.tables, {aws::TableName(kTable), {}}, worker.loop, worker.clock);
}

relay::RelayOptions options_of(const WorldKnobs& knobs, const Order& order, const coordination::WorkerName& name) {
  using relay::Snapshot;
  relay::RelayOptions options;
  options.once = order.once;
  options.reset = order.reset;
  options.schema = "public";
  options.table = kTable;
  options.worker = name;
  options.deadlines.start_timeout = std::chrono::hours(1000);
  options.deadlines.give_up = std::chrono::hours(1000);
  options.poll.idle_poll = knobs.idle_poll;
  options.sweep.grace = knobs.delete_grace;
  options.max_memory = knobs.max_memory;
  if (knobs.history) options.tables.history = kHistory;
  if (!knobs.loads()) return options;
  options.load.snapshot = order.load_only ? Snapshot::only : knobs.snapshot ? Snapshot::initial : Snapshot::none;
  if (knobs.resnapshot) options.on_gap = relay::OnGap::resnapshot;
  options.load.segments = knobs.segments;
  options.source_table = kTable;
  return options;
}

/// What the positions of a target with transactions are, the leases follow.
relay::Positions share_by_leases(const Surroundings& world, Worker& worker) {
  const bool has_truth = worker.sink->traits().transactions;
  worker.lease_reads = world.leases.reads(worker.line);
  worker.lease_writes = world.parts.lease_writes(world.leases.writes(worker.line), worker.loop, worker.clock);
  coordination::LeasedShardsOptions options;
  options.settings.worker = worker.name;
  options.seed = world.random.next();
  options.loads = world.knobs.loads();
  worker.leases = std::make_unique<coordination::LeasedShards>(worker.loop, worker.clock, *worker.lease_reads,
                                                               *worker.lease_writes, world.log, std::move(options),
                                                               has_truth ? &worker.sink->positions() : nullptr);
  worker.seen = world.watch.see(*worker.leases, worker.name, !has_truth);
  worker.assignment = world.parts.assignment(*worker.seen);
  coordination::Assignment& assignment = worker.assignment ? *worker.assignment : *worker.seen;
  using Kept = relay::Positions::Kept;
  return {*worker.seen, has_truth ? Kept::with_rows : Kept::apart, assignment};
}

relay::Positions positions_for(const Surroundings& world, const Order& order, Worker& worker) {
  const relay::Positions own = relay::positions_of(*worker.sink);
  if (!order.shares) return own;
  if (world.knobs.leased) return share_by_leases(world, worker);
  worker.assignment = world.board.join(worker.loop);
  return {own.store, own.kept, *worker.assignment};
}

}  // namespace

void Worker::die() {
  relay.reset();
  leases.reset();
  assignment.reset();
  // Its connections end with it.
  if (fan_out) stream.reset();
}

std::unique_ptr<Worker> make_worker(const Surroundings& world, const Order& order, int number) {
  const double drift = world.knobs.leases.drift;
  auto worker =
      std::make_unique<Worker>(world.loop, world.knobs.skew, drift > 0 ? drift * (2 * world.random.fraction() - 1) : 0);
  worker->name = coordination::WorkerName("worker-" + std::to_string(number));
  worker->beside = order.load_only;
  make_sources(world, order, *worker);
  worker->sink = world.parts.sink(connect_target(
      world.state, world.target,
      {world.loop, world.loop, world.random, world.on_fault, &worker->loop, world.parts.rules(), world.on_write,
       [&watch = world.watch, name = worker->name](const sink::Batch& batch) { watch.on_send(name, batch); },
       world.on_row}));
  if (world.log.enabled(LogLevel::debug)) {
    if (worker->stream) worker->stream = trace_calls(std::move(worker->stream), world.log);
    if (worker->snapshot) worker->snapshot = trace_calls(std::move(worker->snapshot), world.log);
    worker->sink = trace_calls(std::move(worker->sink), world.log);
  }
  const relay::Positions positions = positions_for(world, order, *worker);
  worker->relay = std::make_unique<relay::Relay>(
      options_of(world.knobs, order, worker->name), source::Sources(worker->stream.get(), worker->snapshot.get()),
      *worker->sink, positions,
      relay::RelayEnvironment{worker->loop, worker->clock, world.random, world.log, worker->executor});
  return worker;
}

}  // namespace ctk::simulation
