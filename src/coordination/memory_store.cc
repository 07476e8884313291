#include "coordination/memory_store.h"

#include <algorithm>
#include <map>

#include "base/answer_later.h"

namespace ctk::coordination {

namespace {

using Rows = std::map<aws::ShardId, StoredPosition>;

class MemoryStore final : public PositionStore {
 public:
  MemoryStore(EventLoop& loop, Clock& clock) : loop_(loop), clock_(clock) {}

  void load(const RelayName& relay, Done<std::vector<StoredPosition>> done) override {
    answer(std::move(done), Result<std::vector<StoredPosition>>(list(relay)));
  }

  void claim(const ClaimRequest& request, Done<Claim> done) override { answer(std::move(done), claim_now(request)); }

  void add(const RelayName& relay, Fence fence, std::vector<NewShard> shards, Done<bool> done) override {
    answer(std::move(done), add_now(relay, fence, shards));
  }

  void move(const RelayName& relay, std::vector<PositionMove> moves, Done<bool> done) override {
    answer(std::move(done), move_now(relay, moves));
  }

  void remove_finished(const RelayName& relay, Fence fence, std::vector<aws::ShardId> shards, Done<size_t> done) override {
    answer(std::move(done), remove_finished_now(relay, fence, shards));
  }

  void relays(Done<std::vector<RelayName>> done) override {
    std::vector<RelayName> names;
    for (const auto& [name, relay] : relays_) {
      if (!relay.rows.empty()) names.push_back(name);
    }
    answer(std::move(done), Result<std::vector<RelayName>>(std::move(names)));
  }

  void remove(const RelayName& relay, bool finished_only, Done<size_t> done) override {
    size_t removed = 0;
    const auto found = relays_.find(relay);
    if (found != relays_.end()) {
      removed =
          std::erase_if(found->second.rows, [&](const auto& row) { return !finished_only || row.second.position.ended(); });
    }
    answer(std::move(done), Result<size_t>(removed));
  }

 private:
  struct Relay {
    Rows rows;
    /// Who claimed last: what rows made later inherit.
    Fence fence = 0;
    WorkerName worker;
    Timestamp claimed = kNoTime;
    Incarnation incarnation;
    Epoch epoch = 1;
  };

  template <class T>
  void answer(Done<T> done, Result<T> result) {
    answer_later(loop_, lifeline_, std::move(done), std::move(result));
  }

  std::vector<StoredPosition> list(const RelayName& name) const {
    std::vector<StoredPosition> rows;
    const auto found = relays_.find(name);
    if (found == relays_.end()) return rows;
    for (const auto& [shard, row] : found->second.rows) rows.push_back(row);
    return rows;
  }

  Result<Claim> claim_now(const ClaimRequest& request) {
    Relay& relay = relays_[request.relay];
    if (request.forget) relay.rows.clear();
    for (const auto& [shard, row] : relay.rows) {
      if (row.incarnation != request.incarnation) {
        return std::unexpected(incarnation_error(request.relay, row.incarnation, request.incarnation));
      }
    }
    ++relay.fence;
    relay.worker = request.worker;
    relay.claimed = clock_.now();
    relay.incarnation = request.incarnation;
    relay.epoch = request.epoch;
    make_rows(relay, request.shards);
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
      row.updated = relay.claimed;
    }
    return Claim{relay.fence, list(request.relay)};
  }

  Result<bool> add_now(const RelayName& name, Fence fence, const std::vector<NewShard>& shards) {
    Relay& relay = relays_[name];
    if (relay.fence != fence) return std::unexpected(fenced_error(name, relay.worker, relay.claimed));
    make_rows(relay, shards);
    return true;
  }

  Result<size_t> remove_finished_now(const RelayName& name, Fence fence, const std::vector<aws::ShardId>& shards) {
    Relay& relay = relays_[name];
    if (fence != kAnyFence && relay.fence != fence) return std::unexpected(fenced_error(name, relay.worker, relay.claimed));
    return std::erase_if(relay.rows, [&](const auto& row) {
      return row.second.position.ended() && std::ranges::find(shards, row.first) != shards.end();
    });
  }

  Result<bool> move_now(const RelayName& name, const std::vector<PositionMove>& moves) {
    Relay& relay = relays_[name];
    for (const PositionMove& move : moves) {
      const auto row = relay.rows.find(move.shard);
      if (row == relay.rows.end()) return std::unexpected(fenced_error(name, relay.worker, relay.claimed));
      const StoredPosition& stored = row->second;
      if (stored.fence != move.fence || stored.position != move.from) {
        return std::unexpected(fenced_error(name, stored.worker, stored.updated));
      }
    }
    for (const PositionMove& move : moves) {
      make_rows(relay, move.children);
      StoredPosition& row = relay.rows.at(move.shard);
      row.position = move.to;
      row.read_to = std::max(row.read_to, move.read_to);
      row.updated = clock_.now();
    }
    return true;
  }

  void make_rows(Relay& relay, const std::vector<NewShard>& shards) {
    for (const NewShard& shard : shards) {
      StoredPosition row;
      row.shard = shard.shard;
      row.position = shard.position;
      row.incarnation = relay.incarnation;
      row.epoch = relay.epoch;
      row.fence = relay.fence;
      row.worker = relay.worker;
      row.updated = clock_.now();
      relay.rows.emplace(shard.shard, std::move(row));
    }
  }

  EventLoop& loop_;
  Clock& clock_;
  std::map<RelayName, Relay> relays_;
  Lifeline lifeline_;
};

}  // namespace

std::unique_ptr<PositionStore> make_memory_store(EventLoop& loop, Clock& clock) {
  return std::make_unique<MemoryStore>(loop, clock);
}

}  // namespace ctk::coordination
