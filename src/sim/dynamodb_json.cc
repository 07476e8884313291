#include "sim/dynamodb_json.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/dynamodb_call.h"

namespace ctk::sim {
namespace {

const DynamoDbAction* find_action(std::string_view name) {
  for (const auto actions : {table_actions(), item_actions()}) {
    const auto found = std::ranges::find(actions, name, &DynamoDbAction::name);
    if (found != actions.end()) return &*found;
  }
  return nullptr;
}

}  // namespace

WireAnswer dynamodb_error(const ServiceError& refusal) {
  if (refusal.code == "ValidationException") return to_wire(refusal, "com.amazon.coral.validate#");
  const bool protocol = refusal.code == "SerializationException" || refusal.code == "UnknownOperationException" ||
                        refusal.code == "MissingAuthenticationTokenException";
  return to_wire(refusal, protocol ? "com.amazon.coral.service#" : "com.amazonaws.dynamodb.v20120810#");
}

void write_key_schema(json::Writer& writer, const std::vector<aws::KeyAttribute>& keys) {
  writer.key("KeySchema");
  writer.begin_array();
  for (size_t i = 0; i < keys.size(); ++i) {
    writer.begin_object();
    write_text(writer, "AttributeName", keys[i].name);
    write_text(writer, "KeyType", i == 0 ? "HASH" : "RANGE");
    writer.end_object();
  }
  writer.end_array();
}

WireAnswer answer_dynamodb(DynamoDb& dynamodb, std::string_view action, std::string_view body, Timestamp now) {
  const DynamoDbAction* found = find_action(action);
  if (found == nullptr) return dynamodb_error({"UnknownOperationException", fmt::format("No operation {}", action), 400});
  json::Parser parser;
  const auto input = parser.parse(body.empty() ? "{}" : body);
  if (!input || !input->is_object()) {
    return dynamodb_error({"SerializationException", "The body is no JSON object", 400});
  }
  auto answer = found->run({dynamodb, *input, now});
  if (!answer) return dynamodb_error(answer.error());
  return {200, std::move(*answer)};
}

}  // namespace ctk::sim
