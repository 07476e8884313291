#include "shards/cadence.h"

#include <algorithm>

namespace ctk::shards {
namespace {

/// So many failures in a row say nothing at all, and so many times as many as an answer has needed lately.
constexpr int kFewFailures = 8;
constexpr double kUnlikely = 3;
constexpr Duration kLongestPause = std::chrono::seconds(30);
/// How quickly it is learned that failures have become more, and less.
constexpr double kLearnedMore = 0.5;
constexpr double kLearnedLess = 0.05;

}  // namespace

CadencePolicy make_cadence(Duration idle_poll, std::optional<Duration> max_lag) {
  CadencePolicy policy;
  policy.idle_poll = idle_poll;
  policy.busy = std::min(policy.busy, idle_poll);
  policy.max_lag = max_lag;
  return policy;
}

CadencePolicy make_scan_cadence() {
  CadencePolicy policy;
  policy.busy = policy.idle_poll = Duration{};
  policy.shortest_retry = std::chrono::milliseconds(5);
  return policy;
}

Duration Cadence::answered(bool records, bool full, Duration now) {
  const double off = failures_ + 1 - calls_an_answer_;
  calls_an_answer_ += off * (off > 0 ? kLearnedMore : kLearnedLess);
  failures_ = 0;
  failing_since_.reset();
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

bool Cadence::explained() const { return failures_ <= kFewFailures || failures_ <= kUnlikely * calls_an_answer_; }

Duration Cadence::failed(Duration now, Random& random) {
  ++failures_;
  if (!failing_since_) failing_since_ = now;
  Duration whole = std::clamp(took_, policy_.shortest_retry, policy_.longest_retry);
  if (!explained()) whole = std::clamp(failing_for(now) / 4, whole, kLongestPause);
  return whole / 2 + Duration(static_cast<int64_t>(random.fraction() * static_cast<double>(whole.count()) / 2));
}

}  // namespace ctk::shards
