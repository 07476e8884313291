#include "shards/cadence.h"

#include <algorithm>

namespace ctk::shards {

CadencePolicy make_cadence(Duration idle_poll, std::optional<Duration> max_lag) {
  CadencePolicy policy;
  policy.idle_poll = idle_poll;
  policy.busy = std::min(policy.busy, idle_poll);
  policy.max_lag = max_lag;
  return policy;
}

Duration Cadence::answered(bool records, bool full, Duration now) {
  retry_.succeeded();
  if (records || !last_records_) last_records_ = now;
  if (full || records) return policy_.busy;
  // From busy to idle_poll in a straight line over the first quiet minute.
  const auto quiet = now - *last_records_;
  Duration pause = policy_.idle_poll;
  if (quiet < policy_.idle_after) {
    const double part = static_cast<double>(quiet.count()) / static_cast<double>(policy_.idle_after.count());
    pause = policy_.busy +
            Duration(static_cast<int64_t>(part * static_cast<double>((policy_.idle_poll - policy_.busy).count())));
  }
  if (policy_.max_lag) pause = std::min(pause, std::max(policy_.busy, *policy_.max_lag));
  return pause;
}

Duration Cadence::failed(Duration now, Random& random) {
  return retry_.failed(now, random).value_or(std::chrono::seconds(30));
}

}  // namespace ctk::shards
