#include "load/limit_finder.h"

#include <algorithm>
#include <cmath>

namespace ctk::load {
namespace {

/// An epoch is as long as it takes to see so many of each, within these bounds.
constexpr int kThrottlesToCompare = 10;
constexpr int kAnswersToCompare = 20;
constexpr int kMostCalls = 200;
constexpr Duration kTimeToCompare = std::chrono::seconds(1);
constexpr Duration kLongestEpoch = std::chrono::seconds(8);

constexpr double kTolerated = 0.05;  ///< beyond the background
constexpr double kAsUsual = 2.5;     ///< standard deviations
constexpr double kMostBackground = 0.98;
constexpr double kHelped = 1.6;
constexpr int kHalvingsToBeSure = 2;
constexpr Duration kQuestionedFirst = std::chrono::seconds(30);
constexpr Duration kQuestionedLast = std::chrono::minutes(15);
constexpr int kSureToExceed = 2;   ///< epochs in a row; a short load is over before anything is tried
constexpr int kTooManyInARow = 4;  ///< epochs

constexpr double kLeastCeiling = 1;  ///< a throttled load goes on, however slowly
constexpr double kBelowTheLimit = 0.95;
constexpr double kLowered = 0.9;
constexpr double kRaisedASecond = 0.03;  ///< doubled by each quiet epoch
constexpr double kMostRaisedASecond = 0.5;
constexpr Duration kLongestGap = std::chrono::seconds(1);

}  // namespace

void LimitFinder::rise(Duration now) {
  if (ceiling_ && risen_ && phase_ == Phase::limited) {
    const double raised = std::min(kMostRaisedASecond, kRaisedASecond * std::exp2(std::min(quiet_, 10)));
    *ceiling_ *= std::exp(raised * to_seconds(now - *risen_));
  }
  risen_ = std::max(now, risen_.value_or(now));
}

Duration LimitFinder::admit(Duration now) {
  rise(now);
  if (phase_ != Phase::descending) return {};
  if (now < next_call_) return next_call_ - now;
  next_call_ = now + gap_;
  return {};
}

void LimitFinder::answered(double units, Duration now) {
  if (!epoch_) epoch_ = Epoch{now};
  ++epoch_->answered;
  epoch_->units += units;
  const double explained = background_ / (1 - std::min(background_, kMostBackground));
  free_throttles_ = std::min(free_throttles_ + explained, 1 + explained * kAnswersToCompare);
  consider(now);
}

bool LimitFinder::throttled(Duration now) {
  // What was answered while nothing was throttled is no part of an epoch in which something is.
  if (!epoch_ || (epoch_->throttled == 0 && epoch_->answered > kAnswersToCompare)) epoch_ = Epoch{now};
  ++epoch_->throttled;
  consider(now);
  if (phase_ != Phase::limited) return false;
  const bool explained = free_throttles_ >= 1;
  if (explained) free_throttles_ -= 1;
  return !explained;
}

void LimitFinder::consider(Duration now) {
  const Duration lasted = now - epoch_->begun;
  if (lasted < kTimeToCompare) return;
  const bool enough =
      (epoch_->throttled >= kThrottlesToCompare && epoch_->answered >= kAnswersToCompare) || epoch_->calls() >= kMostCalls;
  if (!enough && lasted < kLongestEpoch) return;
  const Epoch epoch = *epoch_;
  epoch_ = Epoch{now};
  judge(epoch, lasted);
}

bool LimitFinder::exceeds_background(const Epoch& epoch) const {
  const double deviation = std::sqrt(background_ * (1 - background_) / epoch.calls());
  return epoch.share() > background_ + std::max(kTolerated, kAsUsual * deviation);
}

void LimitFinder::judge(const Epoch& epoch, Duration lasted) {
  if (phase_ == Phase::descending) return descend(epoch, lasted);
  if (epoch.share() < background_) background_ += (epoch.share() - background_) / 8;
  const bool exceeds = exceeds_background(epoch);
  exceeding_ = exceeds ? exceeding_ + 1 : 0;
  quiet_ = exceeds ? 0 : quiet_ + 1;
  const bool doubtful = background_ > kTolerated && epoch.begun + lasted >= question_at_;
  if (doubtful || (phase_ == Phase::free && exceeding_ >= kSureToExceed) || exceeding_ >= kTooManyInARow)
    return begin_descent(epoch, lasted);
  if (exceeds && ceiling_)
    *ceiling_ = std::max(kLeastCeiling, std::min(*ceiling_, epoch.units / to_seconds(lasted)) * kLowered);
}

void LimitFinder::begin_descent(const Epoch& epoch, Duration lasted) {
  phase_ = Phase::descending;
  before_ = epoch;
  gap_ = std::min(kLongestGap, lasted / epoch.calls() * 2);
  next_call_ = Duration{};
  most_read_ = epoch.units / to_seconds(lasted);
  failures_ = 0;
  helped_ = false;
}

/// A halving has helped where the share of those that are answered has grown by half, or that of the throttled has halved.
void LimitFinder::descend(const Epoch& epoch, Duration lasted) {
  most_read_ = std::max(most_read_, epoch.units / to_seconds(lasted));
  const double answered = 1 - epoch.share(), answered_before = 1 - before_.share();
  const bool helped = epoch.share() < before_.share() / 2 || answered > answered_before * kHelped;
  if (helped) {
    // What was read before may have been saved up.
    if (!helped_) most_read_ = epoch.units / to_seconds(lasted);
    helped_ = true;
    failures_ = 0;
    before_ = epoch;
  } else {
    ++failures_;
    before_.answered += epoch.answered;
    before_.throttled += epoch.throttled;
  }
  if (epoch.share() <= kTolerated || failures_ >= kHalvingsToBeSure || gap_ >= kLongestGap)
    return end_descent(epoch.begun + lasted);
  gap_ = std::min(kLongestGap, gap_ * 2);
}

void LimitFinder::end_descent(Duration now) {
  background_ = before_.share();
  exceeding_ = quiet_ = 0;
  question_again_ = helped_ ? kQuestionedFirst : std::min(kQuestionedLast, question_again_ * 2);
  question_at_ = now + question_again_;
  free_throttles_ = 0;
  if (helped_) ceiling_ = std::max(kLeastCeiling, most_read_ * kBelowTheLimit);
  phase_ = ceiling_ ? Phase::limited : Phase::free;
}

}  // namespace ctk::load
