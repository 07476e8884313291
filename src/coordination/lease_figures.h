// How a worker's leases are, in figures, for whoever watches it. Values only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"

namespace ctk::coordination {

/// How often, since the beginning.
struct LeaseCounts {
  uint64_t created = 0;          ///< rows that this worker has made
  uint64_t taken = 0;            ///< all ways by which it came to have one
  uint64_t taken_expired = 0;    ///< of `taken`, from a worker that had renewed it for too long no more
  uint64_t taken_by_force = 0;   ///< of `taken`, from one that renewed it and did not listen
  uint64_t asked_for = 0;        ///< of others, by this worker
  uint64_t handed_over = 0;      ///< to whoever had asked for it
  uint64_t released = 0;         ///< to nobody
  uint64_t lost = 0;             ///< not renewed in time, or taken by another
  uint64_t removed = 0;          ///< rows of finished shards
  uint64_t renewals_failed = 0;  ///< writes of a lease that is held that were refused, or of which nothing was heard
};

/// Calls of the lease table, each page of a Scan one.
struct LeaseCalls {
  uint64_t scans = 0, reads = 0, writes = 0;
  uint64_t throttled = 0;  ///< of all of these
  uint64_t failed = 0;     ///< of all of these, for other reasons; a condition that did not hold is no failure
};

/// What keeps a worker from using the lease table.
struct LeaseOutage {
  Duration lasts{};
  std::string error;
};

struct LeaseFigures {
  size_t held = 0;
  size_t workers = 0;  ///< that hold a lease and are not known to be dead, this one too
  LeaseCounts counts;
  LeaseCalls calls;
  Duration since_renewal{};           ///< of the lease that was renewed longest ago; nothing is held: none
  std::optional<LeaseOutage> outage;  ///< for longer than a lease may stay without renewal
};

}  // namespace ctk::coordination
