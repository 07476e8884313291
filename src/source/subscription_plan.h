// When one shard's subscription is made, made again and given up, and from where it goes on. Pure: times are monotonic and
// come from the caller, who hands in all that happens.
//
//   idle ──begin──▶ due ──asked──▶ asked ──opened──▶ open
//   asked, open ──ended──▶ due (again, after a pause), or idle: the failure is for the one who reads
//   open ──it is time to renew, or it was silent for too long──▶ due
//   open ──let go: there is no room for more──▶ due, once there is
//   open ──an event at the shard's end──▶ finished
//   any ──restart──▶ idle
//
// The service takes no subscription within five seconds of the one before (of the same consumer and shard), ends each after
// five minutes, and sends events at least every few seconds. Source: Kinesis API Reference, SubscribeToShard.
#pragma once

#include <optional>

#include "aws/fan_out_api.h"
#include "base/time.h"

namespace ctk::source {

/// How long one lasts on the average until it is renewed: somewhat less than the service lets it.
inline constexpr Duration kSubscriptionLife = std::chrono::seconds(262);

class SubscriptionPlan {
 public:
  enum class Phase { idle, due, asked, open, finished };

  Phase phase() const { return phase_; }
  /// Behind the last event that was accepted; else where reading began.
  const aws::IteratorStart& start() const { return start_; }

  /// Somebody reads, from there.
  void begin(aws::IteratorStart start, Duration now);
  /// Nobody reads any more; what the service remembers of the last subscription is still held against the next one.
  void restart() { phase_ = Phase::idle; }
  void asked() { phase_ = Phase::asked; }
  /// `spread`, 0 to 1, is another one for each: a thousand that began together are not renewed together.
  void opened(Duration now, double spread);
  /// The records are kept: nobody will ask for them again.
  void accepted(const aws::ShardEvent& event, Duration now);
  void let_go();
  /// True: it goes on by itself. False: whoever reads is to be told of the error.
  bool ended(const Status& how, Duration now);

  /// Whether a subscription is to be made now; one that is open is let go before.
  bool wants_subscription(Duration now) const { return now >= next(); }
  /// When that will be: Duration::max() where only an event changes it.
  Duration next() const;

 private:
  Phase phase_ = Phase::idle;
  aws::IteratorStart start_;
  Duration again_at_{};                ///< where it is due
  Duration renew_at_{};                ///< where it is open
  Duration heard_at_{};                ///< of the service, last; or when it was begun
  std::optional<Duration> opened_at_;  ///< the last one
  int failures_ = 0;                   ///< in a row, without an event between
};

}  // namespace ctk::source
