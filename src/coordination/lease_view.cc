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
  const auto [place, is_new] = rows_.try_emplace(shard, Sight{row, now, confirmed});
  if (is_new) return;
  Sight& sight = place->second;
  if (sight.lease.counter != row.counter) sight.since = now;
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
    // Of a row that was made anew the counter begins at 0.
    if (known != nullptr && row.counter < known->lease.counter && is_fresher(*known)) continue;
    put(std::move(row), now, Duration::min() / 2);
  }
}

}  // namespace ctk::coordination
