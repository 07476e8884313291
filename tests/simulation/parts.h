// The parts of a relay's life that a test may replace by broken ones, to see whether the checker finds the damage. As they
// stand here they change nothing.
#pragma once

#include <memory>
#include <utility>

#include "aws/dynamodb_streams_api.h"
#include "aws/kinesis_api.h"
#include "relay/source.h"
#include "simulation/target.h"
#include "sink/sink.h"

namespace ctk::simulation {

class Parts {
 public:
  virtual ~Parts() = default;
  virtual std::unique_ptr<aws::KinesisApi> kinesis(std::unique_ptr<aws::KinesisApi> api) { return api; }
  virtual std::unique_ptr<aws::DynamoDbStreamsApi> streams(std::unique_ptr<aws::DynamoDbStreamsApi> api) { return api; }
  virtual std::unique_ptr<relay::StreamSource> source(std::unique_ptr<relay::StreamSource> source) { return source; }
  virtual std::unique_ptr<sink::Sink> sink(std::unique_ptr<sink::Sink> sink) { return sink; }
  virtual const TargetRules* rules() { return nullptr; }
};

}  // namespace ctk::simulation
