// What keeps one side, the source or the target, from progressing, and when that is worth a line. Pure: times are monotonic
// and come from the caller.
//
// A side has parts (reading a shard, listing the shards, writing): each fails and works on its own, so that one that works
// does not hide another that does not. What is over within two seconds is everyday life and is not said; else there is one
// line a minute and side, however many parts fail, and one when all of them work again.
//
//   if (outage.failed("listing the shards", error, now)) say(…);
//   if (outage.worked("listing the shards")) say("it works again");
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/log.h"
#include "base/time.h"

namespace ctk::relay {

enum class Side { source, target };

class Outage {
 public:
  /// `part` has failed, and is tried again. True: it is time for a line.
  bool failed(const std::string& part, const Error& error, Duration now);
  /// True: that ends an outage that was said.
  bool worked(const std::string& part);
  /// The same for all parts at once.
  bool worked();

  bool any() const { return !parts_.empty(); }
  size_t parts() const { return parts_.size(); }
  /// For how long `part` has failed without working in between; zero where it works.
  Duration failing_for(const std::string& part, Duration now) const;
  /// For how long the part that has failed longest has failed; zero while all work.
  Duration lasts(Duration now) const;
  /// What that part says; nothing while all work.
  const Error* error() const;
  /// "source unreachable for 40 s"; empty for what does not last, or while all is well.
  std::string summary(Side side, Duration now) const;

 private:
  struct Part {
    Duration since{};
    Error error;
  };
  using Entry = std::map<std::string, Part>::value_type;
  const Entry* longest() const;

  std::map<std::string, Part> parts_;
  std::optional<Duration> reported_;  ///< the last line
  bool open_ = false;                 ///< a line was written since all worked
};

/// Both sides of a run, and what is said of them.
class Outages {
 public:
  explicit Outages(Log& log) : log_(log) {}

  /// A run that is bounded does not wait for ever.
  void give_up_after(Duration most) { most_ = most; }
  /// `part` of the side has failed, and is tried again. True: it has failed for too long, and the run is to end.
  bool failed(Side side, const std::string& part, const Error& error, Duration now);
  void worked(Side side, const std::string& part);
  /// All parts of it.
  void worked(Side side);

  Outage& of(Side side) { return sides_[static_cast<size_t>(side)]; }
  const Outage& of(Side side) const { return sides_[static_cast<size_t>(side)]; }

 private:
  void report_working(Side side);

  Log& log_;
  std::optional<Duration> most_;
  std::array<Outage, 2> sides_;
};

}  // namespace ctk::relay
