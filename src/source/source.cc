#include "source/source.h"

#include <algorithm>

namespace ctk::source {

Position position_behind(const dynamodb::RawRecord& record) {
  if (!record.in_aggregate || record.in_aggregate->is_last) return Position::after(record.sequence);
  return Position::after(record.sequence, record.in_aggregate->index);
}

void StreamSource::children(const ShardId& shard, Done<std::vector<ListedShard>> done) {
  list([shard, done = std::move(done)](Result<std::vector<ListedShard>> shards) mutable {
    if (shards) {
      std::erase_if(*shards,
                    [&](const ListedShard& one) { return std::ranges::find(one.parents, shard) == one.parents.end(); });
    }
    done(std::move(shards));
  });
}

void StreamSource::exists(const ShardId& shard, Done<bool> done) {
  list([shard, done = std::move(done)](Result<std::vector<ListedShard>> shards) mutable {
    if (!shards) return done(std::unexpected(std::move(shards).error()));
    done(std::ranges::find(*shards, shard, &ListedShard::id) != shards->end());
  });
}

}  // namespace ctk::source
