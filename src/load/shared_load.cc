#include "load/shared_load.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "load/segments.h"
#include "shards/segment.h"

namespace ctk::load {
namespace {

using coordination::LoadState;
using coordination::StoredPosition;
using coordination::TableRecord;

/// Enough for some workers to have a share of.
constexpr int kSharedSegments = 32;

constexpr const char* kBeginAnew = "stop all workers, and start one with --reset, then the others without it";

/// Other libraries' rows say nothing of an epoch.
bool is_before(const StoredPosition& row, const TableRecord& record) {
  if (row.epoch == 0) return false;
  return !shards::is_segment(row.shard) && row.epoch < record.epoch;
}

}  // namespace

int choose_shared_segments(std::optional<int> given) { return choose_segments(0, given.value_or(kSharedSegments)); }

bool has_read_stream(const std::vector<StoredPosition>& rows) {
  return std::ranges::any_of(rows, [](const StoredPosition& row) { return !shards::is_segment(row.shard); });
}

std::optional<Error> refuse_shared_load(const std::vector<StoredPosition>& rows, const TableRecord& record) {
  if (!has_read_stream(rows)) return std::nullopt;
  if (record.load == LoadState::none) {
    return Error{ErrorKind::refused,
                 "table " + record.table +
                     " was never loaded, and positions of its stream are stored: many workers load a table only before "
                     "they follow it",
                 "", kBeginAnew};
  }
  const auto before = std::ranges::find_if(rows, [&](const StoredPosition& row) { return is_before(row, record); });
  if (before == rows.end()) return std::nullopt;
  return Error{ErrorKind::refused,
               "the position of shard " + before->shard.str() + " was stored before the load of table " + record.table +
                   " began: many workers load a table only before they follow it",
               "", kBeginAnew};
}

std::vector<StoredPosition> segments_to_read(const std::vector<StoredPosition>& rows,
                                             const std::vector<coordination::NewShard>& planned,
                                             const TableRecord& record) {
  std::map<aws::ShardId, StoredPosition> segments;
  if (record.load != LoadState::running) return {};
  const auto is_of_load = [&](const aws::ShardId& shard) {
    const std::optional<shards::Segment> segment = shards::parse_segment(shard);
    return segment && segment->epoch == record.epoch;
  };
  for (const StoredPosition& row : rows) {
    if (is_of_load(row.shard)) segments[row.shard] = row;
  }
  for (const coordination::NewShard& one : planned) {
    if (!is_of_load(one.shard)) continue;
    StoredPosition& row = segments.try_emplace(one.shard).first->second;
    if (!row.shard.empty()) continue;
    row.shard = one.shard;
    row.position = one.position;
    row.epoch = record.epoch;
  }
  std::vector<StoredPosition> list;
  for (auto& [shard, row] : segments) list.push_back(std::move(row));
  return list;
}

bool is_left_of_older_load(const aws::ShardId& shard, const TableRecord& record) {
  const std::optional<shards::Segment> segment = shards::parse_segment(shard);
  return segment && segment->epoch < record.epoch;
}

std::set<aws::ShardId> shards_past_load(const TableRecord& record, const std::vector<shards::KnownShard>& known,
                                        const std::vector<StoredPosition>& rows, std::set<aws::ShardId> before) {
  for (const StoredPosition& row : rows) {
    const bool counts = row.epoch >= record.epoch && !row.position.ended();
    if (counts && coordination::are_past_load(record, {row})) before.insert(row.shard);
  }
  std::set<aws::ShardId> past;
  const auto is_past = [&](const aws::ShardId& shard) { return before.contains(shard) || past.contains(shard); };
  for (bool grows = true; grows;) {
    grows = false;
    for (const shards::KnownShard& one : known) {
      if (past.contains(one.id) || !(is_past(one.id) || std::ranges::any_of(one.parents, is_past))) continue;
      past.insert(one.id);
      grows = true;
    }
  }
  return past;
}

bool are_all_past_load(const std::vector<shards::KnownShard>& known, const std::set<aws::ShardId>& past) {
  return std::ranges::all_of(known, [&](const shards::KnownShard& one) {
    return one.finished || shards::is_segment(one.id) || past.contains(one.id);
  });
}

}  // namespace ctk::load
