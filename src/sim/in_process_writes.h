// The simulated DynamoDB in the place of the real one for those who write: aws::DynamoDbWritesApi without HTTP, on any
// loop. A write goes through its JSON, so that its expressions are the very ones that the real service would get.
#pragma once

#include <utility>

#include "aws/dynamodb_writes_api.h"
#include "sim/api_call.h"
#include "sim/dynamodb.h"

namespace ctk::sim {

class InProcessWrites final : public aws::DynamoDbWritesApi {
 public:
  InProcessWrites(DynamoDb& service, ApiEnvironment environment, ApiSettings settings = {})
      : service_(service), way_(std::move(environment), settings, ServiceName::dynamodb) {}

  ApiSettings& settings() { return way_.settings(); }
  /// Writes of items that arrived.
  uint64_t writes() const { return writes_; }

  void create_table(const aws::NewTable& table, Done<aws::TableDescription> done) override;
  void write_item(const aws::ItemWrite& write, Done<aws::WriteOutcome> done) override;

 private:
  DynamoDb& service_;
  ApiCall way_;
  uint64_t writes_ = 0;
};

}  // namespace ctk::sim
