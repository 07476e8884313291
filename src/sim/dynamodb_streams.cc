#include "sim/dynamodb_streams.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace ctk::sim {
namespace {

using std::chrono::seconds;

constexpr size_t kDescribesPerSecond = 10;
constexpr Duration kRace = std::chrono::minutes(1);  // for so long after a roll a listing may be behind

std::unexpected<ServiceError> not_found(const std::string& what) {
  return refuse("ResourceNotFoundException", "Requested resource not found: " + what + " not found");
}

std::unexpected<ServiceError> too_fast(std::string message) { return refuse("LimitExceededException", std::move(message)); }

/// "2026-11-22T03:32:51.742".
std::string label_of(Timestamp time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}", std::chrono::floor<seconds>(time), to_micros(time) / 1000 % 1000);
}

aws::StreamsShard shown(const TableStream& stream, const TableShard& shard) {
  aws::StreamsShard out;
  out.id = shard.id;
  if (shard.parent) out.parent = stream.shards()[*shard.parent].id;
  out.first = aws::SequenceNumber(aws::to_string(shard.first));
  if (shard.closed) out.last = aws::SequenceNumber(aws::to_string(shard.last));
  return out;
}

}  // namespace

ListingFault listing_fault(Fault fault) {
  switch (fault) {
    case Fault::early_child: return ListingFault::early_child;
    case Fault::late_child: return ListingFault::late_child;
    case Fault::missing_page: return ListingFault::missing_page;
    default: return ListingFault::none;
  }
}

std::string DynamoDbStreams::create(const StreamSetup& setup, Timestamp now) {
  Timestamp born = now;
  std::string arn;
  do {
    arn = fmt::format("arn:aws:dynamodb:{}:{}:table/{}/stream/{}", options_.region, options_.account, setup.table,
                      label_of(born));
    born += std::chrono::milliseconds(1);
  } while (by_arn_.contains(arn));
  TableStreamSetup inner{arn,
                         setup.table,
                         setup.keys,
                         setup.view,
                         setup.partitions,
                         options_.first_sequence,
                         options_.roll_every,
                         options_.retention};
  by_arn_[arn] = streams_.size();
  streams_.push_back({TableStream(std::move(inner), now), {}, {}});
  return arn;
}

Answer<DynamoDbStreams::Entry*> DynamoDbStreams::find(const std::string& arn, Timestamp now) {
  const auto found = by_arn_.find(arn);
  if (found == by_arn_.end()) return not_found(fmt::format("Stream: {}", arn));
  Entry& entry = streams_[found->second];
  if (entry.stream.disabled() && now - *entry.stream.disabled() > options_.retention) {
    return not_found(fmt::format("Stream: {}", arn));
  }
  entry.stream.advance(now);
  return &entry;
}

Answer<DynamoDbStreams::Entry*> DynamoDbStreams::find_unthrottled(const std::string& arn, Timestamp now) {
  const auto throttled = throttled_.find(arn);
  if (throttled != throttled_.end() && now < throttled->second) {
    return too_fast("Rate of requests exceeds the allowed throughput");
  }
  return find(arn, now);
}

void DynamoDbStreams::disable(const std::string& arn, Timestamp now) {
  if (auto entry = find(arn, now)) (*entry)->stream.disable(now);
}

void DynamoDbStreams::append(const std::string& arn, const ItemChange& change, aws::HashKey partition, Timestamp now) {
  if (auto entry = find(arn, now)) (*entry)->stream.append(change, partition, now);
}

const char* DynamoDbStreams::status_of(const TableStream& stream, Timestamp now) const {
  if (stream.disabled()) return now < *stream.disabled() + options_.switch_time ? "DISABLING" : "DISABLED";
  return now < stream.created() + options_.switch_time ? "ENABLING" : "ENABLED";
}

Answer<void> DynamoDbStreams::meter_describe(Entry& entry, Timestamp now) {
  if (!options_.limits) return {};
  std::erase_if(entry.describes, [&](Timestamp call) { return now - call >= seconds(1); });
  if (entry.describes.size() >= kDescribesPerSecond)
    return too_fast("Rate of DescribeStream requests exceeds 10 per second");
  entry.describes.push_back(now);
  return {};
}

