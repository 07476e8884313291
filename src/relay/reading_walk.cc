// Which shards there are: listings, the ends of shards and their children, and what the walk makes of them.
#include <algorithm>
#include <utility>

#include "relay/acquisition.h"
#include "relay/reading.h"

namespace ctk::relay {
namespace {

constexpr Duration kGoneFor = std::chrono::minutes(1);
constexpr const char* kListing = "listing the shards";

}  // namespace

std::vector<ListedShard> Reading::with_segments(std::vector<ListedShard> listed) const {
  if (life().load) listed.insert(listed.end(), life().load->segments().begin(), life().load->segments().end());
  return listed;
}

source::PageSize Reading::first_page_of(const ShardId& id) const {
  if (!shards::is_segment(id)) return {};
  const bool known = run_.identity.scan && run_.identity.scan->items > 0;
  return source::PageSize::of_segment(known ? run_.identity.scan->bytes * 3 / 2 / run_.identity.scan->items : 0);
}

void Reading::perform(const std::vector<shards::WalkAction>& actions) {
  // Children are shared out before the end of their parents is stored.
  if (std::ranges::any_of(actions, [](const auto& action) { return std::holds_alternative<shards::AddRow>(action); }))
    parts_.owner.share_known_shards();
  for (const shards::WalkAction& action : actions) {
    if (state_.ended()) return;
    if (const auto* row = std::get_if<shards::AddRow>(&action)) {
      run_.env.log.info("found shard", {{"shard", row->shard.str()}});
      add_row({row->shard, row->position});
    } else if (const auto* start = std::get_if<shards::StartReading>(&action)) {
      if (life().held.has(start->shard)) begin(start->shard, start->position);
    } else if (const auto* send = std::get_if<shards::MaySend>(&action)) {
      if (life().held.has(send->shard)) shard(send->shard).may_send = true;
    } else if (const auto* lost = std::get_if<shards::LostShard>(&action)) {
      if (life().held.has(lost->shard)) confirm_loss(*lost);
    }
  }
}

void Reading::begin(const ShardId& id, const Position& position) {
  auto& slot = life().shards[id];
  if (!slot) slot = std::make_shared<Shard>(id, position, first_page_of(id), run_.cadence(), now());
  Timestamp read_to = life().lineage.stored_read_to(id);
  slot->progress.restore_read_to(read_to);
  if (run_.identity.traits.reports_trimming && read_to == kNoTime)
    read_to = life().lineage.parents_read_to(id, [this](const ShardId& parent) { return read_to_of(parent); });
  slot->reading.known_to(
      read_to, life().lineage.due_since(id, slot->start, [this](const ShardId& parent) { return whole_to_of(parent); }));
  if (!slot->segment) parts_.counters.add_shard(id);
  consider(*slot);
}

/// `begun`: when it was asked for, by the source's clock.
void Reading::take_listing(std::vector<ListedShard> listed, Timestamp begun) {
  const std::vector<shards::WalkAction> actions = life().lineage.walk().listed(with_segments(std::move(listed)));
  life().lineage.took_listing(begun, may_end_without_children());
  perform(actions);
}

/// Until the shard has its row nothing of it is sent: no write could move its position.
void Reading::add_row(const coordination::NewShard& shard) {
  life().lineage.want_row(shard.shard);
  auto added = state_.in_life([this, shard](Result<bool> done) {
    if (!done && done.error().kind == ErrorKind::fenced) return parts_.course.fail_run(std::move(done).error());
    if (!done) {
      run_.env.loop.after(std::chrono::seconds(1), state_.in_life([this, shard] {
        if (!life().lineage.has_row(shard.shard)) add_row(shard);
      }));
      return;
    }
    life().lineage.has_row_now(shard.shard);
    parts_.owner.on_writable();
    parts_.course.consider_end();
  });
  if (!run_.is_shared()) return run_.positions.store.add(run_.name, life().held.newest_fence(), {shard}, std::move(added));
  coordination::AcquireRequest request = acquire_request_of(run_, parts_.tables, life(), {});
  request.shards = {shard};
  run_.positions.store.acquire(request, [added = std::move(added)](const Result<coordination::Acquired>& acquired) mutable {
    added(acquired ? Result<bool>(true) : Result<bool>(std::unexpected(acquired.error())));
  });
}

void Reading::on_shard_end(Shard& shard, const std::vector<ListedShard>& children) {
  shard.reading.reach_end();
  const LogField which("shard", shard.id.str());
  if (shard.segment) {
    run_.env.log.debug("segment ended", {which});
  } else {
    run_.env.log.info("shard ended", {which});
  }
  perform(life().lineage.walk().read_to_end(shard.id, children));
  if (state_.ended()) return;
  if (life().lineage.walk().misses_parents()) relist();
  // What follows it is known, is none, or is for whoever gives the records to know.
  const bool is_alone = run_.identity.traits.bounded || shard.segment || run_.positions_by_giver();
  if (is_alone || !life().lineage.walk().children_of(shard.id).empty()) {
    know_end(shard);
    return;
  }
  look_for_children(shard.id);
}

/// Its end may be stored.
void Reading::know_end(Shard& shard) {
  shard.reading.know_end();
  shard.queue.add_end();
  life().note_backlog(shard);
}

/// The answer did not name the children: asked for, they are named soon. Where every end has children, it is not stored
/// without them.
void Reading::look_for_children(const ShardId& id) {
  auto take = state_.in_pass([this, id](Result<std::vector<ListedShard>> found) {
    Shard& one = shard(id);
    if (!found) {
      if (!parts_.course.report_outage(Side::source, found.error(), "looking for the children of shard " + id.str()))
        return;
      run_.env.loop.after(one.reading.cadence().failed(now(), run_.env.random),
                          state_.in_pass([this, id] { look_for_children(id); }));
      return;
    }
    perform(life().lineage.walk().read_to_end(id, *found));
    if (state_.ended()) return;
    if (life().lineage.walk().misses_parents()) relist();
    const Lineage::LookUp next = life().lineage.looked_up(id, may_end_without_children());
    if (next.known) {
      parts_.course.report_working(Side::source, "looking for the children of shard " + id.str());
      know_end(one);
      parts_.owner.on_writable();
      return parts_.course.consider_end();
    }
    if (next.outage) {
      if (!parts_.course.report_outage(
              Side::source, Error{ErrorKind::unreachable, "the stream names no shard that follows " + id.str(), "", ""},
              "looking for the children of shard " + id.str()))
        return;
    }
    // Not where everything was dropped meanwhile: then the shard is read again, and its end is found again.
    run_.env.loop.after(next.pause, state_.in_pass([this, id] { look_for_children(id); }));
  });
  run_.source.children(id, std::move(take));
}

void Reading::relist() {
  // Without a walk everything begins anew, with a listing of its own.
  if (run_.identity.traits.bounded || !life().lineage.is_acquired() || !life().lineage.begin_listing(now())) return;
  const Timestamp begun = run_.server_now();
  run_.source.list(state_.in_life([this, begun, pass = life().pass->sight()](Result<std::vector<ListedShard>> listed) {
    life().lineage.end_listing();
    if (!pass.alive()) return;
    if (listed) {
      life().lineage.listed();
      parts_.course.report_working(Side::source, kListing);
      take_listing(std::move(*listed), begun);
      if (state_.ended()) return;
      read_on_behind_tips();
      check_suspects();
      prune();
      parts_.owner.on_writable();
      parts_.course.consider_end();
    } else {
      on_listing_error(listed.error());
    }
  }));
}

void Reading::on_listing_error(const Error& error) {
  if (!parts_.course.report_outage(Side::source, error, kListing)) return;
  // It was there when the run began. Waiting would not bring it back: another of that name would be another stream.
  if (error.kind == ErrorKind::not_found && parts_.outages.of(Side::source).failing_for(kListing, now()) > kGoneFor) {
    Error gone = error;
    gone.hint = "it was there when this run began: it was deleted meanwhile, and what was not read is lost";
    return parts_.course.fail_run(std::move(gone));
  }
  run_.env.loop.after(life().lineage.listing_failed(now(), run_.env.random), state_.in_pass([this] { relist(); }));
}

void Reading::check_suspects() {
  if (life().lineage.walk().suspects_loss() || life().lineage.walk().misses_parents())
    run_.env.loop.after(std::chrono::seconds(1), state_.guarded([this] { relist(); }));
}

/// A bounded run leaves a shard at its tip. Where that shard is closed by now, others wait for its end.
void Reading::read_on_behind_tips() {
  for (const auto& [id, one] : life().shards) {
    if (!one->reading.at_tip() || !life().lineage.walk().closed(id)) continue;
    one->reading.leave_tip();
    consider(*one);
  }
}

/// Rows of shards that are finished, and that the stream has long forgotten, are deleted; else there would be more and
/// more.
void Reading::prune() {
  if (!state_.is_running() || state_.is_dropping()) return;
  std::map<ShardId, Timestamp> taken =
      life().lineage.take_prunable(run_.server_now(), run_.identity.traits.retention, [this](const ShardId& id) {
        const auto live = life().shards.find(id);
        return live != life().shards.end() ? live->second->progress.stored_read_to() : life().lineage.stored_read_to(id);
      });
  if (taken.empty()) return;
  std::vector<ShardId> shards;
  for (const auto& [id, ended_at] : taken) shards.push_back(id);
  auto removed = [this, taken = std::move(taken)](Result<size_t> count) mutable {
    if (!count && count.error().kind == ErrorKind::fenced) return parts_.course.fail_run(std::move(count).error());
    if (!count) return life().lineage.not_pruned(std::move(taken));
    run_.env.log.info("removed the positions of shards that are finished and gone", {{"positions", *count}});
  };
  const coordination::Fence fence = run_.is_shared() ? coordination::kAnyFence : life().held.newest_fence();
  run_.positions.store.remove_finished(run_.name, fence, std::move(shards), state_.in_life(std::move(removed)));
}

/// A stream whose shards roll would else be remembered shard by shard for as long as the process lives.
void Reading::forget_trimmed_shards() {
  for (const ShardId& id : life().lineage.forget_trimmed()) {
    std::erase_if(life().with_backlog, [&](const Shard* one) { return one->id == id; });
    std::erase(life().waiting_for_budget, id);
    life().shards.erase(id);
    life().held.forget(id);
    run_.source.leave(id);
  }
}

}  // namespace ctk::relay
