#include "sink/key_history.h"

#include <algorithm>
#include <iterator>

namespace ctk::sink {
namespace {

bool is_load(std::string_view version) { return table::change_identity(version).ends_with(".0."); }

}  // namespace

HistoryOfKey::HistoryOfKey(std::vector<HistoryEvent> events) : events_(std::move(events)) {}

std::vector<table::VersionRange> HistoryOfKey::windows(coordination::Epoch epoch) const {
  // An epoch's window: around what its events may be, and around what they would be in it.
  std::vector<table::VersionRange> windows;
  for (coordination::Epoch each = 1; each <= epoch; ++each) {
    std::optional<table::VersionRange> window;
    const auto cover = [&](const table::VersionRange& range) {
      if (!window) window = range;
      window->from = std::min(window->from, range.from);
      window->to = std::max(window->to, range.to);
    };
    for (const HistoryEvent& event : events_) {
      const bool own = event.version.starts_with(table::version_text(each, ""));
      if (own || !is_load(event.version)) cover(table::versions_of(each, event.version));
    }
    if (window) windows.push_back(std::move(*window));
  }
  return windows;
}

std::vector<table::VersionRange> HistoryOfKey::windows_left(coordination::Epoch epoch,
                                                            const std::optional<HistoryEvent>& newest) {
  std::vector<table::VersionRange> left = windows(epoch);
  const size_t behind =
      std::erase_if(left, [&](const table::VersionRange& window) { return !newest || newest->version < window.from; });
  if (newest && behind > 0) take({*newest});
  return left;
}

void HistoryOfKey::take(std::vector<HistoryEvent> rows) {
  std::ranges::sort(rows, {}, &HistoryEvent::version);
  for (HistoryEvent& row : rows) {
    if (&row != &rows.back()) followed_.insert(row.version);
    stored_.insert_or_assign(row.version, row);
  }
}

HistoryChanges HistoryOfKey::plan() const {
  HistoryChanges changes;
  // Who stays, by change: the lowest version of each.
  std::map<std::string, std::string> lowest;
  const auto offer = [&](const std::string& version) {
    const auto [place, is_new] = lowest.emplace(table::change_identity(version), version);
    if (!is_new) place->second = std::min(place->second, version);
  };
  for (const auto& [version, row] : stored_) offer(version);
  for (const HistoryEvent& event : events_) offer(event.version);
  const auto stays = [&](const std::string& version) { return lowest.at(table::change_identity(version)) == version; };

  std::map<std::string, Timestamp> line;  // version → beginning, of all that stay
  std::set<std::string> judged = followed_;
  for (const auto& [version, row] : stored_) {
    if (stays(version)) {
      line.emplace(version, row.from);
    } else {
      changes.removals.push_back(version);
    }
  }
  std::map<std::string, size_t> inserts;
  for (size_t i = 0; i < events_.size(); ++i) {
    const HistoryEvent& event = events_[i];
    if (!stays(event.version) || stored_.contains(event.version)) continue;
    line.emplace(event.version, event.from);
    inserts.emplace(event.version, i);
  }
  // What lies before an event that is inserted ends where it begins, though nothing was stored behind it.
  for (const auto& [version, i] : inserts) {
    const auto place = line.find(version);
    if (place != line.begin()) judged.insert(std::prev(place)->first);
  }
  // What lies before a row that goes: the row behind it was read, or there is none.
  for (const std::string& version : changes.removals) {
    const auto behind = line.upper_bound(version);
    if (behind != line.begin()) judged.insert(std::prev(behind)->first);
  }

  for (auto place = line.begin(); place != line.end(); ++place) {
    const auto behind = std::next(place);
    const std::optional<Timestamp> to = behind == line.end() ? std::nullopt : std::optional(behind->second);
    if (const auto insert = inserts.find(place->first); insert != inserts.end()) {
      changes.inserts.push_back({insert->second, to});
      continue;
    }
    if (judged.contains(place->first) && stored_.at(place->first).to != to) changes.ends.push_back({place->first, to});
  }
  return changes;
}

}  // namespace ctk::sink
