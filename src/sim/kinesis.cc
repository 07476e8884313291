#include "sim/kinesis.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/token.h"

namespace ctk::sim {
namespace {

constexpr size_t kLargestRecord = 1u << 20;  // bytes of data and partition key

std::unexpected<ServiceError> invalid(std::string message) {
  return refuse("InvalidArgumentException", std::move(message));
}

}  // namespace

std::string Kinesis::arn_of(const std::string& stream) const {
  return fmt::format("arn:aws:kinesis:{}:{}:stream/{}", options_.region, options_.account, stream);
}

Answer<Kinesis::Entry*> Kinesis::find(const std::string& name_or_arn, Timestamp now) {
  const size_t slash = name_or_arn.rfind('/');
  const std::string name = slash == std::string::npos ? name_or_arn : name_or_arn.substr(slash + 1);
  const auto it = streams_.find(name);
  if (it == streams_.end() || (slash != std::string::npos && name_or_arn != arn_of(name))) {
    return refuse("ResourceNotFoundException",
                  fmt::format("Stream {} under account {} not found.", name, options_.account));
  }
  Entry& entry = it->second;
  entry.stream.trim(now - entry.stream.retention());
  entry.meters.resize(entry.stream.shards().size());
  return &entry;
}

Answer<size_t> Kinesis::find_shard(Entry& entry, const std::string& shard, Timestamp now) {
  if (auto index = entry.stream.find(aws::ShardId(shard), now)) return *index;
  return refuse("ResourceNotFoundException", fmt::format("Shard {} in stream {} under account {} does not exist", shard,
                                                         entry.stream.name(), options_.account));
}

std::string Kinesis::status_of(const Entry& entry, Timestamp now) const {
  return now < entry.stream.created() + options_.creation_time ? "CREATING" : "ACTIVE";
}

Answer<void> Kinesis::create_stream(const std::string& name, int shards, Timestamp now) {
  if (shards < 1) return refuse("ValidationException", "1 validation error detected: ShardCount must be at least 1");
  if (streams_.contains(name)) {
    return refuse("ResourceInUseException",
                  fmt::format("Stream {} under account {} already exists.", name, options_.account));
  }
  // The creation time tells two lives of a name apart; the service gives it in whole seconds.
  const auto created = std::chrono::floor<std::chrono::seconds>(now);
  streams_.emplace(name, Entry{KinesisStream(name, shards, options_.retention, created), ++incarnations_, {}});
  return {};
}

Answer<void> Kinesis::delete_stream(const std::string& stream, Timestamp now) {
  auto entry = find(stream, now);
  if (!entry) return forward_refusal(std::move(entry));
  streams_.erase((*entry)->stream.name());
  return {};
}

std::vector<std::string> Kinesis::list_streams() const {
  std::vector<std::string> names;
  names.reserve(streams_.size());
  for (const auto& [name, entry] : streams_) names.push_back(name);
  return names;
}

Answer<StreamDescription> Kinesis::describe_stream(const std::string& stream, Timestamp now) {
  auto entry = find(stream, now);
  if (!entry) return forward_refusal(std::move(entry));
  const KinesisStream& found = (*entry)->stream;
  return StreamDescription{found.name(),      arn_of(found.name()), status_of(**entry, now),   found.created(),
                           found.retention(), found.open_shards(),  (*entry)->consumers.size()};
}

ShardDescription Kinesis::describe(const Entry& entry, const Shard& shard) {
  ShardDescription out;
  out.shard.id = shard.id;
  out.range = shard.range;
  out.shard.first = aws::SequenceNumber(shard.first_sequence);
  if (shard.closed) out.shard.last = aws::SequenceNumber(shard.last_sequence);
  for (size_t parent : shard.parents) {
    out.shard.parents.push_back(entry.stream.shards()[parent].id);
  }
  return out;
}

// A page token holds the stream's incarnation, the next index and the moment it was given.
Answer<ShardListing> Kinesis::list_shards(const ListShardsInput& input, Timestamp now) {
  Entry* entry = nullptr;
  size_t next = 0;
  if (input.next_token) {
    if (!input.stream.empty()) return invalid("NextToken and StreamName cannot be provided together.");
    const auto token = read_token<3>(*input.next_token);
    if (!token) return invalid("The NextToken is invalid.");
    const auto& [incarnation, index, issued] = *token;
    if (now - from_micros(static_cast<int64_t>(issued)) > options_.iterator_life) {
      return refuse("ExpiredNextTokenException", "The pagination token has expired.");
    }
    next = index;
    for (auto& [name, candidate] : streams_) {
      if (candidate.incarnation == incarnation) entry = *find(name, now);
    }
    if (entry == nullptr) return invalid("The NextToken is invalid.");
  } else {
    auto found = find(input.stream, now);
    if (!found) return forward_refusal(std::move(found));
    entry = *found;
  }
  ShardListing listing;
  const size_t page = std::min(options_.list_page, input.max_results.value_or(options_.list_page));
  const auto& shards = entry->stream.shards();
  for (; next < shards.size(); ++next) {
    if (!entry->stream.listed(shards[next], now)) continue;
    if (input.exclusive_start && shards[next].id.str() <= *input.exclusive_start) continue;
    if (listing.shards.size() == page) {
      listing.next_token = write_token<3>({entry->incarnation, next, static_cast<uint64_t>(to_micros(now))});
      break;
    }
    listing.shards.push_back(describe(*entry, shards[next]));
  }
  return listing;
}

Answer<PutResult> Kinesis::put_record(const PutInput& input, Timestamp now) {
  auto entry = find(input.stream, now);
  if (!entry) return forward_refusal(std::move(entry));
  if (input.partition_key.empty() || input.partition_key.size() > 256) {
    return refuse("ValidationException", "1 validation error detected: PartitionKey must have length between 1 and 256");
  }
  if (input.data.size() + input.partition_key.size() > kLargestRecord) {
    return refuse("ValidationException",
                  "1 validation error detected: Data must have length less than or equal to 1048576");
  }
  std::optional<aws::HashKey> hash_key;
  if (input.explicit_hash_key) {
    hash_key = aws::parse_hash_key(*input.explicit_hash_key);
    if (!hash_key)
      return invalid(
          fmt::format("Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "
                      "Specified value was {}",
                      *input.explicit_hash_key));
  }
  PutResult put = (*entry)->stream.put(input.partition_key, hash_key, input.data, now);
  const std::optional<size_t> shard = (*entry)->stream.find(put.shard, now);
  const bool hot = shard && count_put(**entry, *shard, now).puts > options_.split_above;
  if (hot && options_.split_above > 0) split_if_hot(**entry, *shard, now);
  if (options_.merge_below > 0) merge_if_cold(**entry, now);
  return put;
}

Kinesis::Meter& Kinesis::count_put(Entry& entry, size_t shard, Timestamp now) {
  if (entry.meters.size() <= shard) entry.meters.resize(shard + 1);
  Meter& meter = entry.meters[shard];
  if (now - meter.put_since > std::chrono::minutes(1)) {
    meter.put_since = now;
    meter.puts = 0;
  }
  ++meter.puts;
  return meter;
}

void Kinesis::split_if_hot(Entry& entry, size_t shard, Timestamp now) {
  if (entry.stream.open_shards() >= options_.most_shards) return;
  const aws::HashKeyRange range = entry.stream.shards()[shard].range;
  if (entry.stream.split(shard, range.first + (range.last - range.first) / 2 + 1, now)) ++splits_on_demand_;
}

void Kinesis::merge_if_cold(Entry& entry, Timestamp now) {
  if (now - entry.looked_for_cold < std::chrono::minutes(1)) return;
  entry.looked_for_cold = now;
  const auto& shards = entry.stream.shards();
  entry.meters.resize(shards.size());
  std::vector<size_t> cold;
  for (size_t i = 0; i < shards.size(); ++i) {
    const Meter& meter = entry.meters[i];
    const bool rests = now - meter.put_since > std::chrono::minutes(1) || meter.puts < options_.merge_below;
    if (!shards[i].closed && rests) cold.push_back(i);
  }
  for (const size_t left : cold) {
    for (const size_t right : cold) {
      if (left == right || !entry.stream.merge(left, right, now)) continue;
      ++merges_on_demand_;
      return;
    }
  }
}

Answer<void> Kinesis::split_shard(const std::string& stream, const std::string& shard, const std::string& starting_hash_key,
                                  Timestamp now) {
  auto entry = find(stream, now);
  if (!entry) return forward_refusal(std::move(entry));
  auto index = find_shard(**entry, shard, now);
  if (!index) return forward_refusal(std::move(index));
  const auto key = aws::parse_hash_key(starting_hash_key);
  if (!key) return refuse("ValidationException", "1 validation error detected: NewStartingHashKey must be a hash key");
  return (*entry)->stream.split(*index, *key, now);
}

Answer<void> Kinesis::merge_shards(const std::string& stream, const std::string& shard, const std::string& adjacent,
                                   Timestamp now) {
  auto entry = find(stream, now);
  if (!entry) return forward_refusal(std::move(entry));
  auto index = find_shard(**entry, shard, now);
  if (!index) return forward_refusal(std::move(index));
  auto other = find_shard(**entry, adjacent, now);
  if (!other) return forward_refusal(std::move(other));
  return (*entry)->stream.merge(*index, *other, now);
}

Answer<void> Kinesis::update_shard_count(const std::string& stream, int target, Timestamp now) {
  auto entry = find(stream, now);
  if (!entry) return forward_refusal(std::move(entry));
  if (target < 1) return invalid("TargetShardCount must be at least 1.");
  return (*entry)->stream.scale(target, now);
}

Answer<void> Kinesis::set_retention(const std::string& stream, Duration retention, Timestamp now) {
  auto entry = find(stream, now);
  if (!entry) return forward_refusal(std::move(entry));
  (*entry)->stream.set_retention(retention);
  return {};
}

Answer<void> Kinesis::trim(const std::string& stream, Timestamp horizon, Timestamp now) {
  auto entry = find(stream, now);
  if (!entry) return forward_refusal(std::move(entry));
  (*entry)->stream.trim(horizon);
  return {};
}

Answer<aws::ShardId> Kinesis::split_any(const std::string& stream, Timestamp now) {
  auto entry = find(stream, now);
  if (!entry) return forward_refusal(std::move(entry));
  KinesisStream& found = (*entry)->stream;
  for (size_t i = 0; i < found.shards().size(); ++i) {
    const Shard& shard = found.shards()[i];
    if (shard.closed) continue;
    aws::ShardId id = shard.id;
    auto done = found.split(i, shard.range.first + (shard.range.last - shard.range.first) / 2 + 1, now);
    if (!done) return forward_refusal(std::move(done));
    return id;
  }
  return invalid("The stream has no open shard.");
}

const KinesisStream* Kinesis::stream(const std::string& name) const {
  const auto it = streams_.find(name);
  return it == streams_.end() ? nullptr : &it->second.stream;
}

}  // namespace ctk::sim
