#include "sim/dynamodb.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace ctk::sim {
namespace {

std::unexpected<ServiceError> invalid(std::string message) { return refuse("ValidationException", std::move(message)); }

}  // namespace

std::string DynamoDb::arn_of(const std::string& table) const {
  return fmt::format("arn:aws:dynamodb:{}:{}:table/{}", options_.region, options_.account, table);
}

Answer<DynamoDb::Table*> DynamoDb::find(const std::string& name_or_arn, Timestamp now) {
  const size_t slash = name_or_arn.rfind('/');
  const std::string name = slash == std::string::npos ? name_or_arn : name_or_arn.substr(slash + 1);
  const auto it = tables_.find(name);
  if (it == tables_.end() || (slash != std::string::npos && name_or_arn != arn_of(name))) {
    return refuse("ResourceNotFoundException", fmt::format("Requested resource not found: Table: {} not found", name));
  }
  if (now < it->second.created + options_.creation_time) {
    return refuse("ResourceNotFoundException", "Requested resource not found");
  }
  if (const auto throttled = throttled_.find(name); throttled != throttled_.end() && now < throttled->second) {
    return refuse("ThrottlingException", "Rate of requests exceeds the allowed throughput.");
  }
  return &it->second;
}

void DynamoDb::enable(Table& table, aws::StreamView view, Timestamp now) {
  table.stream = streams_.create({table.input.name, table.input.keys, view, table.input.partitions}, now);
  table.stream_enabled = true;
}

Answer<aws::TableDescription> DynamoDb::create_table(const TableInput& input, Timestamp now) {
  const auto wrong_type = [](const aws::KeyAttribute& key) {
    return key.type != 'S' && key.type != 'N' && key.type != 'B';
  };
  if (input.keys.empty() || input.keys.size() > 2 || std::ranges::any_of(input.keys, wrong_type)) {
    return invalid(
        "One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions");
  }
  if (input.name.size() < 3 || input.name.size() > 255) {
    return invalid("TableName must be at least 3 characters long and at most 255 characters long");
  }
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  if (input.name.find_first_not_of(kAllowed) != std::string::npos) {
    return invalid(
        fmt::format("1 validation error detected: Value '{}' at 'tableName' failed to satisfy constraint: Member must "
                    "satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
                    input.name));
  }
  if (tables_.contains(input.name)) {
    return refuse("ResourceInUseException", fmt::format("Table already exists: {}", input.name));
  }
  std::vector<std::string> names;
  names.reserve(input.keys.size());
  for (const aws::KeyAttribute& key : input.keys) names.push_back(key.name);
  Table table{.input = input,
              .items = DynamoDbTable(input.name, std::move(names), options_.region, random_),
              .created = now,
              .stream = {},
              .stream_enabled = false,
              .ttl = {}};
  table.credited_at = now;
  Table& placed = tables_.emplace(input.name, std::move(table)).first->second;
  if (input.stream) enable(placed, *input.stream, now);
  return describe(placed, now);
}

aws::TableDescription DynamoDb::describe(Table& table, Timestamp now) {
  if (table.counted_at == kNoTime || now - table.counted_at >= options_.count_every) {
    table.counted_at = now;
    table.counted_items = table.items.items().size();
    table.counted_bytes = table.bytes;
  }
  aws::TableDescription out;
  out.name = aws::TableName(table.input.name);
  out.arn = aws::Arn(arn_of(table.input.name));
  out.status = now < table.created + options_.creation_time ? "CREATING" : "ACTIVE";
  out.created = std::chrono::floor<std::chrono::milliseconds>(table.created);
  out.keys = table.input.keys;
  out.items = table.counted_items;
  out.bytes = table.counted_bytes;
  out.read_capacity = table.input.read_capacity;
  if (const TableStream* stream = streams_.stream(table.stream)) {
    out.stream = aws::TableStream{aws::Arn(table.stream), table.stream_enabled, stream->setup().view};
  }
  out.server_time = now;
  return out;
}

Answer<aws::TableDescription> DynamoDb::describe_table(const std::string& table, Timestamp now) {
  if (const auto creating = tables_.find(table); creating != tables_.end()) return describe(creating->second, now);
  auto found = find(table, now);
  if (!found) return forward_refusal(std::move(found));
  return describe(**found, now);
}

Answer<aws::TableDescription> DynamoDb::delete_table(const std::string& table, Timestamp now) {
  auto found = find(table, now);
  if (!found) return forward_refusal(std::move(found));
  if ((*found)->stream_enabled) streams_.disable((*found)->stream, now);
  aws::TableDescription out = describe(**found, now);
  out.status = "DELETING";
  tables_.erase(out.name.str());
  return out;
}

std::vector<std::string> DynamoDb::list_tables() const {
  std::vector<std::string> names;
  names.reserve(tables_.size());
  for (const auto& [name, table] : tables_) names.push_back(name);
  return names;
}

