// Tables of the simulated DynamoDB over the wire.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/dynamodb_call.h"
#include "sim/dynamodb_json.h"

namespace ctk::sim {
namespace {

using json::Writer;
using Body = Answer<std::string>;

void write_keys(Writer& writer, const std::vector<aws::KeyAttribute>& keys) {
  writer.key("AttributeDefinitions");
  writer.begin_array();
  for (const aws::KeyAttribute& key : keys) {
    writer.begin_object();
    write_text(writer, "AttributeName", key.name);
    write_text(writer, "AttributeType", std::string_view(&key.type, 1));
    writer.end_object();
  }
  writer.end_array();
  write_key_schema(writer, keys);
}

void write_stream(Writer& writer, const aws::TableStream& stream) {
  if (stream.enabled) {
    writer.key("StreamSpecification");
    writer.begin_object();
    writer.key("StreamEnabled");
    writer.boolean(true);
    write_text(writer, "StreamViewType", view_name(stream.view));
    writer.end_object();
  }
  const std::string& arn = stream.arn.str();
  write_text(writer, "LatestStreamLabel", arn.substr(arn.rfind('/') + 1));
  write_text(writer, "LatestStreamArn", arn);
}

void write_capacity(Writer& writer, std::optional<double> read_capacity) {
  const auto units = static_cast<int64_t>(read_capacity.value_or(0));
  writer.key("ProvisionedThroughput");
  writer.begin_object();
  write_number(writer, "NumberOfDecreasesToday", 0);
  write_number(writer, "ReadCapacityUnits", units);
  write_number(writer, "WriteCapacityUnits", units);
  writer.end_object();
  if (read_capacity) return;
  writer.key("BillingModeSummary");
  writer.raw(R"({"BillingMode":"PAY_PER_REQUEST"})");
}

std::string description(const char* member, const aws::TableDescription& table) {
  std::string out;
  Writer writer(out);
  writer.begin_object();
  writer.key(member);
  writer.begin_object();
  write_keys(writer, table.keys);
  write_text(writer, "TableName", table.name.str());
  write_text(writer, "TableStatus", table.status);
  write_time(writer, "CreationDateTime", table.created);
  write_capacity(writer, table.read_capacity);
  write_number(writer, "TableSizeBytes", static_cast<int64_t>(table.bytes));
  write_number(writer, "ItemCount", static_cast<int64_t>(table.items));
  write_text(writer, "TableArn", table.arn.str());
  if (table.stream) write_stream(writer, *table.stream);
  writer.end_object();
  writer.end_object();
  return out;
}

Body describe_as(const char* member, Answer<aws::TableDescription> table) {
  if (!table) return forward_refusal(std::move(table));
  return description(member, *table);
}

Answer<std::vector<aws::KeyAttribute>> read_keys(const DynamoDbCall& call) {
  std::vector<aws::KeyAttribute> keys;
  json::Array schema, definitions;
  const auto schema_member = call.member("KeySchema"), definition_member = call.member("AttributeDefinitions");
  if (!schema_member || schema_member->get_array().get(schema) != simdjson::SUCCESS || !definition_member ||
      definition_member->get_array().get(definitions) != simdjson::SUCCESS) {
    return bad_input("Value null at 'keySchema' failed to satisfy constraint: Member must not be null");
  }
  for (const json::Element element : schema) {
    const WireInput key(element);
    const std::string name = key.text("AttributeName");
    const auto definition = std::ranges::find_if(
        definitions, [&](json::Element candidate) { return WireInput(candidate).text("AttributeName") == name; });
    const std::string type = definition == definitions.end() ? "" : WireInput(*definition).text("AttributeType");
    if (type.size() != 1) {
      return refuse("ValidationException",
                    "One or more parameter values were invalid: Some index key attributes are not defined in "
                    "AttributeDefinitions. Keys: [" +
                        name + "], AttributeDefinitions: []");
    }
    const bool hash = key.text("KeyType") == "HASH";
    keys.insert(hash ? keys.begin() : keys.end(), {name, type[0]});
  }
  return keys;
}

/// The view of a StreamSpecification that switches a stream on; nothing where it switches it off.
Answer<std::optional<aws::StreamView>> read_stream(const WireInput& specification) {
  if (!specification.truth("StreamEnabled")) return std::optional<aws::StreamView>();
  const auto view = parse_view(specification.text("StreamViewType"));
  if (!view) {
    return refuse("ValidationException",
                  "One or more parameter values were invalid: StreamViewType must be provided when StreamEnabled is true");
  }
  return view;
}

Body create_table(const DynamoDbCall& call) {
  auto keys = read_keys(call);
  if (!keys) return forward_refusal(std::move(keys));
  TableInput input{.name = call.table(), .keys = std::move(*keys)};
  if (const auto throughput = call.object("ProvisionedThroughput")) {
    input.read_capacity = static_cast<double>(throughput->number("ReadCapacityUnits", 1));
  }
  if (const auto specification = call.object("StreamSpecification")) {
    auto view = read_stream(*specification);
    if (!view) return forward_refusal(std::move(view));
    input.stream = *view;
  }
  return describe_as("TableDescription", call.dynamodb.create_table(input, call.now));
}

Body describe_table(const DynamoDbCall& call) {
  return describe_as("Table", call.dynamodb.describe_table(call.table(), call.now));
}

Body delete_table(const DynamoDbCall& call) {
  return describe_as("TableDescription", call.dynamodb.delete_table(call.table(), call.now));
}

Body update_table(const DynamoDbCall& call) {
  const auto specification = call.object("StreamSpecification");
  if (!specification) return describe_as("TableDescription", call.dynamodb.describe_table(call.table(), call.now));
  auto view = read_stream(*specification);
  if (!view) return forward_refusal(std::move(view));
  return describe_as("TableDescription", call.dynamodb.update_stream(call.table(), *view, call.now));
}

Body list_tables(const DynamoDbCall& call) {
  std::string out;
  Writer writer(out);
  writer.begin_object();
  writer.key("TableNames");
  writer.begin_array();
  for (const std::string& name : call.dynamodb.list_tables()) writer.string(name);
  writer.end_array();
  writer.end_object();
  return out;
}

Body update_time_to_live(const DynamoDbCall& call) {
  const auto specification = call.object("TimeToLiveSpecification");
  if (!specification) return bad_input("Value null at 'timeToLiveSpecification' failed to satisfy constraint");
  const std::string attribute = specification->text("AttributeName");
  const bool enabled = specification->truth("Enabled");
  auto done = call.dynamodb.update_time_to_live(call.table(), enabled ? std::optional(TimeToLive{attribute}) : std::nullopt,
                                                call.now);
  if (!done) return forward_refusal(std::move(done));
  std::string out;
  Writer writer(out);
  writer.begin_object();
  writer.key("TimeToLiveSpecification");
  writer.begin_object();
  writer.key("Enabled");
  writer.boolean(enabled);
  write_text(writer, "AttributeName", attribute);
  writer.end_object();
  writer.end_object();
  return out;
}

Body describe_time_to_live(const DynamoDbCall& call) {
  const auto ttl = call.dynamodb.ttl_of(call.table());
  std::string out;
  Writer writer(out);
  writer.begin_object();
  writer.key("TimeToLiveDescription");
  writer.begin_object();
  write_text(writer, "TimeToLiveStatus", ttl ? "ENABLED" : "DISABLED");
  if (ttl) write_text(writer, "AttributeName", ttl->attribute);
  writer.end_object();
  writer.end_object();
  return out;
}

Body destination(const DynamoDbCall& call, Answer<void> done, const char* status) {
  if (!done) return forward_refusal(std::move(done));
  return fmt::format(R"({{"TableName":"{}","StreamArn":"{}","DestinationStatus":"{}"}})", call.table(),
                     call.text("StreamArn"), status);
}

Body enable_kinesis(const DynamoDbCall& call) {
  return destination(call, call.dynamodb.enable_kinesis(call.table(), call.text("StreamArn"), call.now), "ENABLING");
}

Body disable_kinesis(const DynamoDbCall& call) {
  return destination(call, call.dynamodb.disable_kinesis(call.table(), call.text("StreamArn"), call.now), "DISABLING");
}

Body describe_kinesis(const DynamoDbCall& call) {
  std::string out;
  Writer writer(out);
  writer.begin_object();
  write_text(writer, "TableName", call.table());
  writer.key("KinesisDataStreamDestinations");
  writer.begin_array();
  for (const std::string& stream : call.dynamodb.kinesis_of(call.table())) {
    writer.raw(fmt::format(R"({{"StreamArn":"{}","DestinationStatus":"ACTIVE",)"
                           R"("ApproximateCreationDateTimePrecision":"MICROSECOND"}})",
                           stream));
  }
  writer.end_array();
  writer.end_object();
  return out;
}

/// Nobody can switch it on here.
Body describe_backups(const DynamoDbCall& call) {
  if (auto table = call.dynamodb.describe_table(call.table(), call.now); !table) return forward_refusal(std::move(table));
  return std::string(R"({"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED",)"
                     R"("PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"DISABLED"}}})");
}

constexpr std::array kActions{
    DynamoDbAction{"CreateTable", create_table},
    DynamoDbAction{"DescribeTable", describe_table},
    DynamoDbAction{"DeleteTable", delete_table},
    DynamoDbAction{"UpdateTable", update_table},
    DynamoDbAction{"ListTables", list_tables},
    DynamoDbAction{"UpdateTimeToLive", update_time_to_live},
    DynamoDbAction{"DescribeTimeToLive", describe_time_to_live},
    DynamoDbAction{"DescribeContinuousBackups", describe_backups},
    DynamoDbAction{"EnableKinesisStreamingDestination", enable_kinesis},
    DynamoDbAction{"DisableKinesisStreamingDestination", disable_kinesis},
    DynamoDbAction{"DescribeKinesisStreamingDestination", describe_kinesis},
};

}  // namespace

std::span<const DynamoDbAction> table_actions() { return kActions; }

}  // namespace ctk::sim
