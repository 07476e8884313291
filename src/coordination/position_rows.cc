#include "coordination/position_rows.h"

#include <algorithm>

namespace ctk::coordination {

std::vector<StoredPosition> PositionRows::list(const RelayName& name) const {
  std::vector<StoredPosition> rows;
  const auto found = relays_.find(name);
  if (found == relays_.end()) return rows;
  for (const auto& [shard, row] : found->second.rows) rows.push_back(row);
  return rows;
}

std::vector<RelayName> PositionRows::relays() const {
  std::vector<RelayName> names;
  for (const auto& [name, relay] : relays_) {
    if (!relay.rows.empty()) names.push_back(name);
  }
  return names;
}

Result<Acquired> PositionRows::acquire(const AcquireRequest& request, Timestamp now) {
  Relay& relay = relays_[request.relay];
  if (request.forget) relay.rows.clear();
  for (const auto& [shard, row] : relay.rows) {
    if (row.incarnation != request.incarnation) {
      return std::unexpected(incarnation_error(request.relay, row.incarnation, request.incarnation));
    }
  }
  ++relay.fence;
  relay.worker = request.worker;
  relay.acquired = now;
  relay.incarnation = request.incarnation;
  relay.epoch = request.epoch;
  make_rows(relay, request.shards, now);
  for (const aws::ShardId& shard : request.dropped) relay.rows.erase(shard);
  for (const Rewind& rewind : request.rewound) {
    const auto row = relay.rows.find(rewind.shard);
    if (row == relay.rows.end()) continue;
    row->second.position = rewind.position;
    row->second.read_to = rewind.read_to;
  }
  for (auto& [shard, row] : relay.rows) {
    if (row.position.ended() || !request.takes(shard)) continue;
    row.fence = relay.fence;
    row.worker = request.worker;
    if (!request.only) row.epoch = request.epoch;
    row.updated = relay.acquired;
  }
  return Acquired{relay.fence, list(request.relay)};
}

Result<bool> PositionRows::add(const RelayName& name, Fence fence, const std::vector<NewShard>& shards, Timestamp now) {
  Relay& relay = relays_[name];
  if (relay.fence != fence) return std::unexpected(fenced_error(name, relay.worker, relay.acquired));
  make_rows(relay, shards, now);
  return true;
}

Result<bool> PositionRows::move(const RelayName& name, const std::vector<PositionMove>& moves, Timestamp now) {
  Relay& relay = relays_[name];
  for (const PositionMove& move : moves) {
    const auto row = relay.rows.find(move.shard);
    if (row == relay.rows.end()) return std::unexpected(fenced_error(name, relay.worker, relay.acquired));
    const StoredPosition& stored = row->second;
    if (stored.fence != move.fence || stored.position != move.from) {
      return std::unexpected(fenced_error(name, stored.worker, stored.updated));
    }
  }
  for (const PositionMove& move : moves) {
    make_rows(relay, move.children, now);
    StoredPosition& row = relay.rows.at(move.shard);
    row.position = move.to;
    row.read_to = std::max(row.read_to, move.read_to);
    row.updated = now;
  }
  return true;
}

Result<size_t> PositionRows::remove_finished(const RelayName& name, Fence fence, const std::vector<aws::ShardId>& shards) {
  Relay& relay = relays_[name];
  if (fence != kAnyFence && relay.fence != fence) return std::unexpected(fenced_error(name, relay.worker, relay.acquired));
  return std::erase_if(relay.rows, [&](const auto& row) {
    return row.second.position.ended() && std::ranges::find(shards, row.first) != shards.end();
  });
}

size_t PositionRows::remove(const RelayName& name, bool finished_only) {
  const auto found = relays_.find(name);
  if (found == relays_.end()) return 0;
  return std::erase_if(found->second.rows, [&](const auto& row) { return !finished_only || row.second.position.ended(); });
}

void PositionRows::restore(const RelayName& name, const std::vector<StoredPosition>& rows) {
  Relay& relay = relays_[name];
  for (const StoredPosition& row : rows) {
    relay.fence = std::max(relay.fence, row.fence);
    relay.rows.insert_or_assign(row.shard, row);
  }
}

void PositionRows::make_rows(Relay& relay, const std::vector<NewShard>& shards, Timestamp now) {
  for (const NewShard& shard : shards) {
    StoredPosition row;
    row.shard = shard.shard;
    row.position = shard.position;
    row.incarnation = relay.incarnation;
    row.epoch = relay.epoch;
    row.fence = relay.fence;
    row.worker = relay.worker;
    row.updated = now;
    relay.rows.emplace(shard.shard, std::move(row));
  }
}

}  // namespace ctk::coordination
