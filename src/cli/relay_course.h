// What becomes of a relay among several when a run of it has ended: it begins again, now or after a while, or it is over.
// Pure.
//
//        ┌──────────────── another plan for it ────────────────┐
//        ▼                                                      │
//     running ── failed, unbounded ──▶ waiting ── pause ──▶ running
//        └────── at its end, or bounded, or removed ──▶ over
#pragma once

#include <optional>

#include "base/error.h"
#include "base/random.h"
#include "base/retry.h"

namespace ctk::cli {

struct EndedRun {
  std::optional<ErrorKind> failed;  ///< nothing: it came to its end, or was asked to stop
  bool bounded = false;             ///< it had patience of its own, and ends by itself
  Duration lasted{};
};

class RelayCourse {
 public:
  /// What is wanted of it by now.
  enum class Wish {
    run,      ///< as it is
    replace,  ///< with another plan
    end,      ///< it was removed, or all are to stop
  };
  struct Next {
    enum class What { begin, wait, over } what = What::over;
    Duration pause{};
    bool operator==(const Next&) const = default;
  };

  /// `now` is monotonic.
  Next after(const EndedRun& run, Wish wish, Duration now, Random& random);

 private:
  Retry retry_{RetryPolicy{std::chrono::seconds(1), std::chrono::seconds(30), std::nullopt}};
};

}  // namespace ctk::cli
