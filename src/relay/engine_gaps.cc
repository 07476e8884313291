// Gaps: what the stream no longer has although nobody has read it. Each is proven, then told, then handled by `on-gap`.
#include <algorithm>
#include <utility>

#include "relay/engine.h"

namespace ctk::relay {

void Relay::Engine::on_gap(const ShardId& shard_id, const Reached& reached, const std::string& what) {
  if (!note_gap(shard_id, reached,
                Error{ErrorKind::gap, what, "",
                      "on-gap=skip goes on without what is lost, on-gap=resnapshot loads the table again, --reset "
                      "begins anew"})) {
    return;
  }
  if (gaps_.wants_load() && phase_ == Phase::running) start_over("a gap was found: the table is loaded again");
}

/// Returns false if the run has ended because of it. A gap that is met again, before anything behind it was stored, is the
/// same one: it is counted once, and a later run's letter has the same id.
bool Relay::Engine::note_gap(const ShardId& shard_id, const Reached& reached, Error gap) {
  if (options_.on_gap == OnGap::stop) {
    fail_run(std::move(gap));
    return false;
  }
  std::string place = "gap:" + shards::to_string(reached.position);
  if (reached.read_to != kNoTime) place += "@" + format_iso8601(reached.read_to);
  if (gaps_.note(shard_id, place)) {
    ++counters_.stats().gaps;
    env_.log.error("gap: changes are lost", {{"shard", shard_id.str()}, {"what", gap.message}});
    const sink::LetterOrigin origin{relay_.str(), letters_source(), identity_.incarnation, "", shard_id.str(), place, 0};
    writes_.add_letter(sink::make_dead_letter(origin, env_.clock.now(), "gap", gap.message, ""));
  }
  if (options_.on_gap != OnGap::resnapshot) return true;
  gaps_.want_load(shard_id, std::max(epoch_, epoch_record().epoch));
  return true;
}

/// Kinesis reports no trimming: it goes on at the horizon. What was not read for longer than the retention is lost.
bool Relay::Engine::lost_while_away(Shard& shard, const Page& page) {
  const Timestamp whole_to = shard.reading.whole_to();
  if (shard.segment || identity_.tells_trimming || identity_.retention == Duration{} || whole_to == kNoTime ||
      page.server_time == kNoTime)
    return false;
  if (page.server_time - whole_to <= identity_.retention) return false;
  const std::string what = "shard " + shard.id.str() + " was read up to " + format_iso8601(whole_to) +
                           ", longer ago than the stream keeps (" + format_duration(identity_.retention) + ")";
  shard.reading.missed_until(page.server_time);
  on_gap(shard.id, {shard.progress.stored_position(), shard.progress.stored_read_to()}, what);
  return true;
}

/// A shard that was never read is due since its row was made (its position says when), a child at the earliest since its
/// parents were read.
Timestamp Relay::Engine::due_since(const Shard& shard) const {
  using Kind = Position::Kind;
  const Position& start = shard.start;
  const bool tells = start.kind == Kind::at_timestamp || (start.kind == Kind::trim_horizon && start.time != Timestamp{});
  Timestamp due = tells ? start.time : kNoTime;
  for (const ShardId& parent : walk_->parents_of(shard.id)) {
    const auto live = shards_.find(parent);
    const auto stored = stored_read_to_.find(parent);
    if (live != shards_.end()) {
      due = std::max(due, live->second->reading.whole_to());
    } else if (stored != stored_read_to_.end()) {
      due = std::max(due, stored->second);
    }
  }
  return due;
}

/// A child holds nothing older than its parents' ends.
Timestamp Relay::Engine::parents_read_to(const ShardId& id) const {
  Timestamp earliest = kNoTime;
  for (const ShardId& parent : walk_->parents_of(id)) {
    const auto live = shards_.find(parent);
    const auto stored = stored_read_to_.find(parent);
    const Timestamp read_to = live != shards_.end()             ? live->second->reading.read_to()
                              : stored != stored_read_to_.end() ? stored->second
                                                                : kNoTime;
    if (read_to != kNoTime) earliest = earliest == kNoTime ? read_to : std::min(earliest, read_to);
  }
  return earliest;
}

/// Listings may lack a shard that is there: the source is asked for it.
void Relay::Engine::confirm_loss(const shards::LostShard& lost) {
  ++confirming_;
  source_.exists(lost.shard, guarded([this, lost, generation = generation_](Result<bool> exists) {
                   --confirming_;
                   if (phase_ == Phase::ended || generation != generation_) return;
                   if (!exists) return confirm_loss_again(lost);
                   if (*exists) {
                     perform(walk_->found_again(lost.shard));
                   } else {
                     const auto read_to = stored_read_to_.find(lost.shard);
                     on_gap(lost.shard, {lost.position, read_to == stored_read_to_.end() ? kNoTime : read_to->second},
                            "shard " + lost.shard.str() +
                                " is gone from the stream before it was read to its end (stored position " +
                                shards::to_string(lost.position) + ")");
                     if (phase_ == Phase::ended || dropping_) return;
                     // Its children miss what it misses: that was said.
                     stored_read_to_.erase(lost.shard);
                     if (shards_.contains(lost.shard)) shard(lost.shard).reading.forget_read_to();
                     no_trouble(kSource, "reading shard " + lost.shard.str());
                     perform(walk_->give_up(lost.shard));
                   }
                   pump();
                   consider_finishing();
                 }));
}

/// Nobody has answered: the shard stays in doubt, and so does what may follow it.
void Relay::Engine::confirm_loss_again(const shards::LostShard& lost) {
  ++confirming_;
  env_.loop.after(std::chrono::seconds(1), guarded([this, lost, generation = generation_] {
                    --confirming_;
                    if (phase_ != Phase::ended && generation == generation_) confirm_loss(lost);
                  }));
}

}  // namespace ctk::relay