Answer<aws::TableDescription> DynamoDb::update_stream(const std::string& table, std::optional<aws::StreamView> view,
                                                      Timestamp now) {
  auto found = find(table, now);
  if (!found) return forward_refusal(std::move(found));
  Table& changed = **found;
  if (view && changed.stream_enabled) {
    return invalid(fmt::format("Table already has an enabled stream: TableName: {}", changed.input.name));
  }
  if (!view && !changed.stream_enabled) {
    return invalid(fmt::format("Table is already disabled for streams: TableName: {}", changed.input.name));
  }
  if (view) {
    enable(changed, *view, now);
  } else {
    streams_.disable(changed.stream, now);
    changed.stream_enabled = false;
  }
  return describe(changed, now);
}

Answer<void> DynamoDb::update_time_to_live(const std::string& table, std::optional<TimeToLive> ttl, Timestamp now) {
  auto found = find(table, now);
  if (!found) return forward_refusal(std::move(found));
  if ((*found)->ttl.has_value() == ttl.has_value()) {
    return invalid(ttl ? "TimeToLive is already enabled" : "TimeToLive is already disabled");
  }
  (*found)->ttl = std::move(ttl);
  return {};
}

Answer<void> DynamoDb::enable_kinesis(const std::string& table, const std::string& stream_arn, Timestamp now) {
  auto found = find(table, now);
  if (!found) return forward_refusal(std::move(found));
  if (kinesis_ == nullptr || !kinesis_->describe_stream(stream_arn, now)) {
    return refuse("ResourceNotFoundException", fmt::format("Requested resource not found: {}", stream_arn));
  }
  std::vector<std::string>& streams = (*found)->kinesis;
  if (std::ranges::find(streams, stream_arn) != streams.end()) {
    return invalid(
        "Table is not in a valid state to enable Kinesis Streaming Destination: KinesisStreamingDestination must "
        "be DISABLED to perform ENABLE operation.");
  }
  streams.push_back(stream_arn);
  return {};
}

Answer<void> DynamoDb::disable_kinesis(const std::string& table, const std::string& stream_arn, Timestamp now) {
  auto found = find(table, now);
  if (!found) return forward_refusal(std::move(found));
  std::vector<std::string>& streams = (*found)->kinesis;
  if (std::ranges::find(streams, stream_arn) == streams.end()) {
    return invalid(
        "Table is not in a valid state to disable Kinesis Streaming Destination: KinesisStreamingDestination must "
        "be ACTIVE to perform DISABLE operation.");
  }
  std::erase(streams, stream_arn);
  return {};
}

bool DynamoDb::deliver(const std::string& stream, const TableEvent& event, Timestamp now) {
  if (producer_) return producer_(stream, event, now);
  return kinesis_->put_record({stream, event.record, event.partition_key, std::nullopt}, now).has_value();
}

void DynamoDb::expire_items(Table& table, Timestamp now) {
  std::vector<Attributes> expired;
  for (const auto& [place, item] : table.items.items()) {
    const auto value = item.find(table.ttl->attribute);
    if (value == item.end() || tag_of(value->second) != "N") continue;
    int64_t seconds = 0;
    const std::string& text = value->second;  // {"N":"1795318371"}
    std::from_chars(text.data() + 6, text.data() + text.size(), seconds);
    if (seconds < to_micros(now) / 1'000'000) expired.push_back(table.items.key_of(item));
  }
  for (const Attributes& key : expired) publish(table, table.items.remove(key, now, true), now);
}

void DynamoDb::advance(Timestamp now) {
  while (!late_.empty() && late_.begin()->first <= now) {
    const auto due = late_.extract(late_.begin());
    deliver(due.mapped().stream, due.mapped().event, now);
  }
  if (now < next_ttl_) return;
  next_ttl_ = now + options_.ttl_every;
  for (auto& [name, table] : tables_) {
    if (table.ttl) expire_items(table, now);
  }
}

const DynamoDbTable* DynamoDb::items_of(const std::string& table) const {
  const auto found = tables_.find(table);
  return found == tables_.end() ? nullptr : &found->second.items;
}

std::string DynamoDb::stream_of(const std::string& table) const {
  const auto found = tables_.find(table);
  return found == tables_.end() ? std::string() : found->second.stream;
}

std::vector<std::string> DynamoDb::kinesis_of(const std::string& table) const {
  const auto found = tables_.find(table);
  return found == tables_.end() ? std::vector<std::string>() : found->second.kinesis;
}

std::optional<TimeToLive> DynamoDb::ttl_of(const std::string& table) const {
  const auto found = tables_.find(table);
  return found == tables_.end() ? std::nullopt : found->second.ttl;
}

}  // namespace ctk::sim
