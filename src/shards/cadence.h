// When to ask a shard again: as often as the service allows while records come, rarely while none do. Pure.
#pragma once

#include <optional>

#include "base/random.h"
#include "base/retry.h"
#include "base/time.h"

namespace ctk::shards {

struct CadencePolicy {
  /// Between two calls of a busy shard: the service allows 5 calls a second and shard. Zero where idle_poll is zero.
  Duration busy = std::chrono::milliseconds(200);
  Duration idle_poll = std::chrono::seconds(1);
  /// A shard counts as idle when it gave no record for so long.
  Duration idle_after = std::chrono::minutes(1);
  std::optional<Duration> max_lag;
};

CadencePolicy make_cadence(Duration idle_poll, std::optional<Duration> max_lag);

/// One shard's rhythm. All times are monotonic.
class Cadence {
 public:
  explicit Cadence(CadencePolicy policy)
      : policy_(policy), retry_({std::chrono::milliseconds(250), std::chrono::seconds(30), {}}) {}

  /// The pause after an answer. `full`: more was waiting than the answer held.
  Duration answered(bool records, bool full, Duration now);
  /// The pause after a failure (throttled, 5xx, reset): jittered, doubling.
  Duration failed(Duration now, Random& random);
  int failures() const { return retry_.failures(); }

 private:
  CadencePolicy policy_;
  Retry retry_;
  std::optional<Duration> last_records_;
};

}  // namespace ctk::shards
