// A relay whose shards many workers share by the leases of a table in DynamoDB: which of them are this worker's, and where
// they stand.
//
// Where the target has transactions its own positions are the truth: a shard that is taken is acquired there, and what is
// stored there is copied into the leases, for workers of other libraries and for people who look. Else the leases are all
// there is. Either way a row that only the leases have, such as one that another library has left, is where its shard
// begins.
//
// The segments of a load are shared by leases, too, in a table of their own beside it. They are given rows once every shard
// of the stream has one: so nothing of the table is read before it is settled from where on its changes will be.
//
// Lives and is called on the loop. It must not know how records are read.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "coordination/assignment.h"
#include "coordination/lease_table.h"

namespace ctk::coordination {

struct LeasedShardsOptions {
  std::optional<aws::TableName> table;  ///< nothing: as the relay is called
  LeaseSettings settings;
  uint64_t seed = 0;
  bool loads = false;  ///< the table may have to be loaded: its segments are shared, too
  bool reset = false;  ///< the rows are removed before they are read; `refused` where workers hold leases
};

class LeasedShards final : public Assignment, public PositionStore, private LeaseHolder {
 public:
  /// `truth`: the positions of a target with transactions, else nothing.
  LeasedShards(EventLoop& loop, Clock& clock, aws::DynamoDbApi& reads, aws::DynamoDbWritesApi& writes, Log& log,
               LeasedShardsOptions options, PositionStore* truth)
      : loop_(loop),
        clock_(clock),
        reads_(reads),
        writes_(writes),
        log_(log),
        options_(std::move(options)),
        truth_(truth),
        tasks_(loop) {}

  // Assignment
  bool is_shared() const override { return true; }
  void begin(const RelayName& relay, Listener listener) override;
  void want(std::vector<SharedShard> shards) override;
  bool is_anothers(const aws::ShardId& shard) const override;
  bool may_write(const aws::ShardId& shard) const override;
  void let_go(const std::vector<aws::ShardId>& shards) override;
  void end(Done<bool> done) override;
  double share_of_load() const override;
  std::optional<LeaseFigures> figures() const override;

  // PositionStore
  void read(const RelayName& relay, Done<std::vector<StoredPosition>> done) override;
  void acquire(const AcquireRequest& request, Done<Acquired> done) override;
  void add(const RelayName& relay, Fence fence, std::vector<NewShard> shards, Done<bool> done) override;
  void move(const RelayName& relay, std::vector<PositionMove> moves, Done<bool> done) override;
  void remove_finished(const RelayName& relay, Fence fence, std::vector<aws::ShardId> shards, Done<size_t> done) override;
  void relays(Done<std::vector<RelayName>> done) override;
  void remove(const RelayName& relay, bool finished_only, Done<size_t> done) override;

 private:
  /// A lease that is held: under which fence there, and under which the positions are acquired.
  struct Held {
    Fence lease = 0;
    Fence acquired = 0;
  };

  /// The segments of a load, which have a table of their own.
  struct Load {
    std::vector<WantedLease> wanted;
    std::optional<LeaseTable> leases;  ///< nothing where there can be no load
    bool is_shared = false, is_over = false;
  };

  void lease_gained(const Lease& lease, Fence fence) override;
  void lease_asked(const aws::ShardId& shard, Fence fence) override;
  void lease_ended(const aws::ShardId& shard, Fence fence, HeldLease::End why) override;
  void leases_failed(const Error& error) override;
  void leases_work(Duration after) override;

  void with_leases(const RelayName& relay, Done<bool> done);
  void begin_tables(const RelayName& relay, Done<bool> done);
  void forget_leases(const RelayName& relay, Done<bool> done);
  aws::TableName table_of(const RelayName& relay) const { return options_.table.value_or(lease_table_name(relay)); }
  void make_tables(const RelayName& relay);
  void begin_leases(LeaseTable& leases, Done<bool> done);
  LeaseTable* leases_of(const aws::ShardId& shard);
  const LeaseTable* leases_of(const aws::ShardId& shard) const;
  void share_segments();
  void end_load();
  bool is_of_older_load(const aws::ShardId& shard) const;
  std::vector<StoredPosition> rows_of_leases() const;
  std::vector<StoredPosition> rows_as_known() const;
  StoredPosition row_of(const Lease& lease) const;
  std::vector<StoredPosition> with_leases_of(std::vector<StoredPosition> rows) const;
  void acquire_truth(AcquireRequest request, Done<Acquired> done);
  Acquired acquire_leases(const AcquireRequest& request);
  void report_gained(std::vector<aws::ShardId> shards);
  WantedLease wanted_lease(const SharedShard& shard) const;
  void store(const aws::ShardId& shard, Fence lease, const Position& to, Timestamp read_to, Done<bool> done);
  void copy(const std::vector<StoredPosition>& rows);
  std::vector<WantedLease> children_of(const aws::ShardId& shard) const;
  OwnProgress progress(Timestamp read_to) const;
  void release_all(Done<bool> done);

  EventLoop& loop_;
  Clock& clock_;
  aws::DynamoDbApi& reads_;
  aws::DynamoDbWritesApi& writes_;
  Log& log_;
  LeasedShardsOptions options_;
  PositionStore* truth_;
  Listener listener_;
  std::map<aws::ShardId, Held> held_;
  std::map<aws::ShardId, SharedShard> known_;
  std::map<aws::ShardId, Position> copied_;  ///< of those that are held, what the leases have
  AcquireRequest last_request_;              ///< its incarnation and epoch are what rows say
  Fence requests_ = 0;
  std::vector<WantedLease> wanted_;
  std::optional<LeaseTable> leases_;
  Load load_;
  bool usable_ = false;
  bool is_alone_ = false;  ///< it has just removed all rows, which nobody held
  Lifeline lifeline_;
  TaskGroup tasks_;
};

}  // namespace ctk::coordination
