// One call of the simulated DynamoDB on its way through the wire adapter (dynamodb_json.cc), and its actions by subject.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sim/dynamodb.h"
#include "sim/wire.h"

namespace ctk::sim {

struct DynamoDbCall : WireInput {
  DynamoDbCall(DynamoDb& service, json::Element body, Timestamp time) : WireInput(body), dynamodb(service), now(time) {}

  DynamoDb& dynamodb;
  Timestamp now;

  std::string table() const { return text("TableName"); }
};

struct DynamoDbAction {
  std::string_view name;
  Answer<std::string> (*run)(const DynamoDbCall& call);
};

/// CreateTable, DescribeTable, UpdateTable, …
std::span<const DynamoDbAction> table_actions();
/// PutItem, Scan, …
std::span<const DynamoDbAction> item_actions();

}  // namespace ctk::sim
