// Which leases this worker takes, keeps, asks for and lets go: decisions only. Time is its monotonic clock, chance a seed;
// what is to be done comes out as actions, and what became of them goes back in as events. Whoever performs them
// (lease_table.h) decides nothing.
//
//   LeaseKeeper keeper(settings, seed);
//   for (LeaseAction& action : keeper.advance(now)) perform(action);     // again at keeper.due()
//   for (LeaseAction& action : keeper.scanned(rows, sent, now)) perform(action);
#pragma once

#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include "base/random.h"
#include "coordination/held_lease.h"
#include "coordination/lease_balance.h"
#include "coordination/lease_figures.h"
#include "coordination/lease_lineage.h"
#include "coordination/lease_view.h"

namespace ctk::coordination {

/// Read the whole table, and give it to scanned() or not_scanned().
struct ScanLeases {
  bool operator==(const ScanLeases&) const = default;
};
/// Read one row, consistently, and give it to row_read() or row_not_read().
struct ReadLease {
  aws::ShardId shard;
  bool operator==(const ReadLease&) const = default;
};
/// The shard is this worker's from now on, under this fence; `lease` says where it begins.
struct LeaseGained {
  Fence fence = 0;
  Lease lease;
  bool operator==(const LeaseGained&) const = default;
};
/// Another worker asks for it: finish what was read, store it, and let_go().
struct LeaseAsked {
  aws::ShardId shard;
  Fence fence = 0;
  bool operator==(const LeaseAsked&) const = default;
};
/// Progress up to that number is stored.
struct LeaseStored {
  aws::ShardId shard;
  Fence fence = 0;
  uint64_t progress = 0;
  bool operator==(const LeaseStored&) const = default;
};
/// It is no longer this worker's: its end is stored, it was let go, or it is lost, with whatever of it was not stored.
struct LeaseEnded {
  aws::ShardId shard;
  Fence fence = 0;
  HeldLease::End why = HeldLease::End::expired;
  bool operator==(const LeaseEnded&) const = default;
};

using LeaseAction = std::variant<LeaseWrite, ScanLeases, ReadLease, LeaseGained, LeaseAsked, LeaseStored, LeaseEnded>;
using LeaseActions = std::vector<LeaseAction>;

class LeaseKeeper {
 public:
  LeaseKeeper(LeaseSettings settings, uint64_t seed) : settings_(std::move(settings)), random_(seed) {}
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

  // What happens.
  LeaseActions advance(Duration now);
  LeaseActions scanned(std::vector<Lease> rows, Duration sent, Duration now);
  LeaseActions not_scanned(Duration now);
  LeaseActions row_read(const aws::ShardId& shard, std::optional<Lease> row, Duration now);
  LeaseActions row_not_read(const aws::ShardId& shard, Duration now);
  LeaseActions written(const LeaseWrite& write, LeaseWriteAnswer answer, Duration sent, Duration now);

  // What the holder of the shards wants. A fence that is not the newest one is answered with nothing: its lease is lost.
  /// The shards of the stream, as a whole listing has them: rows are made of those that need one.
  LeaseActions want(std::vector<WantedLease> shards, Duration now);
  /// Stores where the shard stands. Gives the number that LeaseStored will name; nothing where the lease is not held.
  std::optional<uint64_t> store(const aws::ShardId& shard, Fence fence, const Position& position, OwnProgress own);
  /// Stores the shard's end, once its children have rows.
  std::optional<uint64_t> store_end(const aws::ShardId& shard, Fence fence, OwnProgress own,
                                    const std::vector<WantedLease>& children, Duration now);
  /// Nothing of the shard is written any more: its lease goes to whoever asked, or to nobody.
  void let_go(const aws::ShardId& shard, Fence fence);
  /// Another library's leader shares the leases out, or nobody does any more. While one does, those that he gives to this
  /// worker are taken, and no others; nobody is asked for his.
  LeaseActions led(bool by_others, Duration now);
  /// This worker has just made the table, or is certain that nobody holds a lease of it: so nobody can hold those of the
  /// rows that it makes.
  void made_table(Duration now) { alone_until_ = now + settings_.failover; }
  /// Takes no more leases. Those that nobody was told of are let go.
  LeaseActions stop(Duration now);

  /// When to call advance() again, at the latest; after the calls of the holder: at once.
  Duration due() const;
  bool may_write(const aws::ShardId& shard, Fence fence, Duration now) const;
  const std::map<aws::ShardId, HeldLease>& held() const { return held_; }
  const LeaseView::Rows& seen() const { return view_.rows(); }
  /// Its row is gone, and said when it was seen last that the shard was read to its end.
  bool was_finished(const aws::ShardId& shard) const;
  /// It has no row, and needs one that is to be made.
  bool lacks_row(const aws::ShardId& shard) const;
  const LeaseCounts& counts() const { return counts_; }
  /// That hold a lease, as far as known; this one too.
  size_t workers(Duration now) const { return load(now).others.size() + 1; }
  /// Since the last renewal of the lease that was renewed longest ago.
  Duration since_renewal(Duration now) const;
  /// Nothing is held and no write of this worker is under way.
  bool is_idle() const { return held_.empty() && taking_.empty() && asking_.empty() && creating_.empty(); }

