#include "source/subscription_plan.h"

#include <algorithm>
#include <utility>

namespace ctk::source {
namespace {

using std::chrono::seconds;

constexpr Duration kNotAgainWithin = seconds(5);
/// The service ends it after five minutes, and a change that comes just then waits until there is a new one. A new one in
/// time takes its place; the first of them no later than this, the others sooner.
constexpr Duration kRenewAfter = seconds(285);
constexpr Duration kSpread = seconds(45);
constexpr Duration kLongestSilence = seconds(30);
/// Failures that are part of everyday life, until nothing was heard for so long.
constexpr Duration kPatience = seconds(10);
constexpr Duration kFirstPause = std::chrono::milliseconds(100);
constexpr int kMostDoublings = 5;

/// What another try may mend, without anybody doing anything: a connection that breaks, a subscription that another one
/// has replaced, limits, failures of the service, bytes that were spoilt on the way.
bool is_routine(ErrorKind kind) { return may_pass(kind) || kind == ErrorKind::corrupt; }

}  // namespace

void SubscriptionPlan::begin(aws::IteratorStart start, Duration now) {
  phase_ = Phase::due;
  start_ = std::move(start);
  heard_at_ = again_at_ = now;
  failures_ = 0;
}

void SubscriptionPlan::opened(Duration now, double spread) {
  phase_ = Phase::open;
  opened_at_ = heard_at_ = now;
  renew_at_ = now + kRenewAfter - Duration(static_cast<int64_t>(spread * static_cast<double>(kSpread.count())));
}

void SubscriptionPlan::accepted(const aws::ShardEvent& event, Duration now) {
  heard_at_ = now;
  failures_ = 0;
  if (!event.continuation) {
    phase_ = Phase::finished;
    return;
  }
  start_ = {aws::IteratorStart::Kind::after_sequence, *event.continuation, {}};
}

void SubscriptionPlan::let_go() {
  phase_ = Phase::due;
  again_at_ = {};
}

bool SubscriptionPlan::ended(const Status& how, Duration now) {
  const bool goes_on = how || (is_routine(how.error().kind) && now - heard_at_ < kPatience);
  phase_ = goes_on ? Phase::due : Phase::idle;
  again_at_ = how ? now : now + kFirstPause * (1 << std::min(failures_, kMostDoublings));
  if (!how) ++failures_;
  return goes_on;
}

Duration SubscriptionPlan::next() const {
  switch (phase_) {
    case Phase::due: return opened_at_ ? std::max(again_at_, *opened_at_ + kNotAgainWithin) : again_at_;
    case Phase::open: return std::min(renew_at_, heard_at_ + kLongestSilence);
    case Phase::idle:
    case Phase::asked:
    case Phase::finished: break;
  }
  return Duration::max();
}

}  // namespace ctk::source
