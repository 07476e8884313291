#include "coordination/kcl_presence.h"

#include <algorithm>
#include <utility>

namespace ctk::coordination {

void KclPresence::saw(const Row& row, std::string value, Duration first_until, Duration until) {
  const bool is_first_look = !led_by_nobody_.contains(std::get<KclPlace>(row));
  const auto [place, is_new] = rows_.try_emplace(row, Sight{value, is_first_look ? first_until : until});
  if (is_new || place->second.value == value) return;
  place->second = {std::move(value), until};
}

void KclPresence::looked(const std::map<KclPlace, KclSigns>& places, Timestamp today, Duration now) {
  for (const auto& [place, signs] : places) {
    std::erase_if(rows_, [&](const auto& row) {
      const auto& [where, is_leader, worker] = row.first;
      if (where != place) return false;
      return is_leader ? !signs.leader || signs.leader->owner != worker : !signs.reports.contains(worker);
    });
    if (signs.leader)
      saw({place, true, signs.leader->owner}, signs.leader->version, now + signs.leader->lease, now + signs.leader->lease);
    for (const auto& [worker, reported] : signs.reports) {
      const Duration age = std::clamp<Duration>(today - reported, Duration{}, kKclSilence + Duration(1));
      saw({place, false, worker}, std::to_string(to_micros(reported)), now + kKclSilence - age, now + kKclSilence);
    }
    led_by_nobody_[place] = signs.led_by_nobody;
  }
}

bool KclPresence::lives(Duration now) const {
  return std::ranges::any_of(rows_, [&](const auto& row) { return now <= row.second.until; });
}

bool KclPresence::leads(Duration now) const {
  const std::set<KclPlace> living = places(now);
  return !living.empty() && std::ranges::none_of(living, [&](KclPlace place) { return led_by_nobody_.at(place); });
}

std::set<KclPlace> KclPresence::places(Duration now) const {
  std::set<KclPlace> places;
  for (const auto& [row, sight] : rows_) {
    if (now <= sight.until) places.insert(std::get<KclPlace>(row));
  }
  return places;
}

WorkerName KclPresence::one_of_them(Duration now) const {
  WorkerName found;
  for (const auto& [row, sight] : rows_) {
    const auto& [place, is_leader, worker] = row;
    if (now <= sight.until && (is_leader || found.empty())) found = worker;
  }
  return found;
}

}  // namespace ctk::coordination
