// A lease table in DynamoDB: does what a LeaseKeeper decides, and reports which it has to whoever reads the shards.
//
//   LeaseTable leases(loop, clock, reads, writes, log, {.table = …, .settings = {.worker = worker}}, me);
//   leases.start([&](Result<bool> usable) { leases.want(shards of a whole listing); });
//
//   me.lease_gained(lease, fence)    its shard is read from position_of(lease), and written while may_write(shard, fence)
//   store(shard, fence, …, done)     `fenced`: it is another's now
//   store_end(shard, fence, …)       its children's rows come first; the lease ends with it
//   me.lease_asked(shard, fence)     no more of it is read; what is written is stored, then let_go(shard, fence)
//   me.lease_ended(shard, fence)     what of it is not stored is forgotten
//   stop(done)                       after everything was let go
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
#include "coordination/kcl_fleet.h"
#include "coordination/lease_keeper.h"
#include "coordination/table_outage.h"

namespace ctk::coordination {

/// The table of a relay that names none: the relay's name, with `-` for what a table's name cannot hold.
aws::TableName lease_table_name(const RelayName& relay);
/// The table beside it that the segments of a load are shared by: workers of KCL before 3.5 would take them for shards.
aws::TableName load_lease_table_name(const aws::TableName& leases);
/// The one of both that has the lease.
aws::TableName table_with_lease(const aws::TableName& leases, const aws::ShardId& shard);

/// Who reads the shards. Nothing of it is called from inside a call of the table.
class LeaseHolder {
 public:
  virtual ~LeaseHolder() = default;
  virtual void lease_gained(const Lease& lease, Fence fence) = 0;
  virtual void lease_asked(const aws::ShardId& shard, Fence fence) = 0;
  virtual void lease_ended(const aws::ShardId& shard, Fence fence, HeldLease::End why) = 0;
  /// The table cannot be used, since a right is missing, or the table is gone, or for longer than a lease may go without a
  /// renewal. It is tried again. Told once, until leases_work().
  virtual void leases_failed(const Error& error) = 0;
  virtual void leases_work(Duration after) = 0;
};

struct LeaseTableOptions {
  aws::TableName table;
  LeaseSettings settings;
  uint64_t seed = 0;
  bool is_ours = false;   ///< no other library shares it: its leases are of a load's segments
  bool is_alone = false;  ///< it is certain that nobody holds a lease of it as it begins
};

class LeaseTable {
 public:
  LeaseTable(EventLoop& loop, Clock& clock, aws::DynamoDbApi& reads, aws::DynamoDbWritesApi& writes, Log& log,
             LeaseTableOptions options, LeaseHolder& holder);

  /// Makes the table where there is none, waits until it can be used, and begins to share its leases; where workers of KCL
  /// 3 are at work on it, as their leader says. Errors: `mismatch` (it is a table of something else), `refused` (KCL 3 is
  /// at work on it, and cannot be joined), what the calls say.
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
  /// Rows that nobody needs, as they were last seen; one that has changed since stays.
  void remove(const std::vector<aws::ShardId>& shards);
  /// Asked before each write to the target.
  bool may_write(const aws::ShardId& shard, Fence fence) const {
    return keeper_.may_write(shard, fence, clock_.monotonic());
  }

  /// What is held is about to be let go: a leader of KCL 3 is to give nothing of it, nor anything else, to this worker. One
  /// that is starting yet joins nobody.
  void retire(Done<bool> done);
  /// Takes no more leases; `done` comes once all that is held was let go, or after the time to fail over.
  void stop(Done<bool> done);

  /// All rows as they were last seen.
  const LeaseView::Rows& seen() const { return keeper_.seen(); }
  /// Whether a row at its beginning, or at a time, says of this parent of its shard, which has no row, that it is finished.
  bool is_over(const Lease& child, const aws::ShardId& parent) const {
    if (!is_at_beginning(child) || keeper_.was_finished(parent)) return true;
    return may_lack_parents(child) && !keeper_.lacks_row(parent);
  }
  /// Of a row that was seen: as this worker has written it since, where it holds the lease.
  const Lease& newest(const Lease& seen) const;
  const LeaseCounts& counts() const { return keeper_.counts(); }
  size_t held() const { return keeper_.held().size(); }
  LeaseFigures figures() const;

 private:
  using Hold = std::pair<aws::ShardId, Fence>;
  struct Waiting {
    uint64_t progress;
    Done<bool> done;
  };

  Task<Result<bool>> prepare();
  Task<Result<bool>> make_table();
  Task<Result<bool>> scan();
  Task<bool> do_call(ScanLeases scan);
  Task<bool> do_call(ReadLease read);
  Task<bool> do_call(LeaseWrite write);
  template <class T>
  Done<T> within_limit(Done<T> done);
  void led(bool by_others);

  Duration now() { return clock_.monotonic(); }
  void pump();
  void perform(LeaseActions actions);
  void begin_calls();
  template <class Call>
  void begin(Call call);
  void wake_when_due();
  void check_stopped();

  void act(LeaseWrite& write);
  void act(const ScanLeases& scan) { calls_.waiting.emplace_back(scan); }
  void act(ReadLease& read) { calls_.waiting.emplace_back(std::move(read)); }
  void act(const LeaseGained& gained);
  void act(const LeaseAsked& asked);
  void act(const LeaseStored& stored);
  void act(const LeaseEnded& ended);
  void report(std::string_view what, std::initializer_list<LogField> fields);
  void sum_up();
  void wait_for(const Hold& hold, std::optional<uint64_t> progress, Done<bool> done);
  /// What has come of a call, of those that read or those that write.
  template <class T>
  void heed(TableOutage& outage, const Result<T>& answer);
  void note_that_it_is_there(Duration sent);
  Error in_words(const Error& error) const;

  EventLoop& loop_;
  Clock& clock_;
  aws::DynamoDbApi& reads_;
  aws::DynamoDbWritesApi& writes_;
  Log& log_;
  LeaseTableOptions options_;
  LeaseHolder& holder_;
  LeaseKeeper keeper_;
  std::optional<KclFleet> kcl_;  ///< nothing where no other library shares the table
  struct Calls {
    std::deque<std::variant<LeaseWrite, ScanLeases, ReadLease>> waiting;  ///< for their turn
    size_t in_flight = 0;
    LeaseCalls counted;
  } calls_;
  struct Moves {
    uint64_t taken = 0, let_go = 0, lost = 0, finished = 0;
  };
  std::optional<Moves> moves_;                   ///< of segments that no line has told of yet
  TableOutage reading_outage_, writing_outage_;  ///< apart: a right may be missing for one of them
  std::map<Hold, std::deque<Waiting>> waiting_;
  Done<bool> stopped_;
  EventLoop::TimerId timer_ = 0;
  bool running_ = false, retired_ = false;
  TaskGroup tasks_;
};

}  // namespace ctk::coordination
