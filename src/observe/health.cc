#include "observe/health.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace ctk::observe {
namespace {

using aws::ShardId;
using relay::RelayView;
using relay::ShardView;

constexpr size_t kNamedShards = 10;

std::string for_seconds(Duration time) { return fmt::format("for {} s", time / std::chrono::seconds(1)); }

/// Nothing is expected of it, as far as this run reads it.
bool is_done(const ShardView& shard) {
  if (shard.state == ShardView::State::finished || shard.state == ShardView::State::elsewhere) return true;
  return shard.state == ShardView::State::at_tip && shard.at_newest;
}

std::set<ShardId> unfinished_shards(const RelayView& view) {
  std::set<ShardId> unfinished;
  for (const ShardView& shard : view.shards) {
    if (!is_done(shard) || shard.state == ShardView::State::at_tip) unfinished.insert(shard.id);
  }
  return unfinished;
}

std::string stuck(const ShardView& shard, Duration time) {
  const std::string what = shard.segment ? "segment" : "shard";
  if (shard.waits_for_parents && shard.state == ShardView::State::waiting)
    return fmt::format("{} {} has waited for its parents {}", what, shard.id.str(), for_seconds(time));
  if (shard.state == ShardView::State::waiting)
    return fmt::format("{} {} has been read by no worker {}", what, shard.id.str(), for_seconds(time));
  if (shard.state == ShardView::State::ended)
    return fmt::format("the end of {} {} has not been stored {}", what, shard.id.str(), for_seconds(time));
  return fmt::format("{} {} has neither moved nor been proven empty {}", what, shard.id.str(), for_seconds(time));
}

std::string_view stage_name(RelayView::State state) {
  switch (state) {
    case RelayView::State::starting: return "the relay has been starting";
    case RelayView::State::stopping: return "the relay has been stopping";
    default: return "the load has not ended";
  }
}

}  // namespace

Health HealthWatch::look(const RelayView& view, Duration now) {
  Health health;
  for (const relay::OutageView& outage : view.outages)
    health.reasons.push_back(fmt::format("{}: {}", outage.summary, outage.error));
  for (const relay::PendingView& pending : view.pending) {
    if (pending.lasts > window_)
      health.reasons.push_back(fmt::format("{} has had no answer {}", pending.doing, for_seconds(pending.lasts)));
  }
  if (view.leases && view.leases->outage) {
    const coordination::LeaseOutage& outage = *view.leases->outage;
    health.reasons.push_back(fmt::format("the leases cannot be kept {}: {}", for_seconds(outage.lasts), outage.error));
  }
  const bool reads = view.state == RelayView::State::running || view.state == RelayView::State::loading;
  if (reads) {
    look_at_shards(view, now, health);
  } else {
    shards_.clear();
  }
  look_at_stage(view, now, health);
  const bool explained = !view.outages.empty() || (view.leases && view.leases->outage);
  health.is_stuck = !explained && !health.reasons.empty();
  return health;
}

void HealthWatch::begin_run() {
  shards_.clear();
  stage_.reset();
}

void HealthWatch::look_at_shards(const RelayView& view, Duration now, Health& health) {
  const std::set<ShardId> unfinished = unfinished_shards(view);
  size_t stuck_shards = 0;
  for (const ShardView& shard : view.shards) {
    const bool parents_count = shard.waits_for_parents && std::ranges::any_of(shard.parents, [&](const ShardId& parent) {
                                 return unfinished.contains(parent);
                               });
    const auto [at, fresh] = shards_.try_emplace(shard.id);
    Standing& standing = at->second;
    const bool moved =
        shard.position != standing.position || (shard.proven_to != kNoTime && shard.proven_to > standing.proven_to);
    if (fresh || moved || parents_count || is_done(shard)) {
      standing = {shard.position, std::max(shard.proven_to, standing.proven_to), now};
      continue;
    }
    const Duration still = now - standing.at;
    if (still <= window_) continue;
    if (++stuck_shards <= kNamedShards) health.reasons.push_back(stuck(shard, still));
  }
  if (stuck_shards > kNamedShards)
    health.reasons.push_back(fmt::format("so it is with {} shards more", stuck_shards - kNamedShards));
  forget_gone(view);
}

void HealthWatch::look_at_stage(const RelayView& view, Duration now, Health& health) {
  using State = RelayView::State;
  const bool ends_load = view.state == State::loading && std::ranges::all_of(view.shards, [](const ShardView& shard) {
                           return !shard.segment || shard.state == ShardView::State::finished;
                         });
  const bool counts = ends_load || view.state == State::starting || view.state == State::stopping;
  const uint64_t loaded = view.stats.load ? view.stats.load->items : 0;
  if (!counts || !stage_ || stage_->state != view.state || stage_->loaded_items != loaded)
    stage_ = Stage{view.state, loaded, now};
  if (now - stage_->at > window_)
    health.reasons.push_back(fmt::format("{} {}", stage_name(view.state), for_seconds(now - stage_->at)));
}

void HealthWatch::forget_gone(const RelayView& view) {
  if (shards_.size() == view.shards.size()) return;
  std::set<ShardId> there;
  for (const ShardView& shard : view.shards) there.insert(shard.id);
  std::erase_if(shards_, [&](const auto& entry) { return !there.contains(entry.first); });
}

}  // namespace ctk::observe
