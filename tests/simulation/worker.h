// A relay's process in a simulated world: its clock and loop, its way to the services, its source, sink and relay.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "aws/fan_out_api.h"
#include "base/event_loop.h"
#include "base/log.h"
#include "base/random.h"
#include "relay/relay.h"
#include "sim/in_process_dynamodb.h"
#include "simulation/freezable_loop.h"
#include "simulation/knobs.h"
#include "simulation/lease_service.h"
#include "simulation/lease_watch.h"
#include "simulation/parts.h"
#include "simulation/shard_board.h"
#include "simulation/target.h"
#include "simulation/upstream.h"
#include "simulation/wire_client.h"

namespace ctk::simulation {

struct Worker {
  Worker(VirtualLoop& world, Duration skew, double drift) : loop(world), clock(world, skew, drift), executor(loop) {}
  /// What it had sent may still arrive.
  void die();
  bool lives() const { return relay && !result; }

  coordination::WorkerName name;
  FreezableLoop loop;
  SkewedClock clock;
  InlineExecutor executor;
  std::unique_ptr<WireClient> wire;  ///< where its calls take their wire form
  std::unique_ptr<aws::CredentialSource> credentials;
  std::unique_ptr<aws::KinesisApi> kinesis;
  std::unique_ptr<aws::FanOutApi> fan_out;  ///< nothing where it polls
  std::unique_ptr<aws::DynamoDbApi> tables;
  std::unique_ptr<aws::DynamoDbStreamsApi> streams;
  std::unique_ptr<source::StreamSource> stream;      ///< nothing where only the table is loaded
  std::unique_ptr<source::SnapshotSource> snapshot;  ///< nothing where nothing is loaded
  std::unique_ptr<sink::Sink> sink;
  // Nothing of these where it is alone, nor but the last where there are no leases.
  LeaseService::Line line{loop};
  std::unique_ptr<aws::DynamoDbApi> lease_reads;
  std::unique_ptr<aws::DynamoDbWritesApi> lease_writes;
  std::unique_ptr<LeaseWatch::Seen> seen;
  std::unique_ptr<coordination::LeasedShards> leases;
  std::unique_ptr<coordination::Assignment> assignment;
  std::unique_ptr<relay::Relay> relay;
  std::optional<Result<relay::RelayStats>> result;
  bool ready = false;
  std::function<uint64_t()> scans;     ///< calls of Scan so far
  bool beside = false;                 ///< loads the table, without a stream, beside the relay
  bool acquired = false;               ///< positions were seen to be its own
  std::optional<Duration> superseded;  ///< since when they were seen to be another's
};

/// What a process is started for.
struct Order {
  bool once = false;
  bool reset = false;
  bool load_only = false;  ///< snapshot=only
  bool shares = false;     ///< the shards, with others
};

/// What all processes of a world have in common.
struct Surroundings {
  const WorldKnobs& knobs;
  Upstream& upstream;
  VirtualLoop& loop;
  Random& random;
  Log& log;
  const sim::FaultKnobs& faults;
  TargetState& state;
  TargetKnobs& target;
  ShardBoard& board;
  LeaseService& leases;
  LeaseWatch& watch;
  Parts& parts;
  sim::FaultObserver on_fault;
  std::function<void(const sink::Batch&)> on_write;
  std::function<void(const std::string& table, const std::string& key, const TargetRow* row)> on_row;
};

/// A process that is ready to run. `number` tells it from the others.
std::unique_ptr<Worker> make_worker(const Surroundings& world, const Order& order, int number);

}  // namespace ctk::simulation
