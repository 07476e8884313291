// The simulated DynamoDB and its Streams in the place of the real ones: aws::DynamoDbApi and aws::DynamoDbStreamsApi
// without HTTP, on any loop (a VirtualLoop in tests).
#pragma once

#include <string>
#include <utility>

#include "aws/dynamodb_api.h"
#include "aws/dynamodb_streams_api.h"
#include "sim/api_call.h"
#include "sim/dynamodb.h"
#include "sim/dynamodb_streams.h"

namespace ctk::sim {

/// How many calls arrived, and what they read.
struct DynamoDbCallCounts {
  uint64_t describe_table = 0, scan = 0, get_item = 0, enable_stream = 0;
};

class InProcessDynamoDb : public aws::DynamoDbApi {
 public:
  InProcessDynamoDb(DynamoDb& service, ApiEnvironment environment, ApiSettings settings = {})
      : service_(service), way_(std::move(environment), settings, ServiceName::dynamodb) {}

  ApiSettings& settings() { return way_.settings(); }
  const DynamoDbCallCounts& counts() const { return counts_; }

  void describe_table(const aws::TableName& table, Done<aws::TableDescription> done) override;
  void scan(const aws::ScanRequest& request, Done<aws::ScanPage> done) override;
  void get_item(const aws::TableName& table, const std::string& key, Done<std::optional<std::string>> done) override;
  void enable_stream(const aws::TableName& table, aws::StreamView view, Done<aws::TableDescription> done) override;

 private:
  DynamoDb& service_;
  ApiCall way_;
  DynamoDbCallCounts counts_;
};

struct DynamoDbStreamsCallCounts {
  uint64_t describe_stream = 0, get_shard_iterator = 0, get_records = 0;
};

class InProcessStreams final : public aws::DynamoDbStreamsApi {
 public:
  InProcessStreams(DynamoDbStreams& service, ApiEnvironment environment, ApiSettings settings = {})
      : service_(service), way_(std::move(environment), settings, ServiceName::streams) {}

  ApiSettings& settings() { return way_.settings(); }
  const DynamoDbStreamsCallCounts& counts() const { return counts_; }

  void describe_stream(const aws::DescribeStreamRequest& request, Done<aws::StreamsDescription> done) override;
  void get_shard_iterator(const aws::Arn& stream, const aws::ShardId& shard, const aws::IteratorStart& start,
                          Done<std::string> done) override;
  void get_records(const std::string& iterator, int limit, size_t max_answer_bytes, Done<aws::StreamsPage> done) override;

 private:
  DynamoDbStreams& service_;
  ApiCall way_;
  DynamoDbStreamsCallCounts counts_;
};

}  // namespace ctk::sim
