// A lease table in DynamoDB: does what a LeaseKeeper decides, and tells whoever reads the shards which it has.
//
//   LeaseTable leases(loop, clock, reads, writes, log, {.table = lease_table_name(relay), .settings = {.worker = worker}},
//   me); leases.start([&](Result<bool> usable) { leases.want(shards of a whole listing); }); me.lease_gained(lease, fence)
//   → read from position_of(lease); write while leases.may_write(shard, fence) leases.store(shard, fence, position, own,
//   done);             // `fenced`: it is another's now leases.store_end(shard, fence, own, children, done);         //
//   children's rows come first; the lease ends with it me.lease_asked(shard, fence)   → read no more of it, store what is
//   written, leases.let_go(shard, fence) me.lease_ended(shard, fence)   → forget what of it is not stored
//   leases.stop(done);                                           // after everything was let go
//
// Lives and is called on the loop. It must not know how records are read nor where rows are written to.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <utility>

#include "aws/dynamodb_api.h"
#include "aws/dynamodb_writes_api.h"
#include "base/log.h"
#include "base/task.h"
#include "coordination/kcl_leader.h"
#include "coordination/lease_keeper.h"

namespace ctk::coordination {

/// The table of a relay that names none: the relay's name, with `-` for what a table's name cannot hold.
aws::TableName lease_table_name(const RelayName& relay);

/// Who reads the shards. Nothing of it is called from inside a call of the table.
class LeaseHolder {
 public:
  virtual ~LeaseHolder() = default;
  virtual void lease_gained(const Lease& lease, Fence fence) = 0;
  virtual void lease_asked(const aws::ShardId& shard, Fence fence) = 0;
  virtual void lease_ended(const aws::ShardId& shard, Fence fence, HeldLease::End why) = 0;
  /// The table cannot be used, and trying again will not help: a right is missing, the table is gone.
  virtual void leases_failed(const Error& error) = 0;
};

struct LeaseTableOptions {
  aws::TableName table;
  LeaseSettings settings;
  uint64_t seed = 0;
};

class LeaseTable {
 public:
  LeaseTable(EventLoop& loop, Clock& clock, aws::DynamoDbApi& reads, aws::DynamoDbWritesApi& writes, Log& log,
             LeaseTableOptions options, LeaseHolder& holder);

  /// Makes the table where there is none, waits until it can be used, and begins to share its leases. Where a leader of
  /// KCL 3 is on record, it is waited for as long as that one may be silent. Errors: `mismatch` (it is a table of something
  /// else), `refused` (KCL 3 is at work on it), what the calls say.
  void start(Done<bool> done);
  /// Reads all rows now, for whoever asks seen() before the first of its own rounds.
  void read(Done<bool> done);
  /// All shards of the stream that are to be read, by a whole listing; again after each.
  void want(std::vector<WantedLease> shards);

  /// `done` is told once it is stored; `fenced` where the lease ended before.
  void store(const aws::ShardId& shard, Fence fence, const Position& position, OwnProgress own, Done<bool> done);
  void store_end(const aws::ShardId& shard, Fence fence, OwnProgress own, const std::vector<WantedLease>& children,
                 Done<bool> done);
  void let_go(const aws::ShardId& shard, Fence fence);
  /// Asked before each write to the target.
  bool may_write(const aws::ShardId& shard, Fence fence) const {
    return keeper_.may_write(shard, fence, clock_.monotonic());
  }

  /// Takes no more leases; `done` comes once all that is held was let go, or after the time to fail over.
  void stop(Done<bool> done);

  /// All rows as they were last seen.
  const LeaseView::Rows& seen() const { return keeper_.seen(); }
  /// Of a row that was seen: as this worker has written it since, where it holds the lease.
  const Lease& newest(const Lease& seen) const;
  const LeaseCounts& counts() const { return keeper_.counts(); }
  size_t held() const { return keeper_.held().size(); }

 private:
  using Hold = std::pair<aws::ShardId, Fence>;
  struct Waiting {
    uint64_t progress;
    Done<bool> done;
  };

  Task<Result<bool>> prepare();
  Task<Result<bool>> make_table();
  /// An error where workers of KCL 3 are at work on the table: `refused`.
  Task<Result<bool>> await_no_leader(KclLeaderPlace place);
  Task<std::optional<KclLeader>> leader_at(KclLeaderPlace place);
  Task<Result<std::vector<Lease>>> read_all();
  Task<Result<bool>> scan();
  Task<bool> do_call(ScanLeases scan);
  Task<bool> do_call(ReadLease read);
  Task<bool> do_call(LeaseWrite write);
  template <class T>
  Done<T> within_limit(Done<T> done);

  Duration now() { return clock_.monotonic(); }
  void pump();
  void perform(LeaseActions actions);
  void begin_calls();
  template <class Call>
  void begin(Call call);
  void wake_when_due();
  void check_stopped();

  void act(LeaseWrite& write) { calls_.emplace_back(std::move(write)); }
  void act(const ScanLeases& scan) { calls_.emplace_back(scan); }
  void act(ReadLease& read) { calls_.emplace_back(std::move(read)); }
  void act(const LeaseGained& gained);
  void act(const LeaseAsked& asked);
  void act(const LeaseStored& stored);
  void act(const LeaseEnded& ended);
  void wait_for(const Hold& hold, std::optional<uint64_t> progress, Done<bool> done);
  void heed(const Error& error);

  EventLoop& loop_;
  Clock& clock_;
  aws::DynamoDbApi& reads_;
  aws::DynamoDbWritesApi& writes_;
  Log& log_;
  LeaseTableOptions options_;
  LeaseHolder& holder_;
  LeaseKeeper keeper_;
  std::deque<std::variant<LeaseWrite, ScanLeases, ReadLease>> calls_;  ///< that wait for their turn
  size_t in_flight_ = 0;
  std::map<Hold, std::deque<Waiting>> waiting_;
  Done<bool> stopped_;
  EventLoop::TimerId timer_ = 0;
  bool running_ = false;
  TaskGroup tasks_;
};

}  // namespace ctk::coordination
