// Writes of leases as they are: what broken ones are made from.
#pragma once

#include <memory>
#include <utility>

#include "aws/dynamodb_writes_api.h"
#include "simulation/parts.h"

namespace ctk::simulation {

inline bool stores_progress(const aws::ItemWrite& write) {
  return write.kind == aws::ItemWrite::Kind::update && write.update.contains("#checkpoint = ");
}

class LeaseWritesShell : public aws::DynamoDbWritesApi {
 public:
  explicit LeaseWritesShell(std::unique_ptr<aws::DynamoDbWritesApi> inner) : inner_(std::move(inner)) {}
  void create_table(const aws::NewTable& table, Done<aws::TableDescription> done) override {
    inner_->create_table(table, std::move(done));
  }
  void write_item(const aws::ItemWrite& write, Done<aws::WriteOutcome> done) override {
    inner_->write_item(write, std::move(done));
  }

 private:
  std::unique_ptr<aws::DynamoDbWritesApi> inner_;
};

/// Workers that write their leases so.
template <class Shell>
class BrokenLeaseWrites final : public Parts {
 public:
  std::unique_ptr<aws::DynamoDbWritesApi> lease_writes(std::unique_ptr<aws::DynamoDbWritesApi> api, EventLoop& loop,
                                                       Clock&) override {
    return std::make_unique<Shell>(std::move(api), loop);
  }
};

}  // namespace ctk::simulation
