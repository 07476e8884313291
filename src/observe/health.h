// Whether a relay progresses. A shard is well while it moves, or is proven to hold nothing that the target lacks; whatever
// keeps it from both, for as long as the window, is a reason to be red. So is a side that does not work, and an answer that
// does not come. Pure: it is shown the relay from time to time, times are monotonic and come from the caller.
//
//   HealthWatch watch(std::chrono::seconds(60));
//   Health health = watch.look(relay.view(), clock.monotonic());   // every second
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "relay/relay_view.h"

namespace ctk::observe {

struct Health {
  std::vector<std::string> reasons;  ///< sentences; a few of many
  bool is_stuck = false;             ///< something stands still though no side is known not to work
  bool is_well() const { return reasons.empty(); }
};

class HealthWatch {
 public:
  explicit HealthWatch(Duration window) : window_(window) {}

  /// Looks are to be much closer to each other than the window.
  Health look(const relay::RelayView& view, Duration now);
  /// What is looked at from now on has begun anew.
  void begin_run();

 private:
  /// How a shard stood when it was last seen to progress.
  struct Standing {
    shards::Position position;
    Timestamp proven_to = kNoTime;
    Duration at{};
  };
  struct Stage {
    relay::RelayView::State state = relay::RelayView::State::starting;
    uint64_t loaded_items = 0;
    Duration at{};
  };

  void look_at_shards(const relay::RelayView& view, Duration now, Health& health);
  /// Starting, stopping and ending a load have no shards to tell whether they progress.
  void look_at_stage(const relay::RelayView& view, Duration now, Health& health);
  void forget_gone(const relay::RelayView& view);

  const Duration window_;
  std::map<aws::ShardId, Standing> shards_;
  std::optional<Stage> stage_;
};

}  // namespace ctk::observe
