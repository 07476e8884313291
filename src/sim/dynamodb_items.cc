// Items of the simulated DynamoDB: written, read, scanned.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/dynamodb.h"

namespace ctk::sim {
namespace {

constexpr size_t kLargestItem = 400u << 10;
constexpr size_t kUnit = 4096;  // bytes that a unit of read capacity reads consistently
constexpr double kBurst = 300;  // seconds of unused capacity that are kept
constexpr int kMostSegments = 1'000'000;

std::unexpected<ServiceError> invalid(std::string message) { return refuse("ValidationException", std::move(message)); }

std::string_view text_of(std::string_view value) { return value.size() < 8 ? value : value.substr(6, value.size() - 8); }

Answer<void> check_key_value(const aws::KeyAttribute& key, const std::string& value) {
  if (key.type != 'N' && text_of(value).empty()) {
    return invalid(
        fmt::format("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                    "empty {} value. Key: {}",
                    key.type == 'S' ? "string" : "binary", key.name));
  }
  return {};
}

/// The first hash of a segment.
aws::HashKey segment_start(int segment, int total) {
  const aws::HashKey share = aws::HashKey(segment) << 64;
  return (share + static_cast<unsigned>(total) - 1) / static_cast<unsigned>(total) << 64;
}

}  // namespace

Answer<void> DynamoDb::check_key(const Table& table, const Attributes& key) {
  const auto fits = [&](const aws::KeyAttribute& wanted) {
    const auto found = key.find(wanted.name);
    return found != key.end() && tag_of(found->second) == std::string_view(&wanted.type, 1);
  };
  if (key.size() != table.input.keys.size() || !std::ranges::all_of(table.input.keys, fits)) {
    return invalid("The provided key element does not match the schema");
  }
  for (const aws::KeyAttribute& wanted : table.input.keys) {
    if (auto good = check_key_value(wanted, key.at(wanted.name)); !good) return good;
  }
  return {};
}

Answer<void> DynamoDb::check_item(const Table& table, const Attributes& item) {
  for (const aws::KeyAttribute& wanted : table.input.keys) {
    const auto found = item.find(wanted.name);
    if (found == item.end()) {
      return invalid(fmt::format("One or more parameter values were invalid: Missing the key {} in the item", wanted.name));
    }
    if (const std::string_view tag = tag_of(found->second); tag != std::string_view(&wanted.type, 1)) {
      return invalid(
          fmt::format("One or more parameter values were invalid: Type mismatch for key {} expected: {} actual: {}",
                      wanted.name, wanted.type, tag));
    }
    if (auto good = check_key_value(wanted, found->second); !good) return good;
  }
  if (bytes_of(item) > kLargestItem) return invalid("Item size has exceeded the maximum allowed size");
  return {};
}

std::optional<Attributes> DynamoDb::publish(Table& table, std::optional<ItemChange> change, Timestamp now) {
  if (!change) return std::nullopt;
  ++changes_;
  if (change->after) table.bytes += bytes_of(*change->after);
  if (change->before) table.bytes -= bytes_of(*change->before);
  if (table.stream_enabled) {
    streams_.append(table.stream, *change, change->partition, now);
  }
  for (const std::string& stream : table.kinesis) {
    const DeliveryKnobs& knobs = options_.delivery;
    TableEvent event = kinesis_event(*change);
    const auto later = [&](Duration most) {
      return now + Duration(static_cast<int64_t>(random_.below(static_cast<uint64_t>(most.count()) + 1)));
    };
    if (random_.fraction() < knobs.repeated) late_.emplace(later(knobs.again_by), Delivery{stream, event});
    if (random_.fraction() < knobs.delayed) {
      late_.emplace(later(knobs.late_by), Delivery{stream, std::move(event)});
    } else {
      deliver(stream, event, now);
    }
  }
  return std::move(change->before);
}

Answer<std::optional<Attributes>> DynamoDb::put_item(const std::string& table, Attributes item, Timestamp now) {
  advance(now);
  auto found = find(table, now);
  if (!found) return forward_refusal(std::move(found));
  if (auto good = check_item(**found, item); !good) return forward_refusal(std::move(good));
  std::optional<ItemChange> change = (*found)->items.put(item, now);
  if (!change) return item;  // It was the same.
  return publish(**found, std::move(change), now);
}

Answer<std::optional<Attributes>> DynamoDb::update_item(const std::string& table, const Attributes& key,
                                                        const Attributes& set, const std::vector<std::string>& removed,
                                                        Timestamp now) {
  advance(now);
  auto found = find(table, now);
  if (!found) return forward_refusal(std::move(found));
  if (auto good = check_key(**found, key); !good) return forward_refusal(std::move(good));
  std::optional<Attributes> before;
  if (const Attributes* old = (*found)->items.find(key)) before = *old;
  Attributes item = before.value_or(key);
  for (const auto& [name, value] : set) item[name] = value;
  for (const std::string& name : removed) item.erase(name);
  for (const auto& [name, value] : key) {
    if (const auto kept = item.find(name); kept == item.end() || kept->second != value) {
      return invalid(fmt::format(
          "One or more parameter values were invalid: Cannot update attribute {}. This attribute is part of the "
          "key",
          name));
    }
  }
  if (bytes_of(item) > kLargestItem) return invalid("Item size to update has exceeded the maximum allowed size");
  publish(**found, (*found)->items.put(std::move(item), now), now);
  return before;
}

Answer<std::optional<Attributes>> DynamoDb::delete_item(const std::string& table, const Attributes& key, Timestamp now) {
  advance(now);
  auto found = find(table, now);
  if (!found) return forward_refusal(std::move(found));
  if (auto good = check_key(**found, key); !good) return forward_refusal(std::move(good));
  return publish(**found, (*found)->items.remove(key, now), now);
}

Answer<std::optional<Attributes>> DynamoDb::get_item(const std::string& table, const Attributes& key, Timestamp now) {
  advance(now);
  auto found = find(table, now);
  if (!found) return forward_refusal(std::move(found));
  if (auto good = check_key(**found, key); !good) return forward_refusal(std::move(good));
  const Attributes* item = (*found)->items.find(key);
  return item == nullptr ? std::optional<Attributes>() : *item;
}

Answer<void> DynamoDb::spend(Table& table, Timestamp now) {
  if (!options_.capacity_limits || !table.input.read_capacity) return {};
  const double rate = *table.input.read_capacity;
  const double passed = to_seconds(now - table.credited_at);
  table.credit = std::min(table.credit + rate * passed, rate * kBurst);
  table.credited_at = now;
  if (table.credit >= 0) return {};
  return refuse("ProvisionedThroughputExceededException",
                "The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
                "provisioning level with the UpdateTable API.");
}

namespace {

Answer<void> check_segments(const ScanInput& input) {
  if (input.total_segments < 1 || input.total_segments > kMostSegments) {
    return invalid(fmt::format(
        "1 validation error detected: Value '{}' at 'totalSegments' failed to satisfy constraint: "
        "Member must have value {} than or equal to {}",
        input.total_segments, input.total_segments < 1 ? "greater" : "less", input.total_segments < 1 ? 1 : kMostSegments));
  }
  if (input.segment < 0 || input.segment >= input.total_segments) {
    return invalid(
        fmt::format("The Segment parameter is zero-based and must be less than parameter TotalSegments: "
                    "Segment: {} is not less than TotalSegments: {}",
                    input.segment, input.total_segments));
  }
  return {};
}

}  // namespace

Answer<ScanAnswer> DynamoDb::scan(const ScanInput& input, Timestamp now) {
  advance(now);
  auto found = find(input.table, now);
  if (!found) return forward_refusal(std::move(found));
  if (auto good = check_segments(input); !good) return forward_refusal(std::move(good));
  Table& table = **found;
  const auto& items = table.items.items();
  const aws::HashKey first = segment_start(input.segment, input.total_segments);
  const bool is_last = input.segment + 1 == input.total_segments;
  const aws::HashKey behind = is_last ? 0 : segment_start(input.segment + 1, input.total_segments);
  auto at = items.lower_bound({first, {}});
  if (input.start_key) {
    if (auto good = check_key(table, *input.start_key); !good) {
      return invalid("The provided starting key is invalid: " + good.error().message);
    }
    const ItemPlace place = table.items.place_of(*input.start_key);
    if (place.hash < first || (!is_last && place.hash >= behind)) {
      return invalid(
          fmt::format("The provided starting key is invalid: Invalid ExclusiveStartKey. Please use "
                      "ExclusiveStartKey with correct Segment. TotalSegments: {} Segment: {}",
                      input.total_segments, input.segment));
    }
    at = items.upper_bound(place);
  }
  if (auto allowed = spend(table, now); !allowed) return forward_refusal(std::move(allowed));

  ScanAnswer answer;
  size_t bytes = 0;
  for (; at != items.end() && (is_last || at->first.hash < behind); ++at) {
    answer.items.push_back(&at->second);
    bytes += bytes_of(at->second);
    // As the service does, it stops for having enough, without looking whether anything comes behind.
    if (bytes >= options_.scan_page || (input.limit > 0 && answer.items.size() == input.limit)) {
      answer.last_key = table.items.key_of(at->second);
      break;
    }
  }
  const auto units = static_cast<double>(std::max<size_t>((bytes + kUnit - 1) / kUnit, 1));
  answer.capacity = input.consistent ? units : units / 2;
  scanned_units_ += answer.capacity;
  if (table.input.read_capacity) table.credit -= answer.capacity;
  return answer;
}

}  // namespace ctk::sim
