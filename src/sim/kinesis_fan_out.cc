// Enhanced fan-out of the simulated service: consumers, and what is pushed to them. Source: Kinesis Data Streams API
// Reference, SubscribeToShard.
#include <fmt/format.h>

#include <algorithm>

#include "sim/kinesis.h"

namespace ctk::sim {
namespace {

constexpr size_t kMostConsumers = 20;                          // of a stream
constexpr Duration kNotAgainWithin = std::chrono::seconds(5);  // SubscribeToShard of one consumer and shard
constexpr size_t kLargestPush = 1u << 20;                      // bytes
constexpr size_t kMostPushed = 1000;                           // records of an event
constexpr size_t kPushedPerSecond = 2u << 20;                  // bytes of one shard to one consumer

/// The stream's ARN, and the consumer's name, of "STREAM-ARN/consumer/NAME:TIME".
std::pair<std::string, std::string> split_consumer(const std::string& arn) {
  constexpr std::string_view kBetween = "/consumer/";
  const size_t at = arn.find(kBetween);
  if (at == std::string::npos) return {arn, ""};
  const std::string name = arn.substr(at + kBetween.size());
  return {arn.substr(0, at), name.substr(0, name.find(':'))};
}

}  // namespace

ConsumerDescription Kinesis::describe(const Entry& entry, const std::string& name, const Consumer& consumer,
                                      Timestamp now) const {
  const std::string stream = arn_of(entry.stream.name());
  const int64_t second = to_micros(consumer.created) / 1'000'000;
  return {name, fmt::format("{}/consumer/{}:{}", stream, name, second),
          now < consumer.created + options_.consumer_creation ? "CREATING" : "ACTIVE", consumer.created, stream};
}

Answer<std::pair<Kinesis::Entry*, std::string>> Kinesis::find_consumer(const std::string& stream,
                                                                       const std::string& name_or_arn, Timestamp now) {
  const bool is_arn = name_or_arn.starts_with("arn:");
  const auto [of_stream, name] = is_arn ? split_consumer(name_or_arn) : std::pair(stream, name_or_arn);
  auto entry = find(of_stream, now);
  if (!entry) return forward_refusal(std::move(entry));
  const auto found = (*entry)->consumers.find(name);
  const bool same =
      found != (*entry)->consumers.end() && (!is_arn || describe(**entry, name, found->second, now).arn == name_or_arn);
  if (same) return std::pair(*entry, name);
  return refuse("ResourceNotFoundException", fmt::format("Consumer {} not found in stream {} under account {}.", name,
                                                         (*entry)->stream.name(), options_.account));
}

Answer<ConsumerDescription> Kinesis::register_consumer(const std::string& stream, const std::string& name, Timestamp now) {
  auto entry = find(stream, now);
  if (!entry) return forward_refusal(std::move(entry));
  auto& consumers = (*entry)->consumers;
  if (name.empty() || name.size() > 128) return refuse("ValidationException", "1 validation error detected: ConsumerName");
  if (consumers.contains(name)) {
    return refuse("ResourceInUseException", fmt::format("Consumer {} under stream {} already exists for account {}.", name,
                                                        (*entry)->stream.name(), options_.account));
  }
  if (consumers.size() >= kMostConsumers)
    return refuse("LimitExceededException", "This request would exceed the limit of consumers of the stream.");
  const Consumer& made = consumers[name] = {.created = now};
  return describe(**entry, name, made, now);
}

Answer<ConsumerDescription> Kinesis::describe_consumer(const std::string& stream, const std::string& name_or_arn,
                                                       Timestamp now) {
  auto found = find_consumer(stream, name_or_arn, now);
  if (!found) return forward_refusal(std::move(found));
  const auto& [entry, name] = *found;
  return describe(*entry, name, entry->consumers.at(name), now);
}

Answer<std::vector<ConsumerDescription>> Kinesis::list_consumers(const std::string& stream, Timestamp now) {
  auto entry = find(stream, now);
  if (!entry) return forward_refusal(std::move(entry));
  std::vector<ConsumerDescription> all;
  for (const auto& [name, consumer] : (*entry)->consumers) all.push_back(describe(**entry, name, consumer, now));
  return all;
}

Answer<void> Kinesis::deregister_consumer(const std::string& stream, const std::string& name_or_arn, Timestamp now) {
  auto found = find_consumer(stream, name_or_arn, now);
  if (!found) return forward_refusal(std::move(found));
  found->first->consumers.erase(found->second);
  return {};
}

Answer<uint64_t> Kinesis::subscribe(const std::string& consumer_arn, const std::string& shard,
                                    const aws::IteratorStart& start, Timestamp now) {
  auto found = find_consumer("", consumer_arn, now);
  if (!found) return forward_refusal(std::move(found));
  const auto& [entry, name] = *found;
  Consumer& consumer = entry->consumers.at(name);
  if (now < consumer.created + options_.consumer_creation)
    return refuse("ResourceInUseException", fmt::format("Consumer {} is not ACTIVE.", consumer_arn));
  if (auto allowed = check_throttle(*entry, now); !allowed)
    return refuse("LimitExceededException", allowed.error().message);
  auto index = find_shard(*entry, shard, now);
  if (!index) return forward_refusal(std::move(index));
  const auto before = consumer.subscribed_at.find(*index);
  if (before != consumer.subscribed_at.end() && now - before->second < kNotAgainWithin) {
    return refuse("ResourceInUseException",
                  fmt::format("Another active subscription exists for this consumer: {}, shard: {}.", consumer_arn, shard));
  }
  auto ordinal = start_ordinal(*entry, entry->stream.shards()[*index], start, now);
  if (!ordinal) return forward_refusal(std::move(ordinal));
  const uint64_t number = ++last_subscription_;
  consumer.subscriptions[*index] = number;
  consumer.subscribed_at[*index] = now;
  subscriptions_[number] = {.stream = entry->stream.name(),
                            .consumer = name,
                            .incarnation = entry->incarnation,
                            .shard = *index,
                            .ordinal = *ordinal,
                            .opened = now,
                            .spoke = kNoTime,
                            .free_at = now};
  return number;
}

uint64_t Kinesis::take_records(const Shard& shard, uint64_t from, Push& push) {
  size_t bytes = 0;
  for (; from < shard.end() && push.records.size() < kMostPushed; ++from) {
    bytes += shard.at(from).data.size();
    if (bytes > kLargestPush && !push.records.empty()) break;
    push.records.push_back(shard.at(from));
  }
  return from;
}

Answer<Push> Kinesis::next_push(uint64_t number, Timestamp now) {
  const auto kept = subscriptions_.find(number);
  if (kept == subscriptions_.end()) return refuse("ResourceNotFoundException", "There is no such subscription.");
  Subscription& one = kept->second;
  const auto entry = streams_.find(one.stream);
  const bool there = entry != streams_.end() && entry->second.incarnation == one.incarnation &&
                     entry->second.consumers.contains(one.consumer);
  if (!there) return refuse("ResourceNotFoundException", "Stream or consumer of this subscription were not found.");
  if (entry->second.consumers.at(one.consumer).subscriptions.at(one.shard) != number)
    return refuse("ResourceInUseException", "Another subscription of this consumer has taken this one's place.");
  if (one.sent_end || now - one.opened >= options_.subscription_life) return Push{.kind = Push::Kind::over};
  if (options_.read_limits && now < one.free_at) return Push{};
  const Shard& shard = entry->second.stream.shards()[one.shard];
  one.ordinal = std::max(one.ordinal, shard.trimmed);
  Push push;
  one.ordinal = take_records(shard, one.ordinal, push);
  const bool at_end = one.ordinal == shard.end();
  one.sent_end = at_end && shard.closed.has_value();
  const bool silent_for_long = one.spoke == kNoTime || now - one.spoke >= options_.longest_silence;
  if (push.records.empty() && !one.sent_end && !silent_for_long) return Push{};
  push.kind = Push::Kind::event;
  one.spoke = now;
  size_t bytes = 0;
  for (const StoredRecord& record : push.records) bytes += record.data.size();
  one.free_at = now + Duration(bytes * 1'000'000 / kPushedPerSecond);
  if (!at_end) push.behind = std::max(now - push.records.back().arrival, Duration(1000));
  if (one.sent_end) {
    take_children(entry->second, shard, push.children);
  } else {
    push.continuation = one.ordinal > shard.trimmed ? shard.at(one.ordinal - 1).sequence : shard.first_sequence;
  }
  return push;
}

}  // namespace ctk::sim
