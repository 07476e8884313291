#include "coordination/lease_view.h"

#include <algorithm>
#include <utility>

namespace ctk::coordination {
namespace {

// A Scan that is not consistent lags behind by less than a second as a rule.
constexpr Duration kLag = std::chrono::seconds(5);

}  // namespace

const LeaseView::Sight* LeaseView::find(const aws::ShardId& shard) const {
  const auto found = rows_.find(shard);
  return found == rows_.end() ? nullptr : &found->second;
}

void LeaseView::put(Lease row, Duration now, Duration confirmed) {
  const aws::ShardId shard = row.shard;
  // Of one that is being handed over already nobody knows since when.
  const Sight first{.lease = row, .since = now, .confirmed = confirmed, .asked = Duration::min() / 2};
  const auto [place, is_new] = rows_.try_emplace(shard, first);
  if (is_new) return;
  Sight& sight = place->second;
  const bool was_asked = sight.lease.handed_over();
  if (row.handed_over() && (!was_asked || sight.lease.owner != row.owner)) sight.asked = now;
  if (was_asked && !row.handed_over()) sight.waited = now - sight.asked;
  if (sight.lease.counter != row.counter) {
    sight.since = now;
    sight.has_moved = true;
  }
  sight.lease = std::move(row);
  sight.confirmed = std::max(sight.confirmed, confirmed);
}

void LeaseView::saw(Lease row, Duration now) { put(std::move(row), now, now); }

void LeaseView::scanned(std::vector<Lease> rows, Duration sent, Duration now) {
  const auto is_fresher = [&](const Sight& sight) { return sight.confirmed + kLag > sent; };
  std::ranges::sort(rows, {}, &Lease::shard);
  auto next = rows.begin();
  std::erase_if(rows_, [&](const auto& known) {
    while (next != rows.end() && next->shard < known.first) ++next;
    const bool found = next != rows.end() && next->shard == known.first;
    return !found && !is_fresher(known.second);
  });
  for (Lease& row : rows) {
    const Sight* known = find(row.shard);
    // A row that was made anew may have a lower one, too: it is seen a little later.
    if (known != nullptr && row.counter < known->lease.counter && is_fresher(*known)) continue;
    put(std::move(row), now, Duration::min() / 2);
  }
}

}  // namespace ctk::coordination
