// Shards that many workers share: those that are given to this one, those that it loses, and what others have done with
// theirs. Of a relay that is alone nothing of this happens.
//
// A shard that is lost costs little where nothing of it is under way. Else a batch may carry it beside others, and is not
// to be written: all that is held is dropped, and read again without it.
#include <algorithm>
#include <utility>

#include "relay/engine.h"

namespace ctk::relay {
namespace {

constexpr const char* kTaking = "taking shards";

}  // namespace

void Relay::Engine::begin_sharing() {
  if (!run_.is_shared()) return;
  coordination::Assignment::Listener listener;
  listener.gained = in_life([this](const std::vector<ShardId>& shards) {
    if (phase_ == Phase::running) take_shards(life_->held.assigned(shards));
  });
  listener.lost = in_life([this](const std::vector<ShardId>& shards) {
    if (phase_ != Phase::ended) lose_shards(shards);
  });
  run_.positions.assignment.begin(run_.name, std::move(listener));
  share_known_shards();
}

/// Whenever others are found.
void Relay::Engine::share_known_shards() {
  if (!run_.is_shared()) return;
  std::vector<coordination::SharedShard> shards;
  for (const shards::KnownShard& one : life_->lineage.walk().known()) {
    if (!one.finished) shards.push_back({one.id, one.parents, life_->lineage.walk().beginning_of(one.id)});
  }
  run_.positions.assignment.want(std::move(shards));
}

coordination::ClaimRequest Relay::Engine::claim_of(std::vector<ShardId> shards) const {
  // As of the first claim: 0 as long as nothing was written.
  const coordination::Epoch epoch = tables_.has_records(run_.name) ? life_->epoch : 0;
  coordination::ClaimRequest request{run_.name, run_.options.worker, run_.identity.incarnation, {}, false, epoch};
  request.only = std::move(shards);
  return request;
}

/// From then on whoever had them cannot write, and where they stand is the truth.
void Relay::Engine::take_shards(const std::vector<ShardId>& shards) {
  if (shards.empty()) return;
  run_.positions.store.claim(claim_of(shards), in_life([this, shards](Result<coordination::Claim> claim) {
                               if (phase_ != Phase::ended) on_taken(shards, std::move(claim));
                             }));
}

void Relay::Engine::on_taken(const std::vector<ShardId>& shards, Result<coordination::Claim> claim) {
  if (!claim) {
    if (claim.error().kind == ErrorKind::mismatch) return fail_run(std::move(claim).error());
    report_outage(kTarget, claim.error(), kTaking);
    if (phase_ == Phase::ended) return;
    run_.env.loop.after(
        attempts_.pause(now(), run_.env.random), in_life([this, shards = std::vector<ShardId>(shards)]() mutable {
          std::erase_if(
              shards, [this](const ShardId& id) { return life_->held.standing_of(id) != HeldShards::Standing::assigned; });
          if (phase_ == Phase::running) take_shards(shards);
        }));
    return;
  }
  report_working(kTarget, kTaking);
  for (const coordination::StoredPosition& row : claim->positions) {
    const bool wanted = std::ranges::find(shards, row.shard) != shards.end() && life_->held.took(row.shard, claim->fence);
    if (wanted) go_on_with_taken(row);
    if (phase_ == Phase::ended) return;
  }
  follow_others(claim->positions);
  pump();
  consider_finishing();
}

void Relay::Engine::go_on_with_taken(const coordination::StoredPosition& row) {
  run_.env.log.info("shard is ours", {{"shard", row.shard.str()}, {"position", shards::to_string(row.position)}});
  shards::ShardWalk& walk = life_->lineage.walk();
  life_->lineage.saw_row(row);
  if (row.position.ended()) {
    if (!walk.is_finished(row.shard)) perform(walk.finished(row.shard));
    return;
  }
  walk.found_row(row.shard, row.position);
  std::optional<Error> gap = find_gap(row);
  if (gap && !note_gap(row.shard, {row.position, row.read_to}, std::move(*gap))) return;
  if (walk.is_lost(row.shard)) confirm_loss({row.shard, row.position});
  if (!walk.may_read(row.shard)) return;
  begin_reading(row.shard, row.position);
  shard(row.shard).may_send = walk.may_send(row.shard);
}

void Relay::Engine::lose_shards(const std::vector<ShardId>& shards) {
  bool carried = false;
  for (const ShardId& id : shards) {
    life_->lost.insert(id);
    if (life_->held.lost(id) != HeldShards::Standing::held) continue;
    run_.env.log.info("shard is another worker's", {{"shard", id.str()}});
    carried = carried || is_carried(id);
  }
  // What is being written is acknowledged yet; then everything that is held is dropped.
  if (is_dropping() && !writes_.empty()) return;
  if (carried && !is_dropping()) return drop_and_read_again("a shard that it carries is another worker's");
  let_go_of_lost();
  pump();
  consider_finishing();
}

/// Whether something that is under way would still ask for it.
bool Relay::Engine::is_carried(const ShardId& id) const {
  const auto found = life_->shards.find(id);
  if (found == life_->shards.end() || found->second->reading.finished()) return false;
  const Shard& one = *found->second;
  using Reading = ShardReading::Phase;
  const bool ends = one.reading.phase() == Reading::end_read || one.reading.phase() == Reading::end_known;
  return ends || one.progress.writes() > 0 || keeper_.is_storing();
}

bool Relay::Engine::is_all_shared_out() const {
  return std::ranges::all_of(life_->lineage.walk().known(), [this](const shards::KnownShard& one) {
    return one.finished || life_->held.has(one.id) || run_.positions.assignment.is_anothers(one.id);
  });
}

void Relay::Engine::let_go_of_lost() {
  if (!run_.is_shared()) return;
  const auto lost = [this](const ShardId& id) {
    const auto found = life_->shards.find(id);
    return found != life_->shards.end() && !found->second->reading.finished() && !life_->held.has(id);
  };
  std::erase_if(life_->with_backlog, [&](const Shard* one) { return lost(one->id); });
  std::erase_if(life_->waiting_for_budget, lost);
  std::erase_if(life_->shards, [&](const auto& entry) {
    if (!lost(entry.first)) return false;
    budget_.release(entry.second->queue.bytes());
    entry.second->queue.clear();
    entry.second->reading.drop();
    run_.source.forget(entry.first);
    return true;
  });
  if (life_->lost.empty()) return;
  run_.positions.assignment.let_go({life_->lost.begin(), life_->lost.end()});
  life_->lost.clear();
}

/// Those of a write that may not be sent: whoever has them now may be at work already.
std::vector<ShardId> Relay::Engine::not_to_be_written(const InFlightBatch& write) const {
  std::vector<ShardId> shards;
  if (!run_.is_shared()) return shards;
  for (const Slice& slice : write.slices) {
    if (!run_.positions.assignment.may_write(slice.shard)) shards.push_back(slice.shard);
  }
  return shards;
}

/// The ends that others have stored let their children be read; shards that others have found are looked for.
void Relay::Engine::follow_others(const std::vector<coordination::StoredPosition>& rows) {
  if (!run_.is_shared() || is_dropping()) return;
  shards::ShardWalk& walk = life_->lineage.walk();
  bool found = false;
  for (const coordination::StoredPosition& row : rows) {
    if (life_->held.has(row.shard)) continue;
    life_->lineage.saw_row(row);
    found = found || !walk.knows(row.shard);
    if (row.position.ended() && !walk.is_finished(row.shard)) perform(walk.finished(row.shard));
    if (phase_ == Phase::ended) return;
  }
  if (found) relist();
}

void Relay::Engine::on_fenced(const Error& error) {
  if (!run_.is_shared()) return fail_run(error);
  drop_and_read_again(error.message);
}

}  // namespace ctk::relay
