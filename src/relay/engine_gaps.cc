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
  if (run_.options.on_gap == OnGap::stop) {
    fail_run(std::move(gap));
    return false;
  }
  std::string place = "gap:" + shards::to_string(reached.position);
  if (reached.read_to != kNoTime) place += "@" + format_iso8601(reached.read_to);
  if (gaps_.note(shard_id, place)) {
    ++counters_.stats().counts.gaps;
    run_.env.log.error("gap: changes are lost", {{"shard", shard_id.str()}, {"what", gap.message}});
    const sink::DeadLetterOrigin origin{
        run_.name.str(), run_.dead_letter_source(), run_.identity.incarnation, "", shard_id.str(), place, 0};
    writes_.add_dead_letter(sink::make_dead_letter(origin, run_.env.clock.now(), "gap", gap.message, ""));
  }
  if (run_.options.on_gap != OnGap::resnapshot) return true;
  gaps_.want_load(shard_id, std::max(life_->epoch, epoch_record().epoch));
  return true;
}

/// Kinesis reports no trimming: it goes on at the horizon. What was not read for longer than the retention is lost.
bool Relay::Engine::lost_while_away(Shard& shard, const Page& page) {
  const Timestamp whole_to = shard.reading.whole_to();
  if (shard.segment || run_.identity.traits.reports_trimming || run_.identity.traits.retention == Duration{} ||
      whole_to == kNoTime || page.server_time == kNoTime)
    return false;
  if (page.server_time - whole_to <= run_.identity.traits.retention) return false;
  const std::string what = "shard " + shard.id.str() + " was read up to " + format_iso8601(whole_to) +
                           ", longer ago than the stream keeps (" + format_duration(run_.identity.traits.retention) + ")";
  shard.reading.missed_until(page.server_time);
  on_gap(shard.id, {shard.progress.stored_position(), shard.progress.stored_read_to()}, what);
  return true;
}

/// Of the shards that are read as they are now, of others as the store has it.
Timestamp Relay::Engine::whole_to_of(const ShardId& id) const {
  const auto live = life_->shards.find(id);
  return live != life_->shards.end() ? live->second->reading.whole_to() : life_->lineage.stored_read_to(id);
}

Timestamp Relay::Engine::read_to_of(const ShardId& id) const {
  const auto live = life_->shards.find(id);
  return live != life_->shards.end() ? live->second->reading.read_to() : life_->lineage.stored_read_to(id);
}

/// Listings may lack a shard that is there: the source is asked for it.
void Relay::Engine::confirm_loss(const shards::LostShard& lost) {
  life_->lineage.ask_for_lost();
  run_.source.exists(lost.shard, in_life([this, lost, pass = life_->pass->sight()](Result<bool> exists) {
                       life_->lineage.lost_answered();
                       if (phase_ == Phase::ended || !pass.alive()) return;
                       if (!exists) return confirm_loss_again(lost);
                       if (*exists) {
                         perform(life_->lineage.walk().found_again(lost.shard));
                       } else {
                         on_gap(lost.shard, {lost.position, life_->lineage.stored_read_to(lost.shard)},
                                "shard " + lost.shard.str() +
                                    " is gone from the stream before it was read to its end (stored position " +
                                    shards::to_string(lost.position) + ")");
                         if (phase_ == Phase::ended || is_dropping()) return;
                         // Its children miss what it misses: that was said.
                         life_->lineage.forget_read_to(lost.shard);
                         if (life_->shards.contains(lost.shard)) shard(lost.shard).reading.forget_read_to();
                         report_working(kSource, "reading shard " + lost.shard.str());
                         perform(life_->lineage.walk().give_up(lost.shard));
                       }
                       pump();
                       consider_finishing();
                     }));
}

/// Nobody has answered: the shard stays in doubt, and so does what may follow it.
void Relay::Engine::confirm_loss_again(const shards::LostShard& lost) {
  life_->lineage.ask_for_lost();
  run_.env.loop.after(std::chrono::seconds(1), in_life([this, lost, pass = life_->pass->sight()] {
                        life_->lineage.lost_answered();
                        if (phase_ != Phase::ended && pass.alive()) confirm_loss(lost);
                      }));
}

}  // namespace ctk::relay
