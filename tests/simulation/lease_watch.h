// Looks at a world's leases, and says at once when a promise is broken: a checkpoint goes back, or is less than was said to
// be stored; a row goes before its shard is finished; a shard is finished before its children have rows; somebody writes
// what another worker has been given.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "coordination/leased_shards.h"
#include "simulation/lease_service.h"
#include "sink/sink.h"

namespace ctk::simulation {

class LeaseWatch {
 public:
  explicit LeaseWatch(const LeaseService& service) : service_(service) {}

  /// What a worker sees of its leases, seen by the watch as well; of a relay whose positions are in them alone (`alone`),
  /// what is said to be stored, too. Both outlive what is returned.
  class Seen;
  std::unique_ptr<Seen> see(coordination::LeasedShards& shards, coordination::WorkerName worker, bool alone);
  /// A worker sends a write to the target.
  void on_send(const coordination::WorkerName& worker, const sink::Batch& batch);
  /// Somebody has deleted the row: what it said may be known to nobody any more.
  void forgive(const aws::ShardId& shard);
  /// Rows are as they are now.
  void look();

  /// The first that was found.
  const std::optional<std::string>& wrong() const { return wrong_; }
  const LeaseService::Rows& rows() const { return rows_; }
  /// How often a shard that one worker had went to another.
  uint64_t moves() const { return moves_; }
  /// How often a lease was given away on request with everything stored that was sent of it; and without.
  uint64_t drained() const { return drained_; }
  uint64_t dropped() const { return dropped_; }

 private:
  void on_gained(const coordination::WorkerName& worker, const aws::ShardId& shard);
  void on_stored(const coordination::PositionMove& move);
  void on_given(const coordination::WorkerName& worker, const aws::ShardId& shard);
  void compare(const coordination::Lease& before, const coordination::Lease& now);
  void note_sent(const coordination::WorkerName& worker, const sink::FoldedChange& folded);
  void check_ended(const coordination::Lease& lease);
  void note(std::string what);

  const LeaseService& service_;
  LeaseService::Rows rows_;
  uint64_t seen_changes_ = 0;
  std::set<aws::ShardId> had_row_;
  std::map<aws::ShardId, coordination::WorkerName> readers_;  ///< who was given it last
  std::map<aws::ShardId, coordination::Checkpoint> stored_;   ///< what was said to be stored
  std::set<aws::ShardId> forgiven_;                           ///< whose rows were deleted
  std::map<std::pair<coordination::WorkerName, aws::ShardId>, aws::SequenceNumber> sent_;
  uint64_t moves_ = 0, drained_ = 0, dropped_ = 0;
  std::optional<std::string> wrong_;
};

class LeaseWatch::Seen final : public coordination::Assignment, public coordination::PositionStore {
 public:
  Seen(LeaseWatch& watch, coordination::LeasedShards& shards, coordination::WorkerName worker, bool alone)
      : watch_(watch), shards_(shards), worker_(std::move(worker)), alone_(alone) {}

  bool is_shared() const override { return true; }
  void begin(const coordination::RelayName& relay, Listener listener) override;
  void want(std::vector<coordination::SharedShard> shards) override { shards_.want(std::move(shards)); }
  bool is_anothers(const aws::ShardId& shard) const override { return shards_.is_anothers(shard); }
  bool may_write(const aws::ShardId& shard) const override { return shards_.may_write(shard); }
  void let_go(const std::vector<aws::ShardId>& shards) override;
  void end(Done<bool> done) override { shards_.end(std::move(done)); }
  double share_of_load() const override { return shards_.share_of_load(); }

  void read(const coordination::RelayName& relay, Done<std::vector<coordination::StoredPosition>> done) override {
    shards_.read(relay, std::move(done));
  }
  void acquire(const coordination::AcquireRequest& request, Done<coordination::Acquired> done) override {
    shards_.acquire(request, std::move(done));
  }
  void add(const coordination::RelayName& relay, coordination::Fence fence, std::vector<coordination::NewShard> shards,
           Done<bool> done) override {
    shards_.add(relay, fence, std::move(shards), std::move(done));
  }
  void move(const coordination::RelayName& relay, std::vector<coordination::PositionMove> moves, Done<bool> done) override;
  void remove_finished(const coordination::RelayName& relay, coordination::Fence fence, std::vector<aws::ShardId> shards,
                       Done<size_t> done) override {
    shards_.remove_finished(relay, fence, std::move(shards), std::move(done));
  }
  void relays(Done<std::vector<coordination::RelayName>> done) override { shards_.relays(std::move(done)); }
  void remove(const coordination::RelayName& relay, bool finished_only, Done<size_t> done) override {
    shards_.remove(relay, finished_only, std::move(done));
  }

 private:
  LeaseWatch& watch_;
  coordination::LeasedShards& shards_;
  coordination::WorkerName worker_;
  bool alone_;
};

}  // namespace ctk::simulation
