// Whether workers of the Kinesis Client Library 3 are at work on a lease table, by what looks at their rows have shown.
// Pure.
//
// What moves while it is watched lives, for as long as it may be silent: two minutes for a leader, a minute for who
// reports. At the first look a leader's row counts as one that has just moved; a report as old as it says, the one place
// where calendars are compared: where they are far apart, somebody is taken for alive, or for gone, for a minute.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "coordination/kcl_leader.h"
#include "coordination/kcl_reports.h"

namespace ctk::coordination {

/// What a look at one place has shown.
struct KclSigns {
  std::optional<KclLeader> leader{};
  KclReports reports{};
  bool led_by_nobody = false;  ///< each of its workers takes leases by itself
};

class KclPresence {
 public:
  /// A place that could not be read is as it was before.
  void looked(const std::map<KclPlace, KclSigns>& places, Timestamp today, Duration now);

  /// Somebody is at work, or may be.
  bool lives(Duration now) const;
  /// And gives leases to others: nobody else is to take any.
  bool leads(Duration now) const;
  /// Where those who live have their rows: there a worker of ours reports, too.
  std::set<KclPlace> places(Duration now) const;
  /// One of those who live, for people; empty: nobody.
  WorkerName one_of_them(Duration now) const;

 private:
  /// A row: where it is, whether it is the leader's, whose it is.
  using Row = std::tuple<KclPlace, bool, WorkerName>;
  struct Sight {
    std::string value;  ///< another one with each sign of life
    Duration until{};   ///< so long it counts as alive
  };

  void saw(const Row& row, std::string value, Duration first_until, Duration until);

  std::map<Row, Sight> rows_;
  std::map<KclPlace, bool> led_by_nobody_;  ///< of the places that were read at least once
};

}  // namespace ctk::coordination
