#include "simulation/kept_history.h"

#include <iterator>

namespace ctk::simulation {
namespace {

/// The rows from the one before a range of versions to the one behind it.
std::vector<sink::HistoryEvent> rows_around(const KeptEvents& kept, const table::VersionRange& window) {
  auto first = kept.lower_bound(window.from);
  if (first != kept.begin()) --first;
  auto last = kept.upper_bound(window.to);
  if (last != kept.end()) ++last;
  std::vector<sink::HistoryEvent> rows;
  for (auto row = first; row != last; ++row) rows.push_back(row->second.place);
  return rows;
}

}  // namespace

void keep_events(KeptEvents& kept, coordination::Epoch epoch, const std::vector<KeptEvent>& events) {
  std::vector<sink::HistoryEvent> places;
  for (const KeptEvent& event : events) places.push_back(event.place);
  sink::HistoryOfKey history(std::move(places));
  for (const table::VersionRange& window : history.windows(epoch)) history.take(rows_around(kept, window));
  const sink::HistoryChanges changes = history.plan();
  for (const std::string& version : changes.removals) kept.erase(version);
  for (const sink::HistoryChanges::Insert& insert : changes.inserts) {
    KeptEvent event = events.at(insert.event);
    event.place.to = insert.to;
    kept.emplace(event.place.version, std::move(event));
  }
  for (const sink::HistoryChanges::End& end : changes.ends) kept.at(end.version).place.to = end.to;
}

}  // namespace ctk::simulation
