// Removing marks that no older change can need any more. When one is due is decided by coordination::plan_sweep.
#pragma once

#include "sink/sink.h"
#include "sink/sql/bookkeeping.h"

namespace ctk::sink::sql {

struct SweepJob {
  const Bookkeeping& at;
  const table::Renderer& renderer;
  const SweepRequest& request;
  const coordination::Witnesses& fresh;  ///< rows that may become the table's witnesses
  Timestamp now;
};

/// Sets the load of `end.epoch` complete, and removes in the same transaction what it has not seen: no write of an older
/// epoch can come after it.
Result<LoadEnding> finish_load(Driver& driver, const Bookkeeping& at, const table::Renderer& renderer, const LoadEnd& end,
                               Timestamp now);

/// In one transaction what is due goes, but for keys of which an older change lies in the dead letters; then it counts.
/// Both give `mismatch` where the table has lost what it is known by.
Result<SweepOutcome> sweep_table(Driver& driver, const SweepJob& job);

}  // namespace ctk::sink::sql
