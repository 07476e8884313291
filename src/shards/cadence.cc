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
/// What a refusal of a call as one too many makes of the pauses, what an answer takes back of it, and the most.
constexpr double kStretched = 1.05;
constexpr double kEased = 0.999;
constexpr double kMostStretched = 2;
/// Between two calls, however short `max-lag` is.
constexpr Duration kShortest = std::chrono::milliseconds(10);

Duration stretched(Duration time, double by) {
  return Duration(static_cast<int64_t>(static_cast<double>(time.count()) * by));
}

}  // namespace

CadencePolicy make_cadence(Duration idle_poll, std::optional<Duration> max_lag, size_t calls_a_second) {
  CadencePolicy policy;
  policy.idle_poll = idle_poll;
  // Who asks for shorter pauses than the service's, as of an emulator, knows what it allows.
  if (idle_poll >= policy.busy) policy.calls_a_second = calls_a_second;
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

void Cadence::asked(Duration now) {
  calls_.push_back(now);
  if (calls_.size() > std::max<size_t>(policy_.calls_a_second, 1)) calls_.pop_front();
}

Duration Cadence::answered(const Answered& answer, Duration now) {
  if (calls_.empty()) asked(now);
  const double off = failures_ + 1 - calls_an_answer_;
  calls_an_answer_ += off * (off > 0 ? kLearnedMore : kLearnedLess);
  failures_ = 0;
  failing_since_.reset();
  stretch_ = std::max(1.0, stretch_ * kEased);
  rhythm_.read(answer.records, calls_.back());
  if (answer.records || !last_records_) last_records_ = now;
  Duration next = calls_.back();
  if (!answer.full) next += moved(apart(answer, now));
  return std::max({next, allowed_from(), now}) - now;
}

Duration Cadence::apart(const Answered& answer, Duration now) const {
  const Duration busy = stretched(policy_.busy, stretch_);
  if (answer.more) return busy;
  if (policy_.max_lag) return std::clamp(*policy_.max_lag - took_, std::min(kShortest, policy_.busy), policy_.idle_poll);
  if (answer.records) return busy;
  // From busy to idle_poll in a straight line over the first quiet minute.
  const Duration quiet = now - *last_records_;
  if (quiet >= policy_.idle_after) return policy_.idle_poll;
  const double part = static_cast<double>(quiet.count()) / static_cast<double>(policy_.idle_after.count());
  return busy + stretched(std::max(policy_.idle_poll - busy, Duration{}), part);
}

Duration Cadence::moved(Duration apart) const {
  const std::optional<Duration> due = rhythm_.next();
  if (!due || apart <= Duration{}) return apart;
  // No more calls until then than there would have been. The last one is the one that moves most, and by half at most.
  const Duration left = *due - calls_.back();
  const int64_t calls = std::max<int64_t>(1, left / apart);
  const Duration even = left / calls;
  return std::min(even, policy_.max_lag ? apart : std::max(apart, policy_.idle_poll));
}

Duration Cadence::allowed_from() const {
  if (policy_.calls_a_second == 0 || calls_.size() < policy_.calls_a_second) return {};
  return calls_.front() + stretched(std::chrono::seconds(1), stretch_);
}

void Cadence::throttled() { stretch_ = std::min(stretch_ * kStretched, kMostStretched); }

bool Cadence::explained() const { return failures_ <= kFewFailures || failures_ <= kUnlikely * calls_an_answer_; }

Duration Cadence::failed(Duration now, Random& random) {
  ++failures_;
  if (!failing_since_) failing_since_ = now;
  Duration whole = std::clamp(took_, policy_.shortest_retry, policy_.longest_retry);
  if (!explained()) whole = std::clamp(failing_for(now) / 4, whole, kLongestPause);
  const Duration pause =
      whole / 2 + Duration(static_cast<int64_t>(random.fraction() * static_cast<double>(whole.count()) / 2));
  return std::max(pause, allowed_from() - now);
}

}  // namespace ctk::shards
