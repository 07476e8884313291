#include "coordination/lease_balance.h"

#include <algorithm>
#include <optional>

namespace ctk::coordination {
namespace {

constexpr size_t kApart = 2;  // leases between two workers, of which one is worth a move

/// One of `others`, by chance: the more likely, the more it has above `floor`. So not all who ask at once ask the same one.
std::optional<WorkerName> draw_above(const std::map<WorkerName, size_t>& others, size_t floor, Random& random) {
  size_t above = 0;
  for (const auto& [worker, leases] : others) above += leases > floor ? leases - floor : 0;
  size_t drawn = random.below(above);
  for (const auto& [worker, leases] : others) {
    const size_t share = leases > floor ? leases - floor : 0;
    if (drawn < share) return worker;
    drawn -= share;
  }
  return std::nullopt;
}

/// A plan in the making.
class Planner {
 public:
  Planner(std::map<WorkerName, size_t> others, std::vector<MovableLease> movable, Random& random)
      : others_(std::move(others)), movable_(std::move(movable)), random_(random) {
    shuffle(movable_, random_);
  }

  /// A lease of somebody who has more than `floor`, taken from the plan's view; nothing where there is none.
  std::optional<MovableLease> next(size_t floor) {
    while (const auto worker = draw_above(others_, floor, random_)) {
      const auto found = std::ranges::find(movable_, *worker, &MovableLease::owner);
      if (found == movable_.end()) {  // what it has is on its way to others
        others_.erase(*worker);
        continue;
      }
      MovableLease lease = std::move(*found);
      movable_.erase(found);
      --others_[*worker];
      return lease;
    }
    return std::nullopt;
  }

 private:
  std::map<WorkerName, size_t> others_;
  std::vector<MovableLease> movable_;
  Random& random_;
};

/// By how much the most loaded one is too far from us.
size_t excess(const LeaseLoad& load) {
  size_t most = 0;
  for (const auto& [worker, leases] : load.others) most = std::max(most, leases);
  return most >= load.mine + kApart ? most - load.mine - 1 : 0;
}

}  // namespace

MovePlan plan_moves(const LeaseLoad& load, std::vector<MovableLease> movable, bool may_even_out, Random& random) {
  MovePlan plan;
  Planner planner(load.others, std::move(movable), random);
  const size_t floor = load.share_rounded_down();
  for (size_t mine = load.mine; mine < floor; ++mine) {
    auto lease = planner.next(std::max(floor, mine + 1));
    if (!lease) break;
    plan.moves.push_back(std::move(*lease));
  }
  if (!plan.moves.empty() || !may_even_out || random.below(load.workers()) >= excess(load)) return plan;
  if (auto lease = planner.next(load.mine + 1)) plan.moves.push_back(std::move(*lease));
  plan.evens_out = !plan.moves.empty();
  return plan;
}

}  // namespace ctk::coordination
