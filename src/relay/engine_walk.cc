// Which shards there are: listings, the ends of shards and their children, and what the walk makes of them.
#include <algorithm>
#include <utility>

#include "relay/engine.h"

namespace ctk::relay {
namespace {

constexpr Duration kGoneFor = std::chrono::minutes(1);
constexpr const char* kListing = "listing the shards";

}  // namespace

PageSize Relay::Engine::first_page_of(const ShardId& id) const {
  if (!shards::is_segment(id)) return {};
  const bool known = run_.identity.scan && run_.identity.scan->items > 0;
  return PageSize::of_segment(known ? run_.identity.scan->bytes * 3 / 2 / run_.identity.scan->items : 0);
}

void Relay::Engine::perform(const std::vector<shards::WalkAction>& actions) {
  // Children are shared out before the end of their parents is stored.
  if (std::ranges::any_of(actions, [](const auto& action) { return std::holds_alternative<shards::AddRow>(action); }))
    share_known_shards();
  for (const shards::WalkAction& action : actions) {
    if (phase_ == Phase::ended) return;
    if (const auto* row = std::get_if<shards::AddRow>(&action)) {
      run_.env.log.info("found shard", {{"shard", row->shard.str()}});
      add_row({row->shard, row->position});
    } else if (const auto* start = std::get_if<shards::StartReading>(&action)) {
      if (life_->held.has(start->shard)) begin_reading(start->shard, start->position);
    } else if (const auto* send = std::get_if<shards::MaySend>(&action)) {
      if (life_->held.has(send->shard)) shard(send->shard).may_send = true;
    } else if (const auto* lost = std::get_if<shards::LostShard>(&action)) {
      if (life_->held.has(lost->shard)) confirm_loss(*lost);
    }
  }
}

void Relay::Engine::begin_reading(const ShardId& id, const Position& position) {
  auto& slot = life_->shards[id];
  if (!slot) slot = std::make_shared<Shard>(id, position, first_page_of(id), run_.cadence(), now());
  Timestamp read_to = life_->lineage.stored_read_to(id);
  slot->progress.restore_read_to(read_to);
  if (run_.identity.traits.reports_trimming && read_to == kNoTime)
    read_to = life_->lineage.parents_read_to(id, [this](const ShardId& parent) { return read_to_of(parent); });
  slot->reading.known_to(
      read_to, life_->lineage.due_since(id, slot->start, [this](const ShardId& parent) { return whole_to_of(parent); }));
  if (!slot->segment) counters_.add_shard(id);
  consider_reading(*slot);
}

/// `begun`: when it was asked for, by the source's clock.
void Relay::Engine::take_listing(std::vector<ListedShard> listed, Timestamp begun) {
  const std::vector<shards::WalkAction> actions = life_->lineage.walk().listed(with_segments(std::move(listed)));
  life_->lineage.took_listing(begun, may_end_without_children());
  perform(actions);
}

/// Until the shard has its row nothing of it is sent: no write could move its position.
void Relay::Engine::add_row(const coordination::NewShard& shard) {
  life_->lineage.want_row(shard.shard);
  auto added = guarded([this, shard](Result<bool> done) {
    if (phase_ == Phase::ended) return;
    if (!done && done.error().kind == ErrorKind::fenced) return fail_run(std::move(done).error());
    if (!done) {
      run_.env.loop.after(std::chrono::seconds(1), guarded([this, shard] {
                            if (!life_->lineage.has_row(shard.shard)) add_row(shard);
                          }));
      return;
    }
    life_->lineage.has_row_now(shard.shard);
    pump();
    consider_finishing();
  });
  if (!run_.is_shared()) return run_.positions.store.add(run_.name, life_->held.newest_fence(), {shard}, std::move(added));
  coordination::ClaimRequest request = claim_of({});
  request.shards = {shard};
  run_.positions.store.claim(request, [added = std::move(added)](const Result<coordination::Claim>& claim) mutable {
    added(claim ? Result<bool>(true) : Result<bool>(std::unexpected(claim.error())));
  });
}

void Relay::Engine::on_shard_end(Shard& shard, const std::vector<ListedShard>& children) {
  shard.reading.reach_end();
  const LogField which("shard", shard.id.str());
  if (shard.segment) {
    run_.env.log.debug("segment ended", {which});
  } else {
    run_.env.log.info("shard ended", {which});
  }
  perform(life_->lineage.walk().read_to_end(shard.id, children));
  if (phase_ == Phase::ended) return;
  if (life_->lineage.walk().misses_parents()) relist();
  // What follows it is known, is none, or is for whoever gives the records to know.
  const bool is_alone = run_.identity.traits.bounded || shard.segment || run_.positions_by_giver();
  if (is_alone || !life_->lineage.walk().children_of(shard.id).empty()) {
    know_end(shard);
    return;
  }
  look_for_children(shard.id);
}

/// Its end may be stored.
void Relay::Engine::know_end(Shard& shard) {
  shard.reading.know_end();
  shard.queue.add_end();
  note_backlog(shard);
}

/// The answer did not name the children: asked for, they are named soon. Where every end has children, it is not stored
/// without them.
void Relay::Engine::look_for_children(const ShardId& id) {
  auto take = in_pass([this, id](Result<std::vector<ListedShard>> found) {
    if (phase_ == Phase::ended) return;
    Shard& one = shard(id);
    if (!found) {
      report_outage(kSource, found.error(), "looking for the children of shard " + id.str());
      if (phase_ == Phase::ended) return;
      run_.env.loop.after(one.reading.cadence().failed(now(), run_.env.random),
                          in_pass([this, id] { look_for_children(id); }));
      return;
    }
    perform(life_->lineage.walk().read_to_end(id, *found));
    if (phase_ == Phase::ended) return;
    if (life_->lineage.walk().misses_parents()) relist();
    const Lineage::LookUp next = life_->lineage.looked_up(id, may_end_without_children());
    if (next.known) {
      report_working(kSource, "looking for the children of shard " + id.str());
      know_end(one);
      pump();
      return consider_finishing();
    }
    if (next.outage) {
      report_outage(kSource, Error{ErrorKind::unreachable, "the stream names no shard that follows " + id.str(), "", ""},
                    "looking for the children of shard " + id.str());
      if (phase_ == Phase::ended) return;
    }
    // Not where everything was dropped meanwhile: then the shard is read again, and its end is found again.
    run_.env.loop.after(next.pause, in_pass([this, id] { look_for_children(id); }));
  });
  run_.source.children(id, std::move(take));
}

void Relay::Engine::relist() {
  // Without a walk everything begins anew, with a listing of its own.
  if (run_.identity.traits.bounded || !life_->lineage.is_claimed() || !life_->lineage.begin_listing(now())) return;
  const Timestamp begun = run_.server_now();
  run_.source.list(in_life([this, begun, pass = life_->pass->sight()](Result<std::vector<ListedShard>> listed) {
    life_->lineage.end_listing();
    if (phase_ == Phase::ended || !pass.alive()) return;
    if (listed) {
      life_->lineage.listed();
      report_working(kSource, kListing);
      take_listing(std::move(*listed), begun);
      if (phase_ == Phase::ended) return;
      read_on_behind_tips();
      check_suspects();
      prune();
      pump();
      consider_finishing();
    } else {
      on_listing_error(listed.error());
    }
  }));
}

void Relay::Engine::on_listing_error(const Error& error) {
  report_outage(kSource, error, kListing);
  if (phase_ == Phase::ended) return;
  // It was there when the run began. Waiting would not bring it back: another of that name would be another stream.
  if (error.kind == ErrorKind::not_found && outages_.of(kSource).failing_for(kListing, now()) > kGoneFor) {
    Error gone = error;
    gone.hint = "it was there when this run began: it was deleted meanwhile, and what was not read is lost";
    return fail_run(std::move(gone));
  }
  run_.env.loop.after(life_->lineage.listing_failed(now(), run_.env.random), in_pass([this] { relist(); }));
}

void Relay::Engine::check_suspects() {
  if (life_->lineage.walk().suspects_loss() || life_->lineage.walk().misses_parents())
    run_.env.loop.after(std::chrono::seconds(1), guarded([this] { relist(); }));
}

/// A bounded run leaves a shard at its tip. Where that shard is closed by now, others wait for its end.
void Relay::Engine::read_on_behind_tips() {
  for (const auto& [id, one] : life_->shards) {
    if (!one->reading.at_tip() || !life_->lineage.walk().closed(id)) continue;
    one->reading.leave_tip();
    consider_reading(*one);
  }
}

/// Rows of shards that are finished, and that the stream has long forgotten, are deleted; else there would be more and
/// more.
void Relay::Engine::prune() {
  if (phase_ != Phase::running || is_dropping()) return;
  std::map<ShardId, Timestamp> taken =
      life_->lineage.take_prunable(run_.server_now(), run_.identity.traits.retention, [this](const ShardId& id) {
        const auto live = life_->shards.find(id);
        return live != life_->shards.end() ? live->second->progress.stored_read_to() : life_->lineage.stored_read_to(id);
      });
  if (taken.empty()) return;
  std::vector<ShardId> shards;
  for (const auto& [id, ended_at] : taken) shards.push_back(id);
  auto removed = [this, taken = std::move(taken)](Result<size_t> count) mutable {
    if (phase_ == Phase::ended) return;
    if (!count && count.error().kind == ErrorKind::fenced) return fail_run(std::move(count).error());
    if (!count) return life_->lineage.not_pruned(std::move(taken));
    run_.env.log.info("removed the positions of shards that are finished and gone", {{"positions", *count}});
  };
  const coordination::Fence fence = run_.is_shared() ? coordination::kAnyFence : life_->held.newest_fence();
  run_.positions.store.remove_finished(run_.name, fence, std::move(shards), in_life(std::move(removed)));
}

/// A stream whose shards roll would else be remembered shard by shard for as long as the process lives.
void Relay::Engine::forget_trimmed_shards() {
  for (const ShardId& id : life_->lineage.forget_trimmed()) {
    std::erase_if(life_->with_backlog, [&](const Shard* one) { return one->id == id; });
    life_->shards.erase(id);
    life_->held.forget(id);
    run_.source.leave(id);
  }
}

}  // namespace ctk::relay
