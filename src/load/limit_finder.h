// Tells throttles that follow from our own rate from those that do not. Pure: times are monotonic and come from the caller.
//
//   free ──more throttled than always──▶ descending ──a lower rate helped──▶ limited
//    ▲                                      │                                 │
//    └────────────it did not────────────────┘◀──too much in a row─────────────┘
//
// descending: the rate of calls is halved, epoch by epoch, for as long as a smaller share of them is throttled. If that
// never helps, the share is the background: throttles of that share mean nothing. Two halvings without success are needed
// for that, since what a service lets its users save up hides its limit at first.
//
// limited: the ceiling is what was read while the limit was met. It rises slowly, and is lowered a little where more than
// the background is throttled; and a throttled call beyond the background waits for the next one's turn.
//
// A background that was taken for one by mistake is found out: it is questioned again and again.
#pragma once

#include <optional>

#include "base/time.h"

namespace ctk::load {

class LimitFinder {
 public:
  /// Zero: a call may be made, and is counted. Else how long to wait.
  Duration admit(Duration now);
  void answered(double units, Duration now);
  /// True: the caller pays for it as if it had been answered.
  bool throttled(Duration now);

  /// Units a second that the service gives; nothing: no limit is known.
  std::optional<double> ceiling() const { return ceiling_; }
  /// The share of calls that is throttled whatever the rate.
  double background() const { return background_; }

 private:
  enum class Phase { free, descending, limited };
  /// What came of calls: enough of them to compare their shares.
  struct Epoch {
    Duration begun{};
    int answered = 0, throttled = 0;
    double units = 0;
    int calls() const { return answered + throttled; }
    double share() const { return static_cast<double>(throttled) / calls(); }
  };

  void consider(Duration now);
  void judge(const Epoch& epoch, Duration lasted);
  void descend(const Epoch& epoch, Duration lasted);
  void begin_descent(const Epoch& epoch, Duration lasted);
  void end_descent(Duration now);
  bool exceeds_background(const Epoch& epoch) const;
  void rise(Duration now);

  Phase phase_ = Phase::free;
  std::optional<Epoch> epoch_;  ///< that is being counted
  double background_ = 0;
  std::optional<double> ceiling_;
  std::optional<Duration> risen_;
  double free_throttles_ = 0;  ///< as many as the background explains
  Duration question_at_{};     ///< when the background is to be questioned
  Duration question_again_ = std::chrono::seconds(15);
  int quiet_ = 0;      ///< epochs in a row that did not exceed the background
  int exceeding_ = 0;  ///< epochs in a row

  // Of a descent.
  Epoch before_;
  Duration gap_{};  ///< between two calls
  Duration next_call_{};
  double most_read_ = 0;  ///< units a second, in the best epoch
  int failures_ = 0;      ///< halvings in a row that have not helped
  bool helped_ = false;
};

}  // namespace ctk::load
