#include "shards/walk.h"

#include <algorithm>
#include <utility>

#include "shards/segment.h"

namespace ctk::shards {
namespace {

constexpr int kListingsThatProveALoss = 2;

}  // namespace

void ShardWalk::restore(const std::map<ShardId, Position>& stored) {
  restored_ = std::ranges::any_of(stored, [](const auto& row) { return !is_segment(row.first); });
  for (const auto& [id, position] : stored) {
    State& state = shards_[id];
    state.position = position;
    state.end_read = state.finished = position.ended();
  }
}

void ShardWalk::found_row(const ShardId& shard, Position position) {
  State& state = shards_[shard];
  state.position = std::move(position);
}

std::vector<WalkAction> ShardWalk::listed(const std::vector<ListedShard>& shards) {
  std::vector<WalkAction> actions;
  for (auto& [id, state] : shards_) state.listed = false;
  for (const ListedShard& shard : shards) add(shard, actions);
  for (const ListedShard& shard : shards) shards_[shard.id].parents_known = true;
  first_listing_ = false;
  for (auto& [id, state] : shards_) {
    state.missing = state.listed ? 0 : state.missing + 1;
    if (state.missing < kListingsThatProveALoss || state.finished || state.lost || state.end_read) continue;
    state.lost = true;
    actions.push_back(LostShard{id, state.position});
  }
  advance(actions);
  return actions;
}

bool ShardWalk::suspects_loss() const {
  return std::ranges::any_of(shards_, [](const auto& entry) {
    const State& state = entry.second;
    return state.missing > 0 && !state.finished && !state.lost && !state.end_read;
  });
}

bool ShardWalk::has_unconfirmed_loss() const {
  return suspects_loss() ||
         std::ranges::any_of(shards_, [](const auto& entry) { return entry.second.lost && !entry.second.finished; });
}

bool ShardWalk::knows_parents(const State& state) const {
  return state.parents_known ||
         std::ranges::all_of(state.parents, [this](const ShardId& parent) { return shards_.contains(parent); });
}

bool ShardWalk::misses_parents() const {
  return std::ranges::any_of(shards_,
                             [this](const auto& entry) { return !entry.second.finished && !knows_parents(entry.second); });
}

bool ShardWalk::knows_parents_of(const ShardId& shard) const { return knows_parents(state_of(shard)); }

std::vector<WalkAction> ShardWalk::read_to_end(const ShardId& shard, const std::vector<ListedShard>& children) {
  std::vector<WalkAction> actions;
  shards_[shard].end_read = true;
  for (const ListedShard& child : children) add(child, actions);
  advance(actions);
  return actions;
}

std::vector<WalkAction> ShardWalk::finished(const ShardId& shard) {
  std::vector<WalkAction> actions;
  State& state = shards_[shard];
  state.end_read = state.finished = true;
  state.position = Position::shard_end();
  advance(actions);
  return actions;
}

std::vector<WalkAction> ShardWalk::give_up(const ShardId& shard) {
  shards_[shard].lost = false;
  return finished(shard);
}

std::vector<WalkAction> ShardWalk::found_again(const ShardId& shard) {
  std::vector<WalkAction> actions;
  State& state = shards_[shard];
  state.lost = false;
  // Of a shard that only its row tells of, no listing has named the parents yet.
  state.listed = state.parents_known || !state.parents.empty();
  state.missing = 0;
  advance(actions);
  return actions;
}

std::vector<ShardId> ShardWalk::forget_trimmed() {
  std::set<ShardId> waited_for;
  for (const auto& [id, state] : shards_) {
    if (!state.sending && !state.finished) waited_for.insert(state.parents.begin(), state.parents.end());
  }
  std::vector<ShardId> forgotten;
  for (auto& [id, state] : shards_) {
    const bool lacking = state.finished && !state.listed;
    const bool twice = std::exchange(state.trimmed, lacking) && lacking;
    if (twice && !waited_for.contains(id)) forgotten.push_back(id);
  }
  for (const ShardId& id : forgotten) shards_.erase(id);
  return forgotten;
}

bool ShardWalk::is_gone(const ShardId& shard) const {
  const auto found = shards_.find(shard);
  return found == shards_.end() || (found->second.finished && found->second.missing >= kListingsThatProveALoss);
}

const ShardWalk::State& ShardWalk::state_of(const ShardId& shard) const {
  static const State kUnknown;
  const auto found = shards_.find(shard);
  return found == shards_.end() ? kUnknown : found->second;
}

bool ShardWalk::is_finished(const ShardId& shard) const { return state_of(shard).finished; }

bool ShardWalk::may_read(const ShardId& shard) const { return state_of(shard).reading && !state_of(shard).finished; }

bool ShardWalk::may_send(const ShardId& shard) const { return state_of(shard).sending; }

bool ShardWalk::is_lost(const ShardId& shard) const { return state_of(shard).lost && !state_of(shard).finished; }

bool ShardWalk::knows_what_follows() const {
  std::set<ShardId> parents;
  for (const auto& [id, state] : shards_) parents.insert(state.parents.begin(), state.parents.end());
  return std::ranges::all_of(shards_, [&](const auto& entry) {
    const auto& [id, state] = entry;
    return !state.listed || !state.closed || is_segment(id) || parents.contains(id);
  });
}

std::vector<ShardId> ShardWalk::parents_of(const ShardId& shard) const {
  const auto found = shards_.find(shard);
  return found == shards_.end() ? std::vector<ShardId>{} : found->second.parents;
}

Position ShardWalk::beginning_of(const ShardId& shard) const {
  const auto found = shards_.find(shard);
  return found == shards_.end() ? Position::trim_horizon() : found->second.position;
}

std::vector<ShardId> ShardWalk::children_of(const ShardId& shard) const {
  std::vector<ShardId> children;
  for (const auto& [id, state] : shards_) {
    if (std::ranges::find(state.parents, shard) != state.parents.end()) children.push_back(id);
  }
  return children;
}

bool ShardWalk::closed(const ShardId& shard) const {
  const auto found = shards_.find(shard);
  return (found != shards_.end() && found->second.closed) || !children_of(shard).empty();
}

bool ShardWalk::all_finished() const {
  return std::ranges::all_of(shards_, [](const auto& entry) { return entry.second.finished; });
}

std::vector<KnownShard> ShardWalk::known() const {
  std::vector<KnownShard> known;
  for (const auto& [id, state] : shards_) known.push_back({id, state.parents, state.position, state.finished});
  return known;
}

size_t ShardWalk::waiting() const {
  return static_cast<size_t>(std::ranges::count_if(
      shards_, [](const auto& entry) { return !entry.second.reading && !entry.second.finished && !entry.second.lost; }));
}

void ShardWalk::add(const ListedShard& shard, std::vector<WalkAction>& actions) {
  const bool known = shards_.contains(shard.id);
  State& state = shards_[shard.id];
  state.listed = true;
  state.closed = state.closed || shard.closed;
  if (!shard.parents.empty()) state.parents = shard.parents;
  if (known) return;
  state.position = first_position(shard);
  state.end_read = state.finished = state.position.ended();
  actions.push_back(AddRow{shard.id, state.position});
}

Position ShardWalk::first_position(const ListedShard& shard) const {
  // Whoever has been here before has a row for every shard of that time: what has none came later.
  if (restored_ || !first_listing_) return Position::trim_horizon();
  if (rule_.kind == StartRule::Kind::at_timestamp) {
    if (rule_.closed_are_finished && shard.closed) return Position::shard_end();
    return Position::at_timestamp(rule_.time);
  }
  if (rule_.kind == StartRule::Kind::sequences) {
    const auto found = rule_.positions.find(shard.id);
    if (found != rule_.positions.end()) return found->second;
  }
  return Position::trim_horizon(rule_.kind == StartRule::Kind::trim_horizon ? rule_.time : Timestamp{});
}

void ShardWalk::advance(std::vector<WalkAction>& actions) {
  const bool unconfirmed_loss = has_unconfirmed_loss();
  for (auto& [id, state] : shards_) {
    if (state.finished || state.lost) continue;
    if (!state.reading && unconfirmed_loss && is_orphan(state)) continue;
    if (!state.reading && state.listed && !state.end_read && knows_parents(state) && parents_read(state)) {
      state.reading = true;
      actions.push_back(StartReading{id, state.position});
    }
    if (state.reading && !state.sending && parents_finished(state)) {
      state.sending = true;
      actions.push_back(MaySend{id});
    }
  }
}

bool ShardWalk::is_orphan(const State& state) const {
  return std::ranges::any_of(state.parents, [this](const ShardId& parent) { return !shards_.contains(parent); });
}

bool ShardWalk::parents_read(const State& state) const {
  return std::ranges::all_of(state.parents, [this](const ShardId& parent) {
    const auto found = shards_.find(parent);
    return found == shards_.end() || found->second.end_read;
  });
}

bool ShardWalk::parents_finished(const State& state) const {
  return std::ranges::all_of(state.parents, [this](const ShardId& parent) {
    const auto found = shards_.find(parent);
    return found == shards_.end() || found->second.finished;
  });
}

}  // namespace ctk::shards
