// The reading half of the simulated service: iterators, GetRecords, its limits.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "sim/kinesis.h"
#include "sim/token.h"

namespace ctk::sim {
namespace {

constexpr int kLargestPage = 10'000;          // records
constexpr size_t kLargestAnswer = 10u << 20;  // bytes
constexpr size_t kBytesPerSecond = 2u << 20;  // read from one shard
constexpr size_t kCallsPerSecond = 5;         // GetRecords on one shard

int64_t millis(Duration duration) { return duration.count() / 1000; }

std::string date_text(Timestamp time) {
  return fmt::format("{:%a %b %d %H:%M:%S UTC %Y}", std::chrono::floor<std::chrono::seconds>(time));
}

// Digits only, brought to the width that stored numbers have; nothing where it can be none of ours.
std::optional<std::string> widen(const std::string& digits) {
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  const size_t lead = std::min(digits.find_first_not_of('0'), digits.size());
  const std::string core = digits.substr(lead);
  if (core.size() > 56) return std::nullopt;
  return std::string(56 - core.size(), '0') + core;
}

std::unexpected<ServiceError> invalid(std::string message) {
  return refuse("InvalidArgumentException", std::move(message));
}

}  // namespace

Answer<uint64_t> Kinesis::start_ordinal(const Entry& entry, const Shard& shard, const aws::IteratorStart& start,
                                        Timestamp now) {
  using Kind = aws::IteratorStart::Kind;
  switch (start.kind) {
    case Kind::trim_horizon: return shard.trimmed;
    case Kind::latest: return shard.end();
    case Kind::at_timestamp:
      if (start.time > now) {
        return invalid(
            fmt::format("The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
                        "timestampInMillis: {}, currentTimestampInMillis: {}",
                        millis(start.time.time_since_epoch()), millis(now.time_since_epoch())));
      }
      return KinesisStream::ordinal_at(shard, start.time);
    case Kind::at_sequence:
    case Kind::after_sequence: break;
  }
  const auto sequence = widen(start.sequence.str());
  if (!sequence || *sequence < shard.first_sequence || *sequence > KinesisStream::newest_sequence(shard)) {
    return invalid(
        fmt::format("StartingSequenceNumber {} used in GetShardIterator on shard {} in stream {} under account {} is "
                    "invalid because it "
                    "did not come from this stream.",
                    start.sequence.str(), shard.id.str(), entry.stream.name(), options_.account));
  }
  return KinesisStream::ordinal_of(shard, *sequence, start.kind == Kind::after_sequence);
}

Answer<std::string> Kinesis::get_shard_iterator(const std::string& stream, const std::string& shard,
                                                const aws::IteratorStart& start, Timestamp now) {
  auto entry = find(stream, now);
  if (!entry) return forward_refusal(std::move(entry));
  if (auto allowed = check_throttle(**entry, now); !allowed) return forward_refusal(std::move(allowed));
  auto index = find_shard(**entry, shard, now);
  if (!index) return forward_refusal(std::move(index));
  auto ordinal = start_ordinal(**entry, (*entry)->stream.shards()[*index], start, now);
  if (!ordinal) return forward_refusal(std::move(ordinal));
  return iterator_text({(*entry)->incarnation, *index, *ordinal, now});
}

std::string Kinesis::iterator_text(const Cursor& cursor) const {
  return write_token<4>(
      {cursor.incarnation, cursor.shard, cursor.ordinal, static_cast<uint64_t>(to_micros(cursor.issued))});
}

std::string Kinesis::stream_of_token(std::string_view text) const {
  const auto iterator = read_token<4>(text);
  const auto page = read_token<3>(text);
  if (!iterator && !page) return "";
  const uint64_t incarnation = iterator ? (*iterator)[0] : (*page)[0];
  for (const auto& [name, entry] : streams_) {
    if (entry.incarnation == incarnation) return arn_of(name);
  }
  return "";
}

Answer<Kinesis::Cursor> Kinesis::open_iterator(const std::string& iterator, Timestamp now) const {
  const auto token = read_token<4>(iterator);
  if (!token) return invalid("Invalid ShardIterator.");
  const auto& [incarnation, shard, ordinal, issued] = *token;
  const Cursor cursor{incarnation, shard, ordinal, from_micros(static_cast<int64_t>(issued))};
  if (now - cursor.issued > options_.iterator_life || cursor.issued <= valid_since_) {
    return refuse("ExpiredIteratorException",
                  fmt::format("Iterator expired. The iterator was created at time {} while right now it is {} which is "
                              "further in the future than the tolerated delay of {} milliseconds.",
                              date_text(cursor.issued), date_text(now), millis(options_.iterator_life)));
  }
  return cursor;
}

Answer<void> Kinesis::check_throttle(const Entry& entry, Timestamp now) const {
  const auto found = throttled_.find(entry.stream.name());
  if (found == throttled_.end() || found->second <= now) return {};
  return refuse("ProvisionedThroughputExceededException",
                fmt::format("Rate exceeded for stream {} under account {}.", entry.stream.name(), options_.account));
}

Answer<void> Kinesis::meter(Entry& entry, size_t shard, Timestamp now) {
  if (auto allowed = check_throttle(entry, now); !allowed) return allowed;
  if (!options_.read_limits) return {};
  Meter& meter = entry.meters[shard];
  std::erase_if(meter.calls, [&](Timestamp call) { return now - call >= std::chrono::seconds(1); });
  if (meter.calls.size() >= kCallsPerSecond || meter.free_at > now) {
    return refuse("ProvisionedThroughputExceededException",
                  fmt::format("Rate exceeded for shard {} in stream {} under account {}.",
                              entry.stream.shards()[shard].id.str(), entry.stream.name(), options_.account));
  }
  meter.calls.push_back(now);
  return {};
}

void Kinesis::take_children(const Entry& entry, const Shard& shard, std::vector<ShardDescription>& children) const {
  if (!options_.give_children) return;
  for (size_t child : shard.children) children.push_back(describe(entry, entry.stream.shards()[child]));
}

Answer<RecordsAnswer> Kinesis::get_records(const std::string& iterator, int limit, Timestamp now, bool empty) {
  if (limit < 1 || limit > kLargestPage) {
    return refuse(
        "ValidationException",
        fmt::format("1 validation error detected: Value '{}' at 'limit' failed to satisfy constraint: Member must "
                    "have value between 1 and 10000",
                    limit));
  }
  auto opened = open_iterator(iterator, now);
  if (!opened) return forward_refusal(std::move(opened));
  Cursor cursor = *opened;
  Entry* entry = nullptr;
  for (auto& [name, candidate] : streams_) {
    if (candidate.incarnation == cursor.incarnation) entry = *find(name, now);
  }
  if (entry == nullptr || cursor.shard >= entry->stream.shards().size()) {
    return refuse("ResourceNotFoundException", "The stream of this iterator was not found.");
  }
  const Shard& shard = entry->stream.shards()[cursor.shard];
  if (auto allowed = meter(*entry, cursor.shard, now); !allowed) return forward_refusal(std::move(allowed));

  RecordsAnswer answer;
  size_t bytes = 0;
  cursor.ordinal = std::max(cursor.ordinal, shard.trimmed);
  while (!empty && cursor.ordinal < shard.end() && answer.records.size() < static_cast<size_t>(limit)) {
    const StoredRecord& record = shard.at(cursor.ordinal);
    const size_t size = record.data.size() + record.partition_key.size();
    if (bytes + size > kLargestAnswer && !answer.records.empty()) break;
    bytes += size;
    answer.records.push_back(record);
    ++cursor.ordinal;
  }
  const bool at_end = cursor.ordinal == shard.end();
  if (!at_end) answer.behind = now - (empty ? shard.at(cursor.ordinal).arrival : answer.records.back().arrival);
  if (options_.read_limits) {
    entry->meters[cursor.shard].free_at = now + Duration(bytes * 1'000'000 / kBytesPerSecond);
  }
  cursor.issued = now;
  if (!shard.closed || !at_end || (!answer.records.empty() && !options_.end_with_records)) {
    answer.next_iterator = iterator_text(cursor);
  } else {
    take_children(*entry, shard, answer.children);
  }
  return answer;
}

}  // namespace ctk::sim
