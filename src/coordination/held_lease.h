// One lease that this worker holds: when to write which HoldLease, and what an answer, or a row read later, means. Pure;
// the time is this worker's monotonic clock.
//
//   settling ──(the time of the holder before is over)──▶ held ──(another one asks)──▶ asked
//       held, asked ──let_go──▶ leaving ──(it is written)──▶ gone
//       held ──(the shard's end is stored)──▶ gone              any ──(not renewed in time, taken by another)──▶ gone
//
// The fence runs from the moment at which the last successful renewal was *sent*: nobody can have seen it before, so nobody
// can find the lease expired before it is over.
#pragma once

#include <optional>
#include <set>

#include "base/time.h"
#include "coordination/lease_writes.h"

namespace ctk::coordination {

struct LeaseSettings {
  WorkerName worker;
  Duration failover = std::chrono::seconds(10);
  Duration hand_over_timeout = std::chrono::seconds(30);
  Duration checkpoint_every = std::chrono::seconds(1);  ///< at most so often, while the lease is kept

  Duration renew_every() const { return failover / 3; }
  Duration scan_every() const { return failover / 5; }
  Duration retry_after() const { return failover / 40; }
  /// By so much, two clocks may differ over `failover`; it is on the safe side of both who holds and who watches.
  Duration tolerance() const { return failover / 200; }
  /// After it, a lease that has not changed since it was seen at `seen` may be taken.
  Duration expiry(Duration seen) const { return seen + failover + tolerance(); }
};

/// What became of a write.
struct LeaseWriteAnswer {
  enum class Kind {
    applied,
    conflict,  ///< the condition did not hold; `row`: as it was found, where that was shown
    refused,   ///< it was certainly not done (throttled): worth another try
    unknown,   ///< it may have been done
  };
  Kind kind = Kind::unknown;
  std::optional<Lease> row{};  ///< applied: as it is now, where that was shown
};

class HeldLease {
 public:
  enum class Phase { settling, held, asked, leaving, gone };
  enum class End { none, stored_end, let_go, expired, taken };

  /// `row`: as it was taken, by a write that was sent at `sent`. `forced`: its holder before may not know of it yet.
  HeldLease(const LeaseSettings& settings, Lease row, Duration sent, Duration now, bool forced);

  Phase phase() const { return phase_; }
  End end() const { return end_; }
  Fence fence() const { return fence_; }
  const Lease& row() const { return row_; }
  /// When the last successful renewal was sent.
  Duration renewed() const { return renewed_; }
  /// The last moment at which the holder may write is before it.
  Duration fence_until() const { return renewed_ + settings_->failover - settings_->tolerance(); }
  bool may_write(Duration now) const { return (phase_ == Phase::held || phase_ == Phase::asked) && now < fence_until(); }

  /// Progress to be stored; the newest counts. Gives its number, for stored(). What lies before the stored position is
  /// stored already. `children`: rows that must be there first.
  uint64_t store(LeaseProgress progress, const std::set<aws::ShardId>& children_without_row);
  void child_has_row(const aws::ShardId& child) { storing_.children_without_row.erase(child); }
  const std::set<aws::ShardId>& waits_for_children() const { return storing_.children_without_row; }
  /// The holder writes no more: the lease goes, with the progress that waits, to whoever asked, or to nobody.
  void let_go();

  // What its holder is to be told, each once.
  bool is_new();  ///< it may be used from now on
  bool was_told() const { return reported_gained_; }
  bool is_newly_asked_for();               ///< another one asks for it
  std::optional<uint64_t> newly_stored();  ///< up to which number progress is stored

  /// Moves on with time alone.
  void advance(Duration now);
  /// The write that is due, if one is. `throughput`: what it is to say of a lease of which nobody has measured any.
  std::optional<HoldLease> next_write(Duration now, std::optional<double> throughput = std::nullopt);
  /// Whether the row must be read to tell what became of a write; true once for each reading.
  bool wants_row(Duration now);
  /// When the three above are to be asked again.
  Duration due() const;

  void answered(const HoldLease& write, const LeaseWriteAnswer& answer, Duration sent, Duration now);
  void row_read(const std::optional<Lease>& row, Duration now);
  void row_not_read(Duration now);

  bool is_in_flight(const HoldLease& write) const { return write_ && *write_ == write; }
  bool is_busy() const { return write_.has_value(); }

 private:
  /// It was asked for, which the holder hears of with a renewal, and was not let go in time.
  bool is_stuck(Duration now) const {
    return phase_ == Phase::asked && now >= asked_at_ + settings_->hand_over_timeout - settings_->renew_every();
  }
  Duration progress_due() const;
  void settle(WriteVerdict verdict, const std::optional<Lease>& row, Duration sent, Duration now);
  void applied(Duration sent, Duration now);
  void keep_trying(Duration now);
  /// What it says of a request for it; false where that is known.
  bool take_note(const Lease& row, Duration now);
  void finish(End end);

  /// Progress on its way into the row, by its numbers.
  struct Storing {
    std::optional<LeaseProgress> waiting{};
    std::set<aws::ShardId> children_without_row{};  ///< which it waits for
    Duration last_time = Duration::min() / 2;       ///< when some was stored
    uint64_t asked = 0, writing = 0, stored = 0, reported = 0;
  };

  const LeaseSettings* settings_;
  Lease row_;
  Fence fence_;
  Phase phase_;
  End end_ = End::none;
  Duration renewed_;   ///< when the last successful renewal was sent
  Duration ready_at_;  ///< settling: until then
  Duration asked_at_{};
  Duration next_try_{};
  std::optional<HoldLease> write_{};      ///< in flight, or in doubt
  std::optional<Duration> first_sent_{};  ///< of all writes that expect this counter, in doubt
  bool in_doubt_ = false;
  bool reading_row_ = false;
  Storing storing_;
  bool reported_gained_ = false, reported_asked_ = false;
};

}  // namespace ctk::coordination
