// The parts of a relay's life that a test may replace by broken ones, to see whether the checker finds the damage. As they
// stand here they change nothing.
#pragma once

#include <memory>
#include <utility>

#include "aws/dynamodb_streams_api.h"
#include "aws/dynamodb_writes_api.h"
#include "aws/kinesis_api.h"
#include "base/event_loop.h"
#include "coordination/assignment.h"
#include "simulation/target.h"
#include "sink/sink.h"
#include "source/source.h"

namespace ctk::simulation {

class Parts {
 public:
  virtual ~Parts() = default;
  virtual std::unique_ptr<aws::KinesisApi> kinesis(std::unique_ptr<aws::KinesisApi> api) { return api; }
  virtual std::unique_ptr<aws::DynamoDbStreamsApi> streams(std::unique_ptr<aws::DynamoDbStreamsApi> api) { return api; }
  virtual std::unique_ptr<source::StreamSource> source(std::unique_ptr<source::StreamSource> source) { return source; }
  virtual std::unique_ptr<sink::Sink> sink(std::unique_ptr<sink::Sink> sink) { return sink; }
  /// Of a worker with leases: its writes of them, and what it is told of them. On its loop; in this order.
  virtual std::unique_ptr<aws::DynamoDbWritesApi> lease_writes(std::unique_ptr<aws::DynamoDbWritesApi> api, EventLoop&,
                                                               Clock&) {
    return api;
  }
  /// Nothing: as it is.
  virtual std::unique_ptr<coordination::Assignment> assignment(coordination::Assignment&) { return nullptr; }
  virtual const TargetRules* rules() { return nullptr; }
};

}  // namespace ctk::simulation
