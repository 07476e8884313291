// How the writes of a run go: what that says of the target, and when to try again. Pure.
#pragma once

#include <optional>

#include "base/retry.h"
#include "relay/patience.h"

namespace ctk::relay {

class WriteAttempts {
 public:
  /// A write was done. `rows`: of rows or dead letters; what only moves positions says nothing of the rights on a table.
  void worked(bool rows) {
    written_ = written_ || rows;
    unwritten_since_.reset();
    looked_again_ = false;
    retry_.succeeded();
  }
  /// One has failed. How the target stands then, as far as it is known here.
  TargetStanding failed(Duration now) {
    if (!unwritten_since_) unwritten_since_ = now;
    return {.written = written_, .failing = now - *unwritten_since_, .looked = looked_again_};
  }
  /// Its tables are opened again, and there is another while until the next look.
  void looking_again(Duration now) {
    looked_again_ = true;
    unwritten_since_ = now;
  }
  /// What else is asked of the target has worked, or has failed: the pause until the next try.
  void answered() { retry_.succeeded(); }
  Duration pause(Duration now, Random& random) { return retry_.failed(now, random).value_or(std::chrono::seconds(30)); }

 private:
  bool written_ = false;                     ///< the target has taken rows of this run
  std::optional<Duration> unwritten_since_;  ///< since when it takes none
  bool looked_again_ = false;
  Retry retry_{RetryPolicy{std::chrono::milliseconds(200), std::chrono::seconds(30), {}}};
};

}  // namespace ctk::relay
