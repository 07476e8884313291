// How fast a table may be scanned: within a budget of read capacity, and slower where the service throttles because of it.
// Pure: times are monotonic and come from the caller.
//
// A page's cost is known only afterwards, so a page under way counts with what pages have cost so far. The bucket may be
// overdrawn, and is never filled by more than a second's worth: over any stretch of time the consumption stays within the
// budget but for a second's worth and a page or two.
#pragma once

#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "load/limit_finder.h"

namespace ctk::load {

/// `read-capacity`: `50%` of what is provisioned, or read capacity units a second.
struct ReadCapacity {
  double amount = 0;
  bool percent = false;
  bool operator==(const ReadCapacity&) const = default;
};
Result<ReadCapacity> parse_read_capacity(std::string_view text);
/// Units a second. `usage` for a percentage of a table that has no provisioned capacity.
Result<double> resolve(const ReadCapacity& capacity, std::optional<double> provisioned);

class ReadGovernor {
 public:
  /// `budget` in read capacity units a second; nothing: as much as the service gives.
  explicit ReadGovernor(std::optional<double> budget = {}) : budget_(budget) {}

  /// Of the budget, 0 < `share` ≤ 1, where others use the rest.
  void take_share(double share) { share_ = share; }
  /// Zero: the next page may be asked for, and counts as under way. Else how long to wait before asking again.
  Duration admit(Duration now);
  /// A page that was admitted has cost so many units.
  void answered(double units, Duration now);
  /// A page that was admitted was refused for its cost.
  void throttled(Duration now);
  /// A page that was admitted was not read.
  void failed();

  /// Units a second at present; nothing: unbounded.
  std::optional<double> rate() const;

 private:
  void refill(Duration now);

  std::optional<double> budget_;
  double share_ = 1;
  LimitFinder limits_;
  double balance_ = 1;   ///< units that may be spent; pages under way are not in it
  double expected_ = 1;  ///< what a page costs, as far as is known
  int under_way_ = 0;    ///< pages admitted and not answered
  std::optional<Duration> refilled_;
};

}  // namespace ctk::load
