// The leases of a relay whose shards many workers share, with what they stand on.
#pragma once

#include <memory>

#include "aws/dynamodb_api.h"
#include "aws/dynamodb_writes_api.h"
#include "cli/load_plan.h"
#include "cli/wired_aws.h"
#include "coordination/leased_shards.h"
#include "relay/relay.h"
#include "sink/sink.h"

namespace ctk::cli {

class WiredLeases {
 public:
  /// `aws`: the source's. It, the sink, the loop and the world outlive it.
  WiredLeases(const LeasePlan& plan, const coordination::WorkerName& worker, WiredAws& aws, sink::Sink& sink, World& world,
              EventLoop& loop, Log& log);
  relay::Positions positions();

 private:
  bool has_truth_;  ///< the target's own positions move with its rows
  std::unique_ptr<aws::DynamoDbApi> reads_;
  std::unique_ptr<aws::DynamoDbWritesApi> writes_;
  coordination::LeasedShards shards_;
};

}  // namespace ctk::cli
