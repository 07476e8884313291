// Leases of parents and children: which rows are to be made, which hold others up, which may go. The client library's own
// rules, so that both read one table alike. Pure.
//
// A row is made once the rows of its parents are there or were, and a finished one is removed once its children are being
// read; so a parent without a row, of which a descendant has one that is being read, has been read to its end. A row at its
// beginning says nothing of its parents: somebody may have deleted theirs.
#pragma once

#include <optional>
#include <vector>

#include "coordination/lease_view.h"

namespace ctk::coordination {

/// A shard that is to have a row.
struct WantedLease {
  aws::ShardId shard;
  std::vector<aws::ShardId> parents{};
  Position position = Position::trim_horizon();  ///< its end: it needs no row, and links its parents to its children
  Timestamp read_to = kNoTime;
  Epoch epoch = 0;
  Incarnation incarnation{};
  std::optional<HashRange> hash_range{};
  bool operator==(const WantedLease&) const = default;
};

/// Its row, owned by nobody.
Lease new_lease(const WantedLease& wanted);
/// Whom a row names that was made anew, or whose lease somebody may hold of whom its maker cannot know: nobody is called
/// so. It is taken once it has expired, as the row of a dead worker is, and by then whoever held the lease could not renew
/// it.
const WorkerName& nobody();
/// Whether that owner of a row is a worker, living or not.
bool is_somebody(const WorkerName& name);
/// Whether nothing of it was read, so that its row says nothing of its parents.
bool is_at_beginning(const Lease& lease);
/// The same of a row that may have been the first to be made, with the stream's other ends: where it begins at a time, no
/// row was ever made of a parent that was closed by then.
bool may_lack_parents(const Lease& lease);

/// Those of `wanted` that have no row and need one.
std::vector<WantedLease> missing_leases(const std::vector<WantedLease>& wanted, const LeaseView::Rows& rows);
/// Those of `wanted` that have no row and, if they once had one, were not read to their end: nothing below them is being
/// read.
std::vector<WantedLease> unread_leases(const std::vector<WantedLease>& wanted, const LeaseView::Rows& rows);
/// Those of the missing ones whose parents' rows need not be made first.
std::vector<WantedLease> leases_to_make(const std::vector<WantedLease>& missing);

/// Whether a parent's row says that it was not read to its end.
bool waits_for_parents(const Lease& lease, const LeaseView::Rows& rows);
/// Parents that have no row as far as was seen; a row that was overlooked would hold the lease up.
std::vector<aws::ShardId> parents_without_row(const Lease& lease, const LeaseView::Rows& rows);

/// A finished shard's row may go once each of its children is being read and its parents' rows are gone.
bool is_removable(const Lease& lease, const LeaseView::Rows& rows);

}  // namespace ctk::coordination
