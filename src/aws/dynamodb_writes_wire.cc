#include "aws/dynamodb_writes_wire.h"

#include "aws/common_wire.h"
#include "json/pieces.h"
#include "json/writer.h"

namespace ctk::aws {
namespace {

void write_text(json::Writer& out, std::string_view name, std::string_view value) {
  out.key(name);
  out.string(value);
}

void write_keys(json::Writer& out, const std::vector<KeyAttribute>& keys) {
  out.key("AttributeDefinitions");
  out.begin_array();
  for (const KeyAttribute& key : keys) {
    out.begin_object();
    write_text(out, "AttributeName", key.name);
    write_text(out, "AttributeType", std::string_view(&key.type, 1));
    out.end_object();
  }
  out.end_array();
  out.key("KeySchema");
  out.begin_array();
  for (const KeyAttribute& key : keys) {
    out.begin_object();
    write_text(out, "AttributeName", key.name);
    write_text(out, "KeyType", &key == &keys.front() ? "HASH" : "RANGE");
    out.end_object();
  }
  out.end_array();
}

void write_placeholders(json::Writer& out, const ItemWrite& write) {
  if (!write.names.empty()) {
    out.key("ExpressionAttributeNames");
    out.begin_object();
    for (const auto& [name, attribute] : write.names) write_text(out, name, attribute);
    out.end_object();
  }
  if (write.values.empty()) return;
  out.key("ExpressionAttributeValues");
  out.begin_object();
  for (const auto& [name, value] : write.values) {
    out.key(name);
    out.raw(value);
  }
  out.end_object();
}

}  // namespace

std::string create_table_request(const NewTable& table) {
  std::string text;
  json::Writer out(text);
  out.begin_object();
  write_text(out, "TableName", table.name.str());
  write_keys(out, table.keys);
  write_text(out, "BillingMode", "PAY_PER_REQUEST");
  out.end_object();
  return text;
}

const char* action_of(ItemWrite::Kind kind) {
  switch (kind) {
    case ItemWrite::Kind::put: return "PutItem";
    case ItemWrite::Kind::update: return "UpdateItem";
    case ItemWrite::Kind::remove: return "DeleteItem";
  }
  return "";
}

std::string write_item_request(const ItemWrite& write) {
  std::string text;
  json::Writer out(text);
  out.begin_object();
  write_text(out, "TableName", write.table.str());
  out.key(write.kind == ItemWrite::Kind::put ? "Item" : "Key");
  out.raw(write.subject);
  if (write.kind == ItemWrite::Kind::update) {
    write_text(out, "UpdateExpression", write.update);
    write_text(out, "ReturnValues", "ALL_NEW");
  }
  if (!write.condition.empty()) {
    write_text(out, "ConditionExpression", write.condition);
    write_text(out, "ReturnValuesOnConditionCheckFailure", "ALL_OLD");
  }
  write_placeholders(out, write);
  out.end_object();
  return text;
}

Result<WriteOutcome> read_write_outcome(ItemWrite::Kind kind, std::string body, bool applied) {
  WriteOutcome outcome{.applied = applied, .item = std::nullopt};
  json::PieceParser parser;
  Result<json::PieceObject> answer = parser.parse(body);
  if (!answer) return strange_answer("DynamoDB", action_of(kind), answer.error().peer);
  const std::string_view wanted = applied ? "Attributes" : "Item";
  const bool good = json::for_each_member(*answer, [&](std::string_view name, json::Piece value) {
    if (name != wanted) return true;
    const auto text = json::object_text(value);
    if (text) outcome.item = std::string(text->text);
    return text.has_value();
  });
  if (!good) return strange_answer("DynamoDB", action_of(kind), "broken JSON");
  return outcome;
}

}  // namespace ctk::aws
