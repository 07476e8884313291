#include "source/shard_reader.h"

#include <utility>

namespace ctk::source {

aws::IteratorStart iterator_start(const Position& position) {
  using Kind = aws::IteratorStart::Kind;
  switch (position.kind) {
    case Position::Kind::at_timestamp: return {Kind::at_timestamp, {}, position.time};
    case Position::Kind::at_sequence: return {Kind::at_sequence, position.sequence, {}};
    // The rest of the aggregate at which it stands comes again.
    case Position::Kind::after_sequence:
      return {position.index ? Kind::at_sequence : Kind::after_sequence, position.sequence, {}};
    case Position::Kind::trim_horizon:
    case Position::Kind::after_key:
    case Position::Kind::shard_end: break;
  }
  return {};
}

std::vector<ListedShard> listed(std::vector<aws::ChildShard> children) {
  std::vector<ListedShard> shards;
  for (aws::ChildShard& child : children)
    shards.push_back({std::move(child.id), std::move(child.parents), false, child.keys});
  return shards;
}

}  // namespace ctk::source
