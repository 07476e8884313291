// The simulated Kinesis's enhanced fan-out in the place of the real one: aws::FanOutApi without HTTP, on any loop, with
// what goes wrong as knobs (FaultKnobs: those of calls, and those of pushes).
#pragma once

#include <memory>
#include <string>

#include "aws/fan_out_api.h"
#include "sim/api_call.h"
#include "sim/kinesis.h"

namespace ctk::sim {

class InProcessFanOut final : public aws::FanOutApi {
 public:
  InProcessFanOut(Kinesis& service, const ApiEnvironment& environment, ApiSettings settings = {})
      : service_(service), environment_(environment), way_(environment, settings, ServiceName::kinesis) {}

  ApiSettings& settings() { return way_.settings(); }
  /// Calls of SubscribeToShard until now.
  uint64_t subscriptions() const { return subscriptions_; }

  void describe_consumer(const aws::Arn& stream, const std::string& name, Done<aws::StreamConsumer> done) override;
  void register_consumer(const aws::Arn& stream, const std::string& name, Done<aws::StreamConsumer> done) override;
  std::unique_ptr<aws::ShardSubscription> subscribe(const aws::Arn& consumer, const aws::ShardId& shard,
                                                    const aws::IteratorStart& start, aws::ShardListener& listener) override;

 private:
  class Subscription;

  Kinesis& service_;
  ApiEnvironment environment_;
  ApiCall way_;
  uint64_t subscriptions_ = 0;
};

}  // namespace ctk::sim
