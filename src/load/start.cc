#include "load/start.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "shards/segment.h"

namespace ctk::load {
namespace {

using coordination::StoredPosition;
using coordination::TableRecord;
using shards::Position;

/// Where a shard of an older epoch is read from, if not from where it stands.
std::optional<Position> back_to(const StoredPosition& row, Timestamp cut) {
  const Position& position = row.position;
  if (position.kind == Position::Kind::trim_horizon) return std::nullopt;
  if (position.kind == Position::Kind::at_timestamp && position.time <= cut) return std::nullopt;
  if (row.read_to != kNoTime && row.read_to < cut) return std::nullopt;
  return Position::at_timestamp(cut);
}

}  // namespace

StartPlan plan_start(const std::vector<StoredPosition>& rows, const TableRecord& record, int segments, bool can_seek,
                     const std::set<aws::ShardId>& gapped) {
  StartPlan plan;
  const bool running = record.load == coordination::LoadState::running;
  std::map<int, std::set<int>> there;  // by their number
  for (const StoredPosition& row : rows) {
    if (shards::is_segment(row.shard)) {
      const std::optional<shards::Segment> segment = shards::parse_segment(row.shard);
      if (!running || !segment || segment->epoch != record.epoch) {
        plan.dropped.push_back(row.shard);
        continue;
      }
      there[segment->total].insert(segment->number);
      continue;
    }
    if (!record.cut || row.epoch >= record.epoch) continue;
    if (gapped.contains(row.shard) && !row.position.ended()) {
      plan.rewound.push_back({row.shard, Position::at_timestamp(*record.cut), *record.cut});
      continue;
    }
    if (!can_seek) continue;
    if (const std::optional<Position> back = back_to(row, *record.cut)) {
      plan.rewound.push_back({row.shard, *back, std::min(row.read_to, *record.cut)});
    }
  }
  // Workers that do not agree may have begun several divisions: each is the whole table.
  const int total = there.empty() ? segments : there.begin()->first;
  for (int number = 0; running && number < total; ++number) {
    if (there[total].contains(number)) continue;
    plan.segments.push_back({shards::segment_shard({record.epoch, number, total}), Position::trim_horizon()});
  }
  return plan;
}

}  // namespace ctk::load
