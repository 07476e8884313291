// The simulated Kinesis in the place of the real one: aws::KinesisApi without HTTP, on any loop (a VirtualLoop in tests).
//
//   VirtualLoop loop(start);
//   sim::Kinesis kinesis({});
//   sim::InProcessKinesis api(kinesis, {loop, loop, random});
//   api.settings().faults.throttled = 0.1;
#pragma once

#include <string>
#include <utility>

#include "aws/kinesis_api.h"
#include "sim/api_call.h"
#include "sim/kinesis.h"

namespace ctk::sim {

/// How many calls arrived, for tests of cadence and cost.
struct KinesisCallCounts {
  uint64_t describe_stream = 0, list_shards = 0, get_shard_iterator = 0, get_records = 0, create_stream = 0;
};

class InProcessKinesis : public aws::KinesisApi {
 public:
  InProcessKinesis(Kinesis& service, ApiEnvironment environment, ApiSettings settings = {})
      : service_(service), way_(std::move(environment), settings, ServiceName::kinesis) {}

  ApiSettings& settings() { return way_.settings(); }
  const KinesisCallCounts& counts() const { return counts_; }

  void describe_stream(const aws::StreamName& stream, Done<aws::StreamSummary> done) override;
  void list_shards(const aws::StreamName& stream, const std::optional<std::string>& token,
                   Done<aws::ShardPage> done) override;
  void get_shard_iterator(const aws::StreamName& stream, const aws::ShardId& shard, const aws::IteratorStart& start,
                          Done<std::string> done) override;
  void get_records(const std::string& iterator, int limit, size_t max_answer_bytes, Done<aws::RecordPage> done) override;
  void create_stream(const aws::StreamName& stream, int shards, Done<bool> done) override;

 private:
  Kinesis& service_;
  ApiCall way_;
  KinesisCallCounts counts_;
};

}  // namespace ctk::sim
