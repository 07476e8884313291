// The history of one key: where changes take their places among those that are stored, and until when each of them holds.
// Pure: whoever has the table reads the windows, asks this, and writes what it says.
//
// Events are ordered by version, whatever the order in which they come. Each holds until the next one begins; the last one
// has no end. One change is one event: of several versions of a change (table/history.h) the lowest stays, so that what
// comes late, again, or in another epoch leaves the same rows.
//
//   HistoryOfKey history(events);              history.windows(epoch) → what is to be read
//   history.take(rows);                        for each of them
//   or, where a key's newest row is read for less than a window: history.windows_left(epoch, newest) → what remains
//   HistoryChanges changes = history.plan();   nothing where all is there already
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "coordination/position_store.h"
#include "table/history.h"

namespace ctk::sink {

/// An event's place: all that its neighbours ask for.
struct HistoryEvent {
  std::string version;
  Timestamp from{};
  std::optional<Timestamp> to = {};  ///< of a stored one: what the row says
  bool operator==(const HistoryEvent&) const = default;
};

/// What is to be done to a key's rows.
struct HistoryChanges {
  /// Rows to insert, by their place in the events that were given, each with its end.
  struct Insert {
    size_t event = 0;
    std::optional<Timestamp> to;
    bool operator==(const Insert&) const = default;
  };
  /// A row that ends otherwise than it says.
  struct End {
    std::string version;
    std::optional<Timestamp> to;
    bool operator==(const End&) const = default;
  };
  std::vector<Insert> inserts;
  std::vector<End> ends;
  std::vector<std::string> removals;  ///< versions of rows that are a lower one's change

  bool empty() const { return inserts.empty() && ends.empty() && removals.empty(); }
  bool operator==(const HistoryChanges&) const = default;
};

class HistoryOfKey {
 public:
  /// `events`: at least one, of one key, in any order, a version once at most.
  explicit HistoryOfKey(std::vector<HistoryEvent> events);

  /// The versions between which rows may be stored that are changes of these; to be read with the row before and the row
  /// behind. One for each epoch up to `epoch` in which such a row may be: another epoch may have brought the change, too.
  std::vector<table::VersionRange> windows(coordination::Epoch epoch) const;
  /// The same, where the key's newest row is known, or that it has none: a window behind it holds nothing else, and needs
  /// not be read. Mostly that is all of them, since changes come in their order.
  std::vector<table::VersionRange> windows_left(coordination::Epoch epoch, const std::optional<HistoryEvent>& newest);
  /// The rows of one window, in any order.
  void take(std::vector<HistoryEvent> rows);

  HistoryChanges plan() const;

 private:
  std::vector<HistoryEvent> events_;
  std::map<std::string, HistoryEvent> stored_;  ///< by version
  std::set<std::string> followed_;              ///< of those, the ones whose next one is known
};

}  // namespace ctk::sink
