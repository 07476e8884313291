#include "simulation/worker.h"

#include <string>
#include <utility>

#include "aws/dynamodb_http.h"
#include "aws/dynamodb_streams_http.h"
#include "aws/kinesis_http.h"
#include "relay/kinesis_source.h"
#include "relay/scan_source.h"
#include "relay/streams_source.h"
#include "sim/in_process_dynamodb.h"
#include "sim/in_process_kinesis.h"
#include "simulation/call_trace.h"

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
}

std::unique_ptr<relay::StreamSource> make_stream(const Surroundings& world, Worker& worker) {
  if (world.knobs.source == SourceKind::kinesis) {
    return relay::make_kinesis_source(*worker.kinesis, {aws::StreamName(kStream), false, 1}, worker.loop, worker.clock);
  }
  return relay::make_streams_source(*worker.tables, *worker.streams, {kTable, false}, worker.loop, worker.clock);
}

void make_sources(const Surroundings& world, const Order& order, Worker& worker) {
  reach_services(world, worker);
  if (!order.load_only) worker.stream = world.parts.source(make_stream(world, worker));
  if (!world.knobs.loads()) return;
  worker.snapshot = relay::make_scan_source(*worker.tables, {aws::TableName(kTable), {}}, worker.loop, worker.clock);
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
  if (!knobs.loads()) return options;
  options.snapshot = order.load_only ? Snapshot::only : knobs.snapshot ? Snapshot::initial : Snapshot::none;
  if (knobs.resnapshot) options.on_gap = relay::OnGap::resnapshot;
  options.segments = knobs.segments;
  options.source_table = kTable;
  return options;
}

}  // namespace

std::unique_ptr<Worker> make_worker(const Surroundings& world, const Order& order, int number) {
  auto worker = std::make_unique<Worker>(world.loop, world.knobs.skew);
  worker->name = coordination::WorkerName("worker-" + std::to_string(number));
  worker->beside = order.load_only;
  make_sources(world, order, *worker);
  worker->sink = world.parts.sink(connect_target(world.state, world.target,
                                                 {world.loop, world.loop, world.random, world.on_fault, &worker->loop,
                                                  world.parts.rules(), world.on_write, world.on_row}));
  if (world.log.enabled(LogLevel::debug)) {
    if (worker->stream) worker->stream = trace_calls(std::move(worker->stream), world.log);
    if (worker->snapshot) worker->snapshot = trace_calls(std::move(worker->snapshot), world.log);
    worker->sink = trace_calls(std::move(worker->sink), world.log);
  }
  if (order.shares) worker->assignment = world.board.join(worker->loop);
  const relay::Positions own = relay::positions_of(*worker->sink);
  const relay::Positions positions{own.store, own.kept, order.shares ? *worker->assignment : own.assignment};
  worker->relay = std::make_unique<relay::Relay>(
      options_of(world.knobs, order, worker->name), relay::Sources(worker->stream.get(), worker->snapshot.get()),
      *worker->sink, positions,
      relay::RelayEnvironment{worker->loop, worker->clock, world.random, world.log, worker->executor});
  return worker;
}

}  // namespace ctk::simulation
