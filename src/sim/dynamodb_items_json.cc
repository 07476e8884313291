// Items of the simulated DynamoDB over the wire.
#include <fmt/format.h>

#include <array>

#include "sim/dynamodb_call.h"
#include "sim/item_json.h"
#include "sim/update_expression.h"

namespace ctk::sim {
namespace {

using json::Writer;
using Body = Answer<std::string>;

constexpr size_t kMostWrites = 25;  // of a BatchWriteItem

Answer<Attributes> read_attributes(const WireInput& input, std::string_view member) {
  const auto found = input.member(member);
  if (!found) {
    return bad_input(fmt::format("Value null at '{}' failed to satisfy constraint: Member must not be null", member));
  }
  return read_item(*found);
}

Answer<Expression> read_expression(const DynamoDbCall& call, std::string_view member) {
  Expression expression;
  expression.text = call.text(member);
  if (json::Object names; call.member("ExpressionAttributeNames") &&
                          call.member("ExpressionAttributeNames")->get_object().get(names) == simdjson::SUCCESS) {
    for (const auto& name : names) {
      std::string_view attribute;
      if (name.value.get_string().get(attribute) == simdjson::SUCCESS) expression.names[std::string(name.key)] = attribute;
    }
  }
  if (const auto values = call.member("ExpressionAttributeValues")) {
    auto read = read_item(*values);
    if (!read) return forward_refusal(std::move(read));
    expression.values = std::move(*read);
  }
  return expression;
}

/// Every placeholder must be used by one of the call's expressions.
Answer<void> check_placeholders(const DynamoDbCall& call) {
  auto expression = read_expression(call, "ConditionExpression");
  if (!expression) return forward_refusal(std::move(expression));
  expression->text += " " + call.text("UpdateExpression");
  const auto unused = unused_placeholder(*expression);
  if (!unused) return {};
  return refuse("ValidationException",
                fmt::format("Value provided in {} unused in expressions: keys: {{{}}}",
                            unused->starts_with('#') ? "ExpressionAttributeNames" : "ExpressionAttributeValues", *unused));
}

/// Refuses unless the call's condition, where it has one, holds for the item of that key.
Answer<Attributes> item_if_condition_holds(const DynamoDbCall& call, const Attributes& key) {
  if (auto good = check_placeholders(call); !good) return forward_refusal(std::move(good));
  auto item = call.dynamodb.get_item(call.table(), key, call.now);
  if (!item) return forward_refusal(std::move(item));
  Attributes now_there = item->value_or(Attributes());
  if (!call.member("ConditionExpression")) return now_there;
  auto condition = read_expression(call, "ConditionExpression");
  if (!condition) return forward_refusal(std::move(condition));
  auto holds = evaluate_condition(*condition, now_there);
  if (!holds) return forward_refusal(std::move(holds));
  if (*holds) return now_there;
  auto refused = refuse("ConditionalCheckFailedException", "The conditional request failed");
  if (*item && call.text("ReturnValuesOnConditionCheckFailure") == "ALL_OLD") refused.error().item = to_json(**item);
  return refused;
}

void write_capacity(Writer& writer, const DynamoDbCall& call, double units) {
  const std::string wanted = call.text("ReturnConsumedCapacity");
  if (wanted != "TOTAL" && wanted != "INDEXES") return;
  writer.key("ConsumedCapacity");
  writer.begin_object();
  write_text(writer, "TableName", call.table());
  writer.key("CapacityUnits");
  writer.number(fmt::format("{:.1f}", units));
  writer.end_object();
}

double write_units(const Attributes& item) {
  const size_t units = (bytes_of(item) + 1023) / 1024;
  return static_cast<double>(units);
}

std::string item_answer(const DynamoDbCall& call, const char* member, const Attributes* item, double units) {
  std::string out;
  Writer writer(out);
  writer.begin_object();
  if (item != nullptr) {
    writer.key(member);
    writer.raw(to_json(*item));
  }
  write_capacity(writer, call, units);
  writer.end_object();
  return out;
}

Attributes key_part(const DynamoDbCall& call, const Attributes& item) {
  Attributes key;
  if (const DynamoDbTable* table = call.dynamodb.items_of(call.table())) {
    for (const std::string& name : table->key_names()) {
      if (const auto found = item.find(name); found != item.end()) key.insert(*found);
    }
  }
  return key;
}

Body put_item(const DynamoDbCall& call) {
  auto item = read_attributes(call, "Item");
  if (!item) return forward_refusal(std::move(item));
  if (call.member("ConditionExpression")) {
    auto there = item_if_condition_holds(call, key_part(call, *item));
    if (!there) return forward_refusal(std::move(there));
  }
  const double units = write_units(*item);
  auto before = call.dynamodb.put_item(call.table(), std::move(*item), call.now);
  if (!before) return forward_refusal(std::move(before));
  const bool shows = call.text("ReturnValues") == "ALL_OLD" && *before;
  return item_answer(call, "Attributes", shows ? &**before : nullptr, units);
}

Body get_item(const DynamoDbCall& call) {
  auto key = read_attributes(call, "Key");
  if (!key) return forward_refusal(std::move(key));
  auto item = call.dynamodb.get_item(call.table(), *key, call.now);
  if (!item) return forward_refusal(std::move(item));
  const double units = call.truth("ConsistentRead") ? 1.0 : 0.5;
  return item_answer(call, "Item", *item ? &**item : nullptr, units);
}

Body update_item(const DynamoDbCall& call) {
  auto key = read_attributes(call, "Key");
  if (!key) return forward_refusal(std::move(key));
  auto there = item_if_condition_holds(call, *key);
  if (!there) return forward_refusal(std::move(there));
  auto expression = read_expression(call, "UpdateExpression");
  if (!expression) return forward_refusal(std::move(expression));
  auto update = evaluate_update(*expression, *there);
  if (!update) return forward_refusal(std::move(update));
  auto before = call.dynamodb.update_item(call.table(), *key, update->set, update->removed, call.now);
  if (!before) return forward_refusal(std::move(before));
  const std::string wanted = call.text("ReturnValues");
  auto after = call.dynamodb.get_item(call.table(), *key, call.now);
  if (!after || !*after) return forward_refusal(std::move(after));
  const Attributes* shown = wanted == "ALL_NEW" ? &**after : wanted == "ALL_OLD" && *before ? &**before : nullptr;
  return item_answer(call, "Attributes", shown, write_units(**after));
}

Body delete_item(const DynamoDbCall& call) {
  auto key = read_attributes(call, "Key");
  if (!key) return forward_refusal(std::move(key));
  auto there = item_if_condition_holds(call, *key);
  if (!there) return forward_refusal(std::move(there));
  auto before = call.dynamodb.delete_item(call.table(), *key, call.now);
  if (!before) return forward_refusal(std::move(before));
  const bool shows = call.text("ReturnValues") == "ALL_OLD" && *before;
  return item_answer(call, "Attributes", shows ? &**before : nullptr, *before ? write_units(**before) : 1);
}

/// One PutRequest or DeleteRequest.
Answer<void> write_one(const DynamoDbCall& call, const std::string& table, const WireInput& request) {
  if (const auto put = request.object("PutRequest")) {
    auto item = read_attributes(*put, "Item");
    if (!item) return forward_refusal(std::move(item));
    auto done = call.dynamodb.put_item(table, std::move(*item), call.now);
    if (!done) return forward_refusal(std::move(done));
    return {};
  }
  const auto removal = request.object("DeleteRequest");
  if (!removal) return bad_input("Supplied WriteRequest has neither a PutRequest nor a DeleteRequest");
  auto key = read_attributes(*removal, "Key");
  if (!key) return forward_refusal(std::move(key));
  auto done = call.dynamodb.delete_item(table, *key, call.now);
  if (!done) return forward_refusal(std::move(done));
  return {};
}

Body batch_write_item(const DynamoDbCall& call) {
  json::Object tables;
  const auto requests = call.member("RequestItems");
  if (!requests || requests->get_object().get(tables) != simdjson::SUCCESS) {
    return bad_input("Value null at 'requestItems' failed to satisfy constraint: Member must not be null");
  }
  size_t writes = 0;
  for (const auto& table : tables) {
    json::Array entries;
    if (table.value.get_array().get(entries) != simdjson::SUCCESS) return bad_input("RequestItems holds no list");
    writes += entries.size();
  }
  if (writes == 0 || writes > kMostWrites)
    return refuse("ValidationException", "Too many items requested for the BatchWriteItem call");
  for (const auto& table : tables) {
    json::Array entries;
    if (table.value.get_array().get(entries) != simdjson::SUCCESS) continue;
    for (const json::Element entry : entries) {
      auto done = write_one(call, std::string(table.key), WireInput(entry));
      if (!done) return forward_refusal(std::move(done));
    }
  }
  return std::string(R"({"UnprocessedItems":{}})");
}

Answer<ScanInput> scan_input(const DynamoDbCall& call) {
  for (const char* unknown : {"FilterExpression", "ProjectionExpression", "IndexName", "AttributesToGet", "ScanFilter"}) {
    if (call.member(unknown)) return refuse("ValidationException", fmt::format("The simulator's Scan has no {}", unknown));
  }
  const bool segment = call.member("Segment").has_value(), total = call.member("TotalSegments").has_value();
  if (segment != total) {
    return refuse(
        "ValidationException",
        fmt::format("The {} parameter is required but was not present in the request when {} parameter is present",
                    segment ? "TotalSegments" : "Segment", segment ? "Segment" : "TotalSegments"));
  }
  ScanInput input{.table = call.table()};
  input.segment = static_cast<int>(call.number("Segment", 0));
  input.total_segments = static_cast<int>(call.number("TotalSegments", 1));
  input.consistent = call.truth("ConsistentRead");
  const int64_t limit = call.number("Limit", 0);
  if (call.member("Limit") && limit < 1) {
    return bad_input(
        fmt::format("Value '{}' at 'limit' failed to satisfy constraint: Member must have value greater than or "
                    "equal to 1",
                    limit));
  }
  input.limit = static_cast<size_t>(limit);
  if (call.member("ExclusiveStartKey")) {
    auto key = read_attributes(call, "ExclusiveStartKey");
    if (!key) return forward_refusal(std::move(key));
    input.start_key = std::move(*key);
  }
  return input;
}

Body scan(const DynamoDbCall& call) {
  auto input = scan_input(call);
  if (!input) return forward_refusal(std::move(input));
  auto page = call.dynamodb.scan(*input, call.now);
  if (!page) return forward_refusal(std::move(page));
  std::string out;
  Writer writer(out);
  writer.begin_object();
  if (call.text("Select") != "COUNT") {
    writer.key("Items");
    writer.begin_array();
    for (const Attributes* item : page->items) writer.raw(to_json(*item));
    writer.end_array();
  }
  const auto count = static_cast<int64_t>(page->items.size());
  write_number(writer, "Count", count);
  write_number(writer, "ScannedCount", count);
  if (page->last_key) {
    writer.key("LastEvaluatedKey");
    writer.raw(to_json(*page->last_key));
  }
  write_capacity(writer, call, page->capacity);
  writer.end_object();
  return out;
}

constexpr std::array kActions{
    DynamoDbAction{"PutItem", put_item},
    DynamoDbAction{"GetItem", get_item},
    DynamoDbAction{"UpdateItem", update_item},
    DynamoDbAction{"DeleteItem", delete_item},
    DynamoDbAction{"Scan", scan},
    DynamoDbAction{"BatchWriteItem", batch_write_item},
};

}  // namespace

std::span<const DynamoDbAction> item_actions() { return kActions; }

}  // namespace ctk::sim
