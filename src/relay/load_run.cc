#include "relay/load_run.h"

#include <algorithm>
#include <utility>

namespace ctk::relay {

LoadRun::LoadRun(std::string table, coordination::TableRecord record)
    : table_(std::move(table)), record_(std::move(record)), phase_(running() ? Phase::waiting : Phase::over) {}

void LoadRun::take_record(coordination::TableRecord record) {
  record_ = std::move(record);
  if (!running()) phase_ = Phase::over;
}

void LoadRun::take_state(coordination::LoadState state) {
  if (running()) return;
  record_.load = state;
  if (running()) phase_ = Phase::reading;
}

void LoadRun::add_segment(const ShardId& segment, const Position& stored) {
  segments_.push_back({segment, {}, true});
  resumed_ = resumed_ || stored.kind != Position::Kind::trim_horizon;
}

void LoadRun::begin_reading() {
  if (phase_ == Phase::waiting) phase_ = Phase::reading;
}

bool LoadRun::begin_ending(const std::function<bool(const ShardId&)>& is_stored) {
  if (phase_ != Phase::waiting && phase_ != Phase::reading) return false;
  if (!std::ranges::all_of(segments_, [&](const ListedShard& segment) { return is_stored(segment.id); })) return false;
  phase_ = Phase::ending;
  return true;
}

LoadProgress LoadRun::progress(const std::function<bool(const ShardId&)>& is_stored) const {
  LoadProgress progress;
  progress.running = running();
  progress.resumed = resumed_;
  progress.items_before = items_before_;
  progress.segments = segments_.size();
  progress.segments_done = static_cast<size_t>(
      std::ranges::count_if(segments_, [&](const ListedShard& segment) { return is_stored(segment.id); }));
  return progress;
}

}  // namespace ctk::relay
