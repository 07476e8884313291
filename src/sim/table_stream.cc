#include "sim/table_stream.h"

#include <fmt/format.h>

#include <algorithm>

namespace ctk::sim {
namespace {

int64_t millis(Timestamp time) { return to_micros(time) / 1000; }

}  // namespace

TableStream::TableStream(TableStreamSetup setup, Timestamp now)
    : setup_(std::move(setup)), created_(now), sequence_(setup_.first_sequence) {
  for (int i = 0; i < setup_.partitions; ++i) {
    open(aws::nth_range(i, setup_.partitions), std::nullopt, now);
    // Partitions do not roll all at once.
    shards_.back().rolls_at = now + setup_.roll_every * (i + 1) / setup_.partitions;
  }
  next_roll_ = shards_.front().rolls_at;
}

StreamSequence TableStream::next_sequence() {
  sequence_ += 1 + static_cast<unsigned>(sequence_ * 2654435761U % 977);
  return sequence_;
}

void TableStream::open(aws::HashKeyRange range, std::optional<size_t> parent, Timestamp now) {
  TableShard shard;
  const auto suffix = static_cast<uint32_t>(aws::hash_of(fmt::format("{}#{}", setup_.arn, shards_.size())));
  shard.id = aws::ShardId(fmt::format("shardId-{:020}-{:08x}", millis(now), suffix));
  shard.range = range;
  shard.parent = parent;
  shard.created = now;
  shard.rolls_at = now + setup_.roll_every;
  shard.first = next_sequence();
  if (parent) shards_[*parent].children.push_back(shards_.size());
  listing_[shard.id.str()] = shards_.size();
  open_[range.last] = shards_.size();
  next_roll_ = std::min(next_roll_, shard.rolls_at);
  shards_.push_back(std::move(shard));
}

void TableStream::close(size_t shard, Timestamp now) {
  TableShard& closing = shards_[shard];
  closing.closed = now;
  closing.last = next_sequence();
  open_.erase(closing.range.last);
}

void TableStream::roll(size_t shard, Timestamp now) {
  close(shard, now);
  open(shards_[shard].range, shard, now);
  ++rolls_;
}

void TableStream::split(size_t shard, Timestamp now) {
  close(shard, now);
  const aws::HashKeyRange range = shards_[shard].range;
  const aws::HashKey middle = range.first + (range.last - range.first) / 2;
  open({range.first, middle}, shard, now);
  open({middle + 1, range.last}, shard, now);
}

void TableStream::disable(Timestamp now) {
  disabled_ = now;
  for (const size_t shard : open_shards()) close(shard, now);
}

void TableStream::advance(Timestamp now) {
  while (!disabled_ && next_roll_ <= now) {
    const Timestamp due = next_roll_;
    for (const size_t shard : open_shards()) {
      if (shards_[shard].rolls_at <= due) roll(shard, due);
    }
    next_roll_ = Timestamp::max();
    for (const size_t shard : open_shards()) next_roll_ = std::min(next_roll_, shards_[shard].rolls_at);
    std::erase_if(listing_, [&](const auto& entry) { return !listed(shards_[entry.second], due); });
    for (TableShard& shard : shards_) {
      if (!listed(shard, due)) trim(static_cast<size_t>(&shard - shards_.data()), due);
    }
  }
}

void TableStream::trim(size_t shard, Timestamp now) {
  TableShard& trimmed = shards_[shard];
  const Timestamp until = horizon(now);
  while (!trimmed.records.empty() && trimmed.records.front().time < until) {
    trimmed.last_trimmed = trimmed.records.front().sequence;
    trimmed.records.pop_front();
    ++trimmed.trimmed;
  }
}

bool TableStream::listed(const TableShard& shard, Timestamp now) const {
  return !shard.closed || *shard.closed >= horizon(now);
}

std::vector<size_t> TableStream::open_shards() const {
  std::vector<size_t> open;
  open.reserve(open_.size());
  for (const auto& [last, shard] : open_) open.push_back(shard);
  return open;
}

void TableStream::append(const ItemChange& change, aws::HashKey partition, Timestamp now) {
  advance(now);
  const auto found = open_.lower_bound(partition);
  if (found == open_.end()) return;
  TableShard& shard = shards_[found->second];
  trim(found->second, now);
  const StreamSequence sequence = next_sequence();
  shard.records.push_back({sequence, now, streams_record(change, setup_.view, aws::to_string(sequence))});
}

uint64_t TableStream::ordinal_of(const TableShard& shard, StreamSequence sequence, bool after) {
  const auto& records = shard.records;
  const auto found = after ? std::ranges::upper_bound(records, sequence, {}, &TableShard::Record::sequence)
                           : std::ranges::lower_bound(records, sequence, {}, &TableShard::Record::sequence);
  return shard.trimmed + static_cast<uint64_t>(found - records.begin());
}

}  // namespace ctk::sim
