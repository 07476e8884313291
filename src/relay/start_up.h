// What the starts of a run have found out and done, that of the run itself and those of the lives that follow: what is done
// once is not done again, and how long a start may take. Pure: times are monotonic and come from the caller.
//
//   first ──acquired──▶ acquired ──begin_again──▶ again ──acquired──▶ again
#pragma once

#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "coordination/position_store.h"
#include "relay/outage.h"

namespace ctk::relay {

class StartUp {
 public:
  enum class Phase { first, acquired, again };
  struct Limits {
    Duration start{};     ///< for what the first start waits for
    Duration again{};     ///< for each thing that a later one waits for
    bool endless = true;  ///< a later one waits as long as it takes
  };

  /// The run begins.
  void begin(Duration now) { began_ = now; }
  /// A life follows another one.
  void begin_again() { phase_ = Phase::again; }
  /// The positions are this run's.
  void acquired(coordination::Fence fence) {
    fence_ = fence;
    if (phase_ == Phase::first) phase_ = Phase::acquired;
  }

  Duration began() const { return began_; }
  bool is_again() const { return phase_ == Phase::again; }
  /// What `--reset` forgets is forgotten.
  bool has_acquired() const { return phase_ != Phase::first; }
  /// Of the last acquisition: rows with a newer one are another relay's.
  coordination::Fence fence() const { return fence_; }

  /// Whether what has failed `since` then is to be tried again.
  bool try_again(ErrorKind kind, Side side, Duration since, Duration now, const Limits& limits) const;

  /// True, once: what the load before this run has left to be swept is swept before a new one begins.
  bool begin_pending_sweep() { return !std::exchange(pending_sweep_begun_, true); }

  /// `rows`: the stored positions; `has_records`: a table of the relay is on record.
  void compare(const std::vector<coordination::StoredPosition>& rows, bool has_records);
  /// Positions tell of rows, and no table is on record.
  bool record_lost() const { return record_lost_; }
  /// The highest that positions tell of where no table is on record; else 0.
  coordination::Epoch lost_epoch() const { return lost_epoch_; }

 private:
  Phase phase_ = Phase::first;
  Duration began_{};
  coordination::Fence fence_ = 0;
  bool pending_sweep_begun_ = false;
  bool record_lost_ = false;
  coordination::Epoch lost_epoch_ = 0;
};

}  // namespace ctk::relay
