#include "sim/dynamodb_table.h"

#include <fmt/format.h>

#include <utility>

namespace ctk::sim {
namespace {

std::string uuid(Random& random) {
  return fmt::format("{}-{}-4{}-{:x}{}-{}", random.hex(8), random.hex(4), random.hex(3), 8 + random.below(4), random.hex(3),
                     random.hex(12));
}

}  // namespace

DynamoDbTable::DynamoDbTable(std::string name, std::vector<std::string> key_names, std::string region, Random& random)
    : name_(std::move(name)), key_names_(std::move(key_names)), region_(std::move(region)), random_(&random) {}

Attributes DynamoDbTable::key_of(const Attributes& item) const {
  Attributes key;
  for (const std::string& name : key_names_) key[name] = item.at(name);
  return key;
}

ItemPlace DynamoDbTable::place_of(const Attributes& key) const {
  return {aws::hash_of(key.at(key_names_.front())), to_json(key)};
}

const Attributes* DynamoDbTable::find(const Attributes& key) const {
  const auto found = items_.find(place_of(key));
  return found == items_.end() ? nullptr : &found->second;
}

std::optional<ItemChange> DynamoDbTable::put(Attributes item, Timestamp now) {
  Attributes key = key_of(item);
  const auto [slot, is_new] = items_.try_emplace(place_of(key));
  if (!is_new && slot->second == item) return std::nullopt;
  std::optional<Attributes> before;
  if (!is_new) before = std::move(slot->second);
  slot->second = std::move(item);
  return change(std::move(key), slot->first.hash, std::move(before), slot->second, now);
}

std::optional<ItemChange> DynamoDbTable::update(const Attributes& key, const Attributes& set,
                                                const std::vector<std::string>& removed, Timestamp now) {
  const Attributes* found = find(key);
  Attributes item = found == nullptr ? key : *found;
  for (const auto& [name, value] : set) item[name] = value;
  for (const std::string& name : removed) item.erase(name);
  return put(std::move(item), now);
}

std::optional<ItemChange> DynamoDbTable::remove(const Attributes& key, Timestamp now, bool by_ttl) {
  const auto found = items_.find(place_of(key));
  if (found == items_.end()) return std::nullopt;
  ItemChange out = change(key, found->first.hash, std::move(found->second), std::nullopt, now);
  out.by_ttl = by_ttl;
  items_.erase(found);
  return out;
}

ItemChange DynamoDbTable::change(Attributes key, aws::HashKey partition, std::optional<Attributes> before,
                                 std::optional<Attributes> after, Timestamp now) {
  ItemChange out;
  out.table = name_;
  out.region = region_;
  out.event_id = uuid(*random_);
  out.time = now;
  out.key = std::move(key);
  out.partition = partition;
  out.before = std::move(before);
  out.after = std::move(after);
  return out;
}

}  // namespace ctk::sim
