#include "sim/kinesis_stream.h"

#include <fmt/format.h>

#include <algorithm>

namespace ctk::sim {
namespace {

int64_t millis(Timestamp time) { return to_micros(time) / 1000; }

// 56 digits, as AWS's have: the shard's birth, a count within the shard, the shard. Rising within a shard, and every number
// of a child is above every number of its parents, because a child is born later (add_shard sees to it).
std::string sequence_text(const Shard& shard, uint64_t count) {
  return fmt::format("496{:013}{:020}{:018}{:02}", millis(shard.created), count, shard.index, 2);
}

bool adjacent(const aws::HashKeyRange& left, const aws::HashKeyRange& right) {
  return left.last != aws::kLargestHashKey && left.last + 1 == right.first;
}

}  // namespace

KinesisStream::KinesisStream(std::string name, int shards, Duration retention, Timestamp now)
    : name_(std::move(name)), created_(now), retention_(retention) {
  for (int i = 0; i < shards; ++i) add_shard(aws::nth_range(i, shards), {}, now);
}

size_t KinesisStream::add_shard(aws::HashKeyRange range, std::vector<size_t> parents, Timestamp now) {
  const size_t index = shards_.size();
  Shard shard;
  shard.index = index;
  shard.id = aws::ShardId(fmt::format("shardId-{:012}", index));
  shard.range = range;
  shard.created = now;
  for (size_t parent : parents) {
    shard.created = std::max(shard.created, shards_[parent].created + std::chrono::milliseconds(1));
    shards_[parent].children.push_back(index);
  }
  shard.parents = std::move(parents);
  shard.first_sequence = sequence_text(shard, 0);
  shards_.push_back(std::move(shard));
  return index;
}

void KinesisStream::close(Shard& shard, Timestamp now) {
  shard.closed = now;
  shard.last_sequence = sequence_text(shard, shard.end() + 1);
}

bool KinesisStream::listed(const Shard& shard, Timestamp now) const {
  return !shard.closed || now - *shard.closed <= retention_;
}

std::optional<size_t> KinesisStream::find(const aws::ShardId& id, Timestamp now) const {
  for (size_t i = 0; i < shards_.size(); ++i) {
    if (shards_[i].id == id && listed(shards_[i], now)) return i;
  }
  return std::nullopt;
}

size_t KinesisStream::open_shards() const {
  return static_cast<size_t>(std::ranges::count_if(shards_, [](const Shard& s) { return !s.closed; }));
}

PutResult KinesisStream::put(std::string_view partition_key, std::optional<aws::HashKey> hash_key, std::string data,
                             Timestamp now) {
  const aws::HashKey key = hash_key ? *hash_key : aws::hash_of(partition_key);
  for (size_t i = shards_.size(); i-- > 0;) {
    Shard& shard = shards_[i];
    if (shard.closed || !shard.range.contains(key)) continue;
    // Arrival times rise within a shard even if the clock that is handed in does not; ms, as the service reports them.
    Timestamp arrival = from_micros(millis(now) * 1000);
    if (!shard.records.empty()) arrival = std::max(arrival, shard.records.back().arrival);
    std::string sequence = sequence_text(shard, shard.end() + 1);
    shard.records.push_back({sequence, arrival, std::string(partition_key), std::move(data)});
    return {shard.id, std::move(sequence)};
  }
  return {};  // open shards always cover the whole range
}

Answer<void> KinesisStream::split(size_t index, aws::HashKey at, Timestamp now) {
  const aws::HashKeyRange range = shards_[index].range;
  if (shards_[index].closed) {
    return refuse(
        "ResourceInUseException",
        fmt::format("Shard {} in stream {} has already been merged or split, and thus is not eligible for merging "
                    "or splitting.",
                    shards_[index].id.str(), name_));
  }
  if (at <= range.first || at > range.last) {
    return refuse(
        "InvalidArgumentException",
        fmt::format("NewStartingHashKey {} used in SplitShard() on shard {} in stream {} is not both greater than "
                    "one plus the shard's StartingHashKey {} and less than the shard's EndingHashKey {}.",
                    aws::to_string(at), shards_[index].id.str(), name_, aws::to_string(range.first),
                    aws::to_string(range.last)));
  }
  close(shards_[index], now);
  add_shard({range.first, at - 1}, {index}, now);
  add_shard({at, range.last}, {index}, now);
  return {};
}

Answer<void> KinesisStream::merge(size_t index, size_t other, Timestamp now) {
  for (size_t i : {index, other}) {
    if (shards_[i].closed) {
      return refuse("ResourceInUseException",
                    fmt::format("Shard {} in stream {} has already been merged or split, and thus is not eligible for "
                                "merging or splitting.",
                                shards_[i].id.str(), name_));
    }
  }
  const bool in_order = adjacent(shards_[index].range, shards_[other].range);
  if (!in_order && !adjacent(shards_[other].range, shards_[index].range)) {
    return refuse("InvalidArgumentException",
                  fmt::format("Shards {} and {} in stream {} are not an adjacent pair of shards eligible for merging.",
                              shards_[index].id.str(), shards_[other].id.str(), name_));
  }
  const Shard& low = shards_[in_order ? index : other];
  const Shard& high = shards_[in_order ? other : index];
  const aws::HashKeyRange range{low.range.first, high.range.last};
  close(shards_[index], now);
  close(shards_[other], now);
  add_shard(range, {index, other}, now);
  return {};
}

Answer<void> KinesisStream::scale(int target, Timestamp now) {
  while (open_shards() != static_cast<size_t>(target)) {
    std::vector<size_t> open;
    for (size_t i = 0; i < shards_.size(); ++i) {
      if (!shards_[i].closed) open.push_back(i);
    }
    std::ranges::sort(open, {}, [&](size_t i) { return shards_[i].range.first; });
    Answer<void> done;
    if (open.size() < static_cast<size_t>(target)) {
      const auto width = [&](size_t i) { return shards_[i].range.last - shards_[i].range.first; };
      const size_t widest = *std::ranges::max_element(open, {}, width);
      done = split(widest, shards_[widest].range.first + width(widest) / 2 + 1, now);
    } else {
      const auto width = [&](size_t i) { return shards_[open[i + 1]].range.last - shards_[open[i]].range.first; };
      size_t narrowest = 0;
      for (size_t i = 0; i + 1 < open.size(); ++i) narrowest = width(i) < width(narrowest) ? i : narrowest;
      done = merge(open[narrowest], open[narrowest + 1], now);
    }
    if (!done) return done;
  }
  return {};
}

void KinesisStream::trim(Timestamp horizon) {
  for (Shard& shard : shards_) {
    while (!shard.records.empty() && shard.records.front().arrival < horizon) {
      shard.records.pop_front();
      ++shard.trimmed;
    }
  }
}

uint64_t KinesisStream::ordinal_of(const Shard& shard, std::string_view sequence, bool after) {
  const auto behind = [&](const StoredRecord& r) { return after ? r.sequence <= sequence : r.sequence < sequence; };
  const auto it = std::ranges::partition_point(shard.records, behind);
  return shard.trimmed + static_cast<uint64_t>(it - shard.records.begin());
}

uint64_t KinesisStream::ordinal_at(const Shard& shard, Timestamp time) {
  const auto it = std::ranges::partition_point(shard.records, [&](const StoredRecord& r) { return r.arrival < time; });
  return shard.trimmed + static_cast<uint64_t>(it - shard.records.begin());
}

std::string KinesisStream::newest_sequence(const Shard& shard) {
  return shard.closed ? shard.last_sequence : sequence_text(shard, shard.end());
}

}  // namespace ctk::sim
