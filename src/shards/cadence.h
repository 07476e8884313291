// When to ask a shard again: as often as the service allows while records come, rarely while none do. Pure.
#pragma once

#include <optional>

#include "base/random.h"
#include "base/time.h"

namespace ctk::shards {

struct CadencePolicy {
  /// Between two calls of a busy shard: the service allows 5 calls a second and shard. Zero where idle_poll is zero.
  Duration busy = std::chrono::milliseconds(200);
  Duration idle_poll = std::chrono::seconds(1);
  /// A shard counts as idle when it gave no record for so long.
  Duration idle_after = std::chrono::minutes(1);
  std::optional<Duration> max_lag;
  /// After a failure that is no more than a share of calls always has: as long as a call takes, within these bounds.
  Duration shortest_retry = std::chrono::milliseconds(250);
  Duration longest_retry = std::chrono::milliseconds(250);
};

CadencePolicy make_cadence(Duration idle_poll, std::optional<Duration> max_lag);
/// For segments of a Scan: nothing is waited for but what a governor asks for.
CadencePolicy make_scan_cadence();

/// One shard's rhythm. All times are monotonic.
///
/// Where a share of calls fails at random, whatever that share is, the pauses stay short, and the rate falls in proportion:
/// only a row of failures that this share does not explain is an outage. It is asked for in pauses of a quarter of its age.
class Cadence {
 public:
  explicit Cadence(CadencePolicy policy) : policy_(policy) {}

  /// The pause after an answer. `full`: more was waiting than the answer held.
  Duration answered(bool records, bool full, Duration now);
  /// How long a call took that was answered.
  void took(Duration call) { took_ = call; }
  /// The pause after a failure (throttled, 5xx, reset): jittered.
  Duration failed(Duration now, Random& random);
  /// How long nothing but failures came; zero after an answer.
  Duration failing_for(Duration now) const { return failing_since_ ? now - *failing_since_ : Duration{}; }

 private:
  bool explained() const;

  CadencePolicy policy_;
  std::optional<Duration> last_records_;
  std::optional<Duration> failing_since_;
  Duration took_{};
  int failures_ = 0;            ///< in a row
  double calls_an_answer_ = 1;  ///< as it has been lately
};

}  // namespace ctk::shards
