#include "simulation/packer.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "shards/aggregate_testing.h"

namespace ctk::simulation {
namespace {

constexpr uint64_t kMostPacked = 8;
constexpr uint64_t kLongestWait = 1500;  // ms

std::string pack(const std::vector<sim::TableEvent>& events) {
  std::string keys, records;
  for (size_t i = 0; i < events.size(); ++i) {
    keys += shards::text_field(1, events[i].partition_key);
    records += shards::packed_record(i, events[i].record);
  }
  return shards::sealed(keys + records);
}

}  // namespace

aws::ShardId Packer::shard_of(const std::string& stream, const std::string& partition_key) const {
  const aws::HashKey key = aws::hash_of(partition_key);
  for (const sim::Shard& shard : kinesis_.stream(stream)->shards()) {
    if (!shard.closed && shard.range.contains(key)) return shard.id;
  }
  throw std::logic_error("open shards cover all keys");
}

void Packer::take(const std::string& stream, const sim::TableEvent& event) {
  const std::string name = stream.substr(stream.rfind('/') + 1);
  const aws::ShardId shard = shard_of(name, event.partition_key);
  Waiting& waiting = waiting_[shard];
  if (waiting.events.empty()) {
    waiting = {name, 1 + random_.below(kMostPacked)};
    loop_.after(std::chrono::milliseconds(random_.below(kLongestWait)), [this, shard] { send(shard); });
  }
  waiting.events.push_back(event);
  if (waiting.events.size() >= waiting.enough) send(shard);
}

/// One record alone stays as it is.
void Packer::send(const aws::ShardId& shard) {
  const auto found = waiting_.find(shard);
  if (found == waiting_.end()) return;
  const Waiting waiting = std::move(waiting_.extract(found).mapped());
  const sim::TableEvent& first = waiting.events.front();
  const std::string data = waiting.events.size() == 1 ? first.record : pack(waiting.events);
  const auto put =
      kinesis_.put_record({waiting.stream, data, "a", aws::to_string(aws::hash_of(first.partition_key))}, clock_.now());
  if (!put) throw std::logic_error("the stream takes what is put");
  sent_();
}

void Packer::send_all() {
  while (!waiting_.empty()) send(waiting_.begin()->first);
}

}  // namespace ctk::simulation
