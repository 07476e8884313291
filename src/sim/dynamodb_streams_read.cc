// The reading half of the simulated DynamoDB Streams: iterators, GetRecords, its limits.
#include <fmt/format.h>

#include <algorithm>

#include "sim/dynamodb_streams.h"
#include "sim/token.h"

namespace ctk::sim {
namespace {

using std::chrono::seconds;

constexpr int kLargestPage = 1000;           // records
constexpr size_t kLargestAnswer = 1u << 20;  // bytes
constexpr size_t kReadersPerShard = 2;

std::unexpected<ServiceError> invalid(std::string message) { return refuse("ValidationException", std::move(message)); }

std::unexpected<ServiceError> trimmed() {
  return refuse("TrimmedDataAccessException",
                "The operation attempted to read past the oldest stream record in a shard: it is beyond the trim horizon");
}

std::optional<StreamSequence> parse_sequence(const aws::SequenceNumber& number) {
  const std::string& digits = number.str();
  const size_t lead = std::min(digits.find_first_not_of('0'), digits.size());
  return aws::parse_hash_key(lead == digits.size() && lead > 0 ? "0" : digits.substr(lead));
}

}  // namespace

Answer<uint64_t> DynamoDbStreams::start_ordinal(const TableShard& shard, const aws::IteratorStart& start) const {
  using Kind = aws::IteratorStart::Kind;
  switch (start.kind) {
    case Kind::trim_horizon: return shard.trimmed;
    case Kind::latest: return shard.end();
    case Kind::at_timestamp: return invalid("Invalid ShardIteratorType: AT_TIMESTAMP");
    case Kind::at_sequence:
    case Kind::after_sequence: break;
  }
  const auto sequence = parse_sequence(start.sequence);
  const bool before = !sequence || *sequence < shard.first;
  if (before || (shard.closed && *sequence > shard.last)) {
    return invalid(
        fmt::format("Invalid SequenceNumber: {} is not in the range of shard {}", start.sequence.str(), shard.id.str()));
  }
  if (*sequence <= shard.last_trimmed) return trimmed();
  return TableStream::ordinal_of(shard, *sequence, start.kind == Kind::after_sequence);
}

Answer<std::string> DynamoDbStreams::get_shard_iterator(const std::string& stream, const std::string& shard,
                                                        const aws::IteratorStart& start, Timestamp now) {
  auto entry = find_unthrottled(stream, now);
  if (!entry) return forward_refusal(std::move(entry));
  TableStream& found = (*entry)->stream;
  const auto index = found.listing().find(shard);
  if (index == found.listing().end() || !found.listed(found.shards()[index->second], now)) {
    return refuse("ResourceNotFoundException",
                  fmt::format("Requested resource not found: Shard: {} in Stream: {} not found", shard, stream));
  }
  found.trim(index->second, now);
  auto ordinal = start_ordinal(found.shards()[index->second], start);
  if (!ordinal) return forward_refusal(std::move(ordinal));
  return iterator_text(stream, {by_arn_.at(stream), index->second, *ordinal, ++readers_, now});
}

// As AWS's: the stream's ARN in front of an opaque text.
std::string DynamoDbStreams::iterator_text(const std::string& arn, const Cursor& cursor) const {
  const std::string token = write_token<5>(
      {cursor.stream, cursor.shard, cursor.ordinal, cursor.reader, static_cast<uint64_t>(to_micros(cursor.issued))});
  std::string text;
  text.reserve(arn.size() + 3 + token.size());
  return text.append(arn).append("|1|").append(token);
}

Answer<DynamoDbStreams::Cursor> DynamoDbStreams::open_iterator(const std::string& iterator, Timestamp now) const {
  const size_t bar = iterator.rfind('|');
  const auto token = bar == std::string::npos ? std::nullopt : read_token<5>(std::string_view(iterator).substr(bar + 1));
  if (!token || (*token)[0] >= streams_.size()) return invalid("Invalid ShardIterator");
  const auto& [stream, shard, ordinal, reader, issued] = *token;
  if (shard >= streams_[stream].stream.shards().size()) return invalid("Invalid ShardIterator");
  const Cursor cursor{stream, shard, ordinal, reader, from_micros(static_cast<int64_t>(issued))};
  if (now - cursor.issued > options_.iterator_life || cursor.issued <= valid_since_) {
    return refuse("ExpiredIteratorException",
                  "Iterator expired. The shard iterator can no longer be used to retrieve stream records: it is older than "
                  "15 minutes");
  }
  return cursor;
}

// A reader is who goes on with an iterator that was asked for once.
Answer<void> DynamoDbStreams::meter_read(Entry& entry, const Cursor& cursor, Timestamp now) {
  if (!options_.limits) return {};
  std::vector<Reader>& readers = entry.readers[cursor.shard];
  std::erase_if(readers, [&](const Reader& reader) { return now - reader.last_call >= seconds(1); });
  const auto known = std::ranges::find(readers, cursor.reader, &Reader::id);
  if (known != readers.end()) {
    known->last_call = now;
    return {};
  }
  if (readers.size() >= kReadersPerShard) {
    return refuse("LimitExceededException", "Rate exceeded for shard: more than 2 processes read from it");
  }
  readers.push_back({cursor.reader, now});
  return {};
}

Answer<StreamsRecordsAnswer> DynamoDbStreams::get_records(const std::string& iterator, int limit, Timestamp now,
                                                          bool empty) {
  if (limit < 1 || limit > kLargestPage) {
    return invalid(
        fmt::format("1 validation error detected: Value '{}' at 'limit' failed to satisfy constraint: Member must have "
                    "value {} than or equal to {}",
                    limit, limit < 1 ? "greater" : "less", limit < 1 ? 1 : kLargestPage));
  }
  auto opened = open_iterator(iterator, now);
  if (!opened) return forward_refusal(std::move(opened));
  Cursor cursor = *opened;
  const std::string& arn = streams_[cursor.stream].stream.setup().arn;
  auto entry = find_unthrottled(arn, now);
  if (!entry) return forward_refusal(std::move(entry));
  if (auto allowed = meter_read(**entry, cursor, now); !allowed) return forward_refusal(std::move(allowed));
  TableStream& stream = (*entry)->stream;
  stream.trim(cursor.shard, now);
  const TableShard& shard = stream.shards()[cursor.shard];
  if (cursor.ordinal < shard.trimmed) return trimmed();

  StreamsRecordsAnswer answer;
  size_t bytes = 0;
  while (!empty && cursor.ordinal < shard.end() && answer.records.size() < static_cast<size_t>(limit)) {
    const TableShard::Record& record = shard.at(cursor.ordinal);
    if (!answer.records.empty() && bytes + record.data.size() > kLargestAnswer) break;
    bytes += record.data.size();
    answer.records.push_back(record);
    ++cursor.ordinal;
  }
  const bool at_end = cursor.ordinal == shard.end();
  cursor.issued = now;
  if (!shard.closed || !at_end || (!answer.records.empty() && !options_.end_with_records)) {
    answer.next_iterator = iterator_text(arn, cursor);
  }
  return answer;
}

}  // namespace ctk::sim