std::vector<size_t> DynamoDbStreams::page_of(const Entry& entry, const DescribeStreamInput& input, Timestamp now,
                                             ListingFault fault, std::optional<aws::ShardId>& next) const {
  std::vector<size_t> page;
  const auto& shards = entry.stream.shards();
  const auto& listing = entry.stream.listing();
  const size_t limit = std::min(input.limit, options_.describe_page);
  const bool filters = input.children_of && options_.child_filter == ChildFilter::known;
  auto it = input.after ? listing.upper_bound(*input.after) : listing.begin();
  for (; it != listing.end(); ++it) {
    const TableShard& shard = shards[it->second];
    if (!entry.stream.listed(shard, now)) continue;
    if (filters && (!shard.parent || shards[*shard.parent].id.str() != *input.children_of)) continue;
    if (fault == ListingFault::late_child && shard.parent && now - shard.created < kRace) continue;
    if (page.size() == limit) {
      next = shards[page.back()].id;
      if (fault == ListingFault::missing_page) page.clear();
      break;
    }
    page.push_back(it->second);
  }
  return page;
}

Answer<aws::StreamsDescription> DynamoDbStreams::describe_stream(const DescribeStreamInput& input, Timestamp now,
                                                                 ListingFault fault) {
  if (input.limit < 1) {
    return refuse("ValidationException",
                  "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value "
                  "greater than or equal to 1");
  }
  auto entry = find_unthrottled(input.stream, now);
  if (!entry) return forward_refusal(std::move(entry));
  if (auto allowed = meter_describe(**entry, now); !allowed) return forward_refusal(std::move(allowed));
  if (input.children_of && options_.child_filter == ChildFilter::refused) {
    return refuse("ValidationException", "ShardFilter is not supported");
  }
  const TableStream& stream = (*entry)->stream;
  aws::StreamsDescription out;
  out.arn = aws::Arn(stream.setup().arn);
  out.table = aws::TableName(stream.setup().table);
  out.status = status_of(stream, now);
  out.created = std::chrono::floor<std::chrono::milliseconds>(stream.created());
  out.view = stream.setup().view;
  out.keys = stream.setup().keys;
  out.server_time = now;
  for (const size_t index : page_of(**entry, input, now, fault, out.next)) {
    const TableShard& shard = stream.shards()[index];
    out.shards.push_back(shown(stream, shard));
    const bool just_rolled = shard.closed && !shard.children.empty() && now - *shard.closed < kRace;
    if (fault == ListingFault::early_child && just_rolled) out.shards.back().last.reset();
  }
  return out;
}

std::vector<ListedStream> DynamoDbStreams::list_streams(const std::string& table, Timestamp now) {
  std::vector<ListedStream> out;
  for (const auto& [arn, index] : by_arn_) {
    const std::string& owner = streams_[index].stream.setup().table;
    if ((table.empty() || owner == table) && find(arn, now)) out.push_back({arn, owner, arn.substr(arn.rfind('/') + 1)});
  }
  return out;
}

Answer<void> DynamoDbStreams::trim(const std::string& stream, Timestamp horizon, Timestamp now) {
  auto entry = find(stream, now);
  if (!entry) return forward_refusal(std::move(entry));
  (*entry)->stream.forget_before(horizon);
  return {};
}

Answer<size_t> DynamoDbStreams::roll(const std::string& stream, bool all, Timestamp now) {
  auto entry = find(stream, now);
  if (!entry) return forward_refusal(std::move(entry));
  std::vector<size_t> open = (*entry)->stream.open_shards();
  if (!all && open.size() > 1) open.resize(1);
  for (const size_t shard : open) (*entry)->stream.roll(shard, now);
  return open.size();
}

Answer<size_t> DynamoDbStreams::split(const std::string& stream, bool all, Timestamp now) {
  auto entry = find(stream, now);
  if (!entry) return forward_refusal(std::move(entry));
  std::vector<size_t> open = (*entry)->stream.open_shards();
  if (!all && open.size() > 1) open.resize(1);
  for (const size_t shard : open) (*entry)->stream.split(shard, now);
  return open.size();
}

const TableStream* DynamoDbStreams::stream(const std::string& arn) const {
  const auto found = by_arn_.find(arn);
  return found == by_arn_.end() ? nullptr : &streams_[found->second].stream;
}

}  // namespace ctk::sim
