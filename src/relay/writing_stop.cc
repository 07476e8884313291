// on-error=stop: a batch ends before its first change that cannot be applied, and the run once that is written.
#include <algorithm>
#include <utility>

#include "relay/writing.h"

namespace ctk::relay {

/// What cannot be decoded, and all that follows it, leaves the batch.
std::vector<BadChange> Writing::take_undecodable(InFlightBatch& write, const ChangeLists& lists) {
  const std::vector<RoutedUndecodable> undecodable = std::exchange(write.decoded.undecodable, {});
  return cut_at_undecodable(undecodable, lists);
}

/// The batch ends before the first bad change of each shard, and the run once it is applied. Where an
/// earlier one is the last already, this one is dropped.
void Writing::stop_at(InFlightBatch& write, const std::vector<BadChange>& found) {
  for (const BadChange& bad : found) {
    Slice& slice = *std::ranges::find(write.slices, bad.shard, &Slice::shard);
    slice.to = bad.before.value_or(slice.from);
    slice.has_end = false;
    slice.arrivals = {};
    life().shards.at(bad.shard)->progress.shorten(write.id, slice.to);
    writes_.stop_behind(write.id, Error{ErrorKind::corrupt,
                                        "a change cannot be applied: " + bad.reason + " (shard " + bad.shard.str() +
                                            ", position " + bad.position + "); what came before it is",
                                        "", "on-error=park keeps it as a dead letter and goes on"});
  }
  if (!found.empty()) parts_.budget.release(writes_.drop_behind_stop());
}

/// Whether the run has ended because all is applied that comes before its first bad change.
bool Writing::stops_now() {
  if (state_.ended()) return false;
  std::optional<Error> why = writes_.stops_now();
  if (why) parts_.course.fail_run(std::move(*why));
  return why.has_value();
}

/// Where the target refuses changes: what comes before them is the batch.
void Writing::render_before(InFlightBatch& write, std::vector<sink::RefusedChange> refused) {
  auto shares = std::make_shared<std::vector<TableShare>>(write.begin_rendering_again());
  run_on(
      run_.env.worker,
      [shares, refused = std::move(refused)] { return fold_and_render_prefix(std::move(*shares), refused); },
      state_.guarded([this, id = write.id](RenderedPrefix prefix) { on_rendered(id, std::move(prefix)); }));
}

}  // namespace ctk::relay
