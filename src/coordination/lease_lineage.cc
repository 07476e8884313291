#include "coordination/lease_lineage.h"

#include <algorithm>
#include <set>

namespace ctk::coordination {
namespace {

bool is_being_read(const Checkpoint& checkpoint) {
  return checkpoint.kind != Checkpoint::Kind::trim_horizon && checkpoint.kind != Checkpoint::Kind::at_timestamp;
}

/// Shards that have a row, or a descendant with one, that says that its parents were read.
template <class SaysNothing>
std::set<aws::ShardId> covered(const std::vector<WantedLease>& wanted, const LeaseView::Rows& rows,
                               SaysNothing says_nothing) {
  std::map<aws::ShardId, std::vector<aws::ShardId>> parents;
  for (const WantedLease& lease : wanted) parents[lease.shard] = lease.parents;
  std::set<aws::ShardId> known;
  std::vector<aws::ShardId> open;
  for (const auto& [shard, sight] : rows) {
    if (says_nothing(sight.lease)) continue;
    open.push_back(shard);
    for (const aws::ShardId& parent : sight.lease.parents) open.push_back(parent);
  }
  while (!open.empty()) {
    const aws::ShardId shard = std::move(open.back());
    open.pop_back();
    if (!known.insert(shard).second) continue;
    // One that is to be read from its beginning, whatever was read below it, waits for its own parents' ends.
    const auto row = rows.find(shard);
    if (row != rows.end() && says_nothing(row->second.lease)) continue;
    const auto above = parents.find(shard);
    if (above != parents.end()) open.insert(open.end(), above->second.begin(), above->second.end());
  }
  return known;
}

template <class SaysNothing>
std::vector<WantedLease> leases_without_row(const std::vector<WantedLease>& wanted, const LeaseView::Rows& rows,
                                            SaysNothing says_nothing) {
  const auto has_row = [&](const WantedLease& lease) { return rows.contains(lease.shard); };
  if (std::ranges::all_of(wanted, has_row)) return {};
  const std::set<aws::ShardId> known = covered(wanted, rows, says_nothing);
  std::vector<WantedLease> missing;
  std::ranges::copy_if(wanted, std::back_inserter(missing), [&](const WantedLease& lease) {
    return !lease.position.ended() && !known.contains(lease.shard) && !has_row(lease);
  });
  return missing;
}

}  // namespace

Lease new_lease(const WantedLease& wanted) {
  Lease lease{.shard = wanted.shard, .owner = {}, .checkpoint_owner = {}};
  lease.checkpoint = checkpoint_of(wanted.position);
  lease.parents = wanted.parents;
  std::ranges::sort(lease.parents);
  lease.hash_range = wanted.hash_range;
  lease.own = {shards::to_string(wanted.position), wanted.read_to, wanted.epoch, wanted.incarnation};
  return lease;
}

const WorkerName& nobody() {
  static const WorkerName name("(made anew)");
  return name;
}

bool is_somebody(const WorkerName& name) { return !name.empty() && name != nobody(); }

bool is_at_beginning(const Lease& lease) { return !is_being_read(lease.checkpoint); }

bool may_lack_parents(const Lease& lease) { return lease.checkpoint.kind == Checkpoint::Kind::at_timestamp; }

std::vector<WantedLease> missing_leases(const std::vector<WantedLease>& wanted, const LeaseView::Rows& rows) {
  return leases_without_row(wanted, rows,
                            [](const Lease& lease) { return is_at_beginning(lease) && !may_lack_parents(lease); });
}

std::vector<WantedLease> unread_leases(const std::vector<WantedLease>& wanted, const LeaseView::Rows& rows) {
  return leases_without_row(wanted, rows, is_at_beginning);
}

std::vector<WantedLease> leases_to_make(const std::vector<WantedLease>& missing) {
  std::set<aws::ShardId> shards;
  for (const WantedLease& lease : missing) shards.insert(lease.shard);
  std::vector<WantedLease> first;
  std::ranges::copy_if(missing, std::back_inserter(first), [&](const WantedLease& lease) {
    return std::ranges::none_of(lease.parents, [&](const aws::ShardId& parent) { return shards.contains(parent); });
  });
  return first;
}

bool waits_for_parents(const Lease& lease, const LeaseView::Rows& rows) {
  return std::ranges::any_of(lease.parents, [&](const aws::ShardId& parent) {
    const auto row = rows.find(parent);
    return row != rows.end() && !row->second.lease.finished();
  });
}

std::vector<aws::ShardId> parents_without_row(const Lease& lease, const LeaseView::Rows& rows) {
  std::vector<aws::ShardId> without;
  std::ranges::copy_if(lease.parents, std::back_inserter(without),
                       [&](const aws::ShardId& parent) { return !rows.contains(parent); });
  return without;
}

bool is_removable(const Lease& lease, const LeaseView::Rows& rows) {
  if (!lease.finished() || lease.children.empty()) return false;
  const auto child_is_read = [&](const aws::ShardId& child) {
    const auto row = rows.find(child);
    return row != rows.end() && is_being_read(row->second.lease.checkpoint);
  };
  return std::ranges::all_of(lease.children, child_is_read) &&
         std::ranges::none_of(lease.parents, [&](const aws::ShardId& parent) { return rows.contains(parent); });
}

}  // namespace ctk::coordination
