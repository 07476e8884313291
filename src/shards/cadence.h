// When to ask a shard again: at once while more waits than an answer holds, as often as the service allows while records
// come, rarely while none do, and just behind a record that is due. Pure.
#pragma once

#include <deque>
#include <optional>

#include "base/random.h"
#include "base/time.h"
#include "shards/rhythm.h"

namespace ctk::shards {

struct CadencePolicy {
  /// From one call of a busy shard to the next. Zero where idle_poll is zero.
  Duration busy = std::chrono::milliseconds(200);
  Duration idle_poll = std::chrono::seconds(1);
  /// A shard counts as idle when it gave no record for so long.
  Duration idle_after = std::chrono::minutes(1);
  /// A change may wait for so long until it is read, and none has to be read sooner.
  std::optional<Duration> max_lag;
  /// Calls of a shard that the service allows; zero: it names no limit, or nobody is to keep it.
  size_t calls_a_second = 0;
  /// After a failure that is no more than a share of calls always has: as long as a call takes, within these bounds.
  Duration shortest_retry = std::chrono::milliseconds(250);
  Duration longest_retry = std::chrono::milliseconds(250);
};

CadencePolicy make_cadence(Duration idle_poll, std::optional<Duration> max_lag, size_t calls_a_second = 0);
/// For segments of a Scan: nothing is waited for but what a governor asks for.
CadencePolicy make_scan_cadence();

/// What an answer of a shard was like.
struct Answered {
  bool records = false;  ///< there were some
  bool more = false;     ///< it was not read to its newest record
  bool full = false;     ///< the answer held no more than it did
};

/// When one shard is asked. All times are monotonic. Pauses are counted from call to call, not from an answer on.
///
/// Records that come at random are read the sooner the more calls there are, and no order of calls is better than an even
/// one. Those that come in even intervals are waited for: calls are moved so that one falls just behind the next record.
///
/// Where a share of calls fails at random, whatever that share is, the pauses stay short, and the rate falls in proportion:
/// only a row of failures that this share does not explain is an outage. It is asked for in pauses of a quarter of its age.
class Cadence {
 public:
  explicit Cadence(CadencePolicy policy) : policy_(policy) {}

  /// A call is made.
  void asked(Duration now);
  /// The pause after its answer.
  Duration answered(const Answered& answer, Duration now);
  /// The service says that there were too many calls: others read the shard, too, or calls bunch on their way. They are
  /// made less often, until that is over.
  void throttled();
  /// How long a call took that was answered.
  void took(Duration call) { took_ = call; }
  /// The pause after a failure (throttled, 5xx, reset): jittered.
  Duration failed(Duration now, Random& random);
  /// How long nothing but failures came; zero after an answer.
  Duration failing_for(Duration now) const { return failing_since_ ? now - *failing_since_ : Duration{}; }

 private:
  bool explained() const;
  /// From one call to the next, where nothing is known of the next record.
  Duration apart(const Answered& answer, Duration now) const;
  /// Likewise, so that a call falls just behind the record that is due.
  Duration moved(Duration apart) const;
  /// No call may be made before.
  Duration allowed_from() const;

  CadencePolicy policy_;
  Rhythm rhythm_;
  std::deque<Duration> calls_;  ///< the newest ones, as many as are allowed a second, or one
  double stretch_ = 1;          ///< of the pauses, since calls were too many
  std::optional<Duration> last_records_;
  std::optional<Duration> failing_since_;
  Duration took_{};
  int failures_ = 0;            ///< in a row
  double calls_an_answer_ = 1;  ///< as it has been lately
};

}  // namespace ctk::shards
