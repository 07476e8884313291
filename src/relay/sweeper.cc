#include "relay/sweeper.h"

#include <cassert>
#include <utility>

namespace ctk::relay {

void Sweeper::begin(Purpose purpose, const std::vector<std::string>& tables) {
  assert(is_idle());
  phase_ = Phase::sweeping;
  purpose_ = purpose;
  tables_.assign(tables.begin(), tables.end());
  totals_ = {};
}

std::optional<std::string> Sweeper::next() {
  if (tables_.empty()) {
    phase_ = Phase::idle;
    return std::nullopt;
  }
  std::string table = std::move(tables_.front());
  tables_.pop_front();
  return table;
}

void Sweeper::swept(const sink::SweepOutcome& outcome) {
  if (totals_.tombstones) *totals_.tombstones += outcome.tombstones_left;
  if (totals_.living) *totals_.living += outcome.living;
}

void Sweeper::break_off() {
  phase_ = Phase::idle;
  tables_.clear();
}

void Sweeper::complete(sink::SweepRequest& request) const {
  request.count_living = counts();
  if (purpose_ == Purpose::only_counting) request.grace = Duration::max();
}

}  // namespace ctk::relay