 private:
  enum class Part { sharing, led, stopping };
  struct Taking {
    TakeLease write;
    Duration sent{};  ///< in doubt: when it was sent
    bool by_force = false;
    bool in_doubt = false;
    /// No other write of this worker can have made of the row what this one makes of it.
    bool is_alone = false;
  };
  /// The last take of a row that is not known to have failed, and did not lead to a lease that may be used.
  struct Tried {
    int64_t counter = 0;  ///< that it expects
    bool forced = false;  ///< it, or one before: who had the lease may not know yet
  };
  struct Asking {
    AskForLease write;
    Duration since{};
    Duration look_at = Duration::max();  ///< read the row then
  };
  struct Creating {
    Lease lease;
    Duration try_at{};
    bool in_flight = false, was_tried = false;
  };

  HeldLease* find_held(const aws::ShardId& shard, Fence fence);
  bool is_stopping() const { return part_ == Part::stopping; }
  bool is_busy(const aws::ShardId& shard) const;
  bool is_expired(const LeaseView::Sight& sight, Duration now) const;
  bool was_forced(const LeaseView::Sight& sight) const;
  std::optional<double> usual_throughput() const;
  LeaseLoad load(Duration now) const;

  void round(LeaseActions& actions, Duration now);
  bool make_rows(LeaseActions& actions, Duration now);
  void look_for_missing(Duration now);
  bool cannot_be_held(const WantedLease& lease, Duration now) const;
  Duration to_be_made_at(const WantedLease& lease, Duration now) const;
  Lease row_for(WantedLease wanted, Duration now);
  void take_free(LeaseActions& actions, Duration now);
  bool is_free(const LeaseView::Sight& sight, LeaseActions& actions, Duration now);
  /// Its parents' ends are certain. Where that is not known yet, it is looked after.
  bool is_readable(const Lease& lease, LeaseActions& actions);
  bool is_younger_than_listing(const aws::ShardId& shard) const;
  void tell_of_readable(LeaseActions& actions, Duration now);
  void take(LeaseActions& actions, const Lease& row, bool forced);
  void withdraw_requests(LeaseActions& actions);
  void ask_others(LeaseActions& actions, Duration now);
  void remove_finished(LeaseActions& actions, Duration now);
  void forget_what_has_ended();
  void remember(const std::vector<aws::ShardId>& shards);
  void remember_what_goes(const std::vector<Lease>& rows);
  void create(Lease lease, Duration now);
  int64_t counter_of_new_row();
  void has_row(const aws::ShardId& shard);
  void note_next_expiry(Duration now);
  void scan_after(Duration now, Duration pause);

  void advance_one(LeaseActions& actions, const aws::ShardId& shard, Duration now);
  void advance_creating(LeaseActions& actions, Duration now);
  void look_at_asked(LeaseActions& actions, const aws::ShardId& shard, Duration now);
  void look_at_taken(LeaseActions& actions, const Taking& taking, const std::optional<Lease>& row, Duration sent,
                     Duration now);
  void taken(LeaseActions& actions, const Taking& taking, const Lease& row, Duration sent, Duration now);
  /// False: another write of this worker may do the same to the row.
  bool note_take(const Lease& row, bool forced);
  void ended(const HeldLease& lease, Duration now);
  void read(LeaseActions& actions, const aws::ShardId& shard);

  void written_one(LeaseActions& actions, const CreateLease& write, const LeaseWriteAnswer& answer, Duration sent,
                   Duration now);
  void written_one(LeaseActions& actions, const TakeLease& write, const LeaseWriteAnswer& answer, Duration sent,
                   Duration now);
  void written_one(LeaseActions& actions, const HoldLease& write, const LeaseWriteAnswer& answer, Duration sent,
                   Duration now);
  void written_one(LeaseActions& actions, const AskForLease& write, const LeaseWriteAnswer& answer, Duration sent,
                   Duration now);
  void written_one(LeaseActions& actions, const RemoveLease& write, const LeaseWriteAnswer& answer, Duration sent,
                   Duration now);

  LeaseSettings settings_;
  Random random_;
  LeaseView view_;
  std::map<aws::ShardId, HeldLease> held_;
  std::map<aws::ShardId, Taking> taking_;
  std::map<aws::ShardId, Tried> tried_;
  std::map<aws::ShardId, Asking> asking_;
  std::map<aws::ShardId, Creating> creating_;
  std::vector<WantedLease> wanted_;
  std::set<aws::ShardId> not_listed_;  ///< rows that were seen before the stream was listed, which does not have the shard
  std::set<aws::ShardId> reading_;     ///< rows that are being read
  std::set<aws::ShardId> gone_;        ///< parents that certainly have no row
  /// Rows of the wanted ones that are gone, as they were last seen: one that was not finished was deleted, and is made anew
  /// from there.
  std::map<aws::ShardId, Lease> last_seen_;
  /// Those of the wanted ones that lack a row and need one, by when that was seen first.
  std::map<aws::ShardId, Duration> missing_since_;
  Duration alone_until_ = Duration::min() / 2;  ///< until then nobody else can hold what has never been seen
  struct Rounds {
    Duration scan_at{}, expiry_at = Duration::max();
    Duration evened_out = Duration::min() / 2;  ///< when a lease was asked for that another holds
    bool scanning = false;
    bool lacks_rows = false;  ///< by the last one
    bool unsettled = false;   ///< what the last one did calls for another one soon
  } rounds_;
  Part part_ = Part::sharing;
  LeaseCounts counts_;
};

}  // namespace ctk::coordination
