#include "sim/dynamodb_table.h"

#include <fmt/format.h>

#include "json/writer.h"
#include "sim/hash_key.h"

namespace ctk::sim {
namespace {

void write_attributes(json::Writer& writer, const Attributes& attributes) {
  writer.begin_object();
  for (const auto& [name, value] : attributes) {
    writer.key(name);
    writer.raw(value);
  }
  writer.end_object();
}

std::string uuid(Random& random) {
  return fmt::format("{}-{}-4{}-{:x}{}-{}", random.hex(8), random.hex(4), random.hex(3), 8 + random.below(4), random.hex(3),
                     random.hex(12));
}

// DynamoDB counts names and values; near enough without decoding the values.
size_t size_of(const Attributes& attributes) {
  size_t bytes = 0;
  for (const auto& [name, value] : attributes) bytes += name.size() + value.size();
  return bytes;
}

}  // namespace

std::string to_json(const Attributes& attributes) {
  std::string out;
  json::Writer writer(out);
  write_attributes(writer, attributes);
  return out;
}

DynamoDbTable::DynamoDbTable(std::string name, std::vector<std::string> key_names, std::string region, Random& random)
    : name_(std::move(name)), key_names_(std::move(key_names)), region_(std::move(region)), random_(random) {}

Attributes DynamoDbTable::key_of(const Attributes& item) const {
  Attributes key;
  for (const std::string& name : key_names_) key[name] = item.at(name);
  return key;
}

std::optional<TableEvent> DynamoDbTable::put(Attributes item, Timestamp now) {
  const Attributes key = key_of(item);
  const auto [slot, is_new] = items_.try_emplace(to_json(key));
  if (!is_new && slot->second == item) return std::nullopt;
  const Attributes old = std::exchange(slot->second, std::move(item));
  return event(is_new ? "INSERT" : "MODIFY", key, is_new ? nullptr : &old, &slot->second, false, now);
}

std::optional<TableEvent> DynamoDbTable::update(const Attributes& key, const Attributes& set,
                                                const std::vector<std::string>& removed, Timestamp now) {
  const auto found = items_.find(to_json(key));
  Attributes item = found == items_.end() ? key : found->second;
  for (const auto& [name, value] : set) item[name] = value;
  for (const std::string& name : removed) item.erase(name);
  return put(std::move(item), now);
}

std::optional<TableEvent> DynamoDbTable::remove(const Attributes& key, Timestamp now, bool by_ttl) {
  const auto found = items_.find(to_json(key));
  if (found == items_.end()) return std::nullopt;
  const Attributes old = std::move(found->second);
  items_.erase(found);
  return event("REMOVE", key, &old, nullptr, by_ttl, now);
}

TableEvent DynamoDbTable::event(const char* name, const Attributes& key, const Attributes* old_image,
                                const Attributes* new_image, bool by_ttl, Timestamp now) {
  TableEvent out;
  out.partition_key = to_string(hash_of(name_ + to_json(key)));
  json::Writer writer(out.record);
  const auto text = [&](std::string_view member, std::string_view value) {
    writer.key(member);
    writer.string(value);
  };
  writer.begin_object();
  text("awsRegion", region_);
  text("eventID", uuid(random_));
  text("eventName", name);
  writer.key("userIdentity");
  writer.raw(by_ttl ? R"({"principalId":"dynamodb.amazonaws.com","type":"Service"})" : "null");
  text("recordFormat", "application/json");
  text("tableName", name_);
  writer.key("dynamodb");
  writer.begin_object();
  writer.key("ApproximateCreationDateTime");
  writer.number(to_micros(now));
  size_t bytes = size_of(key);
  const auto image = [&](std::string_view member, const Attributes* attributes) {
    if (attributes == nullptr) return;
    writer.key(member);
    write_attributes(writer, *attributes);
    bytes += size_of(*attributes);
  };
  image("Keys", &key);
  image("NewImage", new_image);
  image("OldImage", old_image);
  writer.key("SizeBytes");
  writer.number(static_cast<int64_t>(bytes));
  text("ApproximateCreationDateTimePrecision", "MICROSECOND");
  writer.end_object();
  text("eventSource", "aws:dynamodb");
  writer.end_object();
  return out;
}

}  // namespace ctk::sim
