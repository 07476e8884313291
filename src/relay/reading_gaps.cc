// Gaps: what the stream no longer has although nobody has read it. Each is proven, then told, then handled by `on-gap`.
#include <algorithm>
#include <utility>

#include "relay/acquisition.h"
#include "relay/reading.h"

namespace ctk::relay {
namespace {

const char* how_to_go_on(const Run& run) {
  return run.is_shared()
             ? "on-gap=skip goes on without what is lost; to begin anew stop all workers, and start one with --reset"
             : "on-gap=skip goes on without what is lost, on-gap=resnapshot loads the table again, --reset begins "
               "anew";
}

}  // namespace

std::optional<Error> Reading::find_gap(const coordination::StoredPosition& row) const {
  if (shards::is_segment(row.shard) || parts_.gaps.lost().contains(row.shard)) return {};
  // An epoch has begun meanwhile: the shard is read again from its cut on.
  if (const coordination::TableRecord record = epoch_record(run_, parts_.tables, life());
      row.epoch < record.epoch && record.cut)
    return {};
  if (run_.identity.traits.reports_trimming && row.position.kind != Position::Kind::at_timestamp) return {};
  if (row.position.ended() || run_.identity.traits.retention == Duration{} || run_.identity.server_time == kNoTime)
    return {};
  const Timestamp read_to = row.read_to != kNoTime                              ? row.read_to
                            : row.position.kind == Position::Kind::at_timestamp ? row.position.time
                                                                                : kNoTime;
  if (read_to == kNoTime || run_.identity.server_time - read_to <= run_.identity.traits.retention) return {};
  return Error{ErrorKind::gap,
               "shard " + row.shard.str() + " was read up to " + format_iso8601(read_to) + ", but the stream keeps only " +
                   format_duration(run_.identity.traits.retention) + ": what lies between is lost",
               "", how_to_go_on(run_)};
}

void Reading::on_gap(const ShardId& shard_id, const Reached& reached, const std::string& what) {
  if (!note_gap(shard_id, reached, Error{ErrorKind::gap, what, "", how_to_go_on(run_)})) return;
  if (parts_.gaps.wants_load() && state_.is_running())
    parts_.course.begin_next_life("a gap was found: the table is loaded again");
}

/// Returns false if the run has ended because of it. A gap that is met again, before anything behind it was stored, is the
/// same one: it is counted once, and a later run's letter has the same id.
bool Reading::note_gap(const ShardId& shard_id, const Reached& reached, Error gap) {
  if (run_.options.on_gap == OnGap::stop) {
    parts_.course.fail_run(std::move(gap));
    return false;
  }
  std::string place = "gap:" + shards::to_string(reached.position);
  if (reached.read_to != kNoTime) place += "@" + format_iso8601(reached.read_to);
  if (parts_.gaps.note(shard_id, place)) {
    parts_.counters.add_gap();
    run_.env.log.error("gap: changes are lost", {{"shard", shard_id.str()}, {"what", gap.message}});
    const sink::DeadLetterOrigin origin{
        run_.name.str(), run_.dead_letter_source(), run_.identity.incarnation, "", shard_id.str(), place, 0};
    parts_.owner.add_dead_letter(sink::make_dead_letter(origin, run_.env.clock.now(), "gap", gap.message, ""));
  }
  if (run_.options.on_gap != OnGap::resnapshot) return true;
  parts_.gaps.want_load(shard_id, std::max(life().epoch, epoch_record(run_, parts_.tables, life()).epoch));
  return true;
}

/// Where trimming is not reported, reading goes on at the horizon. What was not read for longer than the retention is lost.
bool Reading::lost_while_away(Shard& shard, const source::Page& page) {
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
Timestamp Reading::whole_to_of(const ShardId& id) const {
  const auto live = life().shards.find(id);
  return live != life().shards.end() ? live->second->reading.whole_to() : life().lineage.stored_read_to(id);
}

Timestamp Reading::read_to_of(const ShardId& id) const {
  const auto live = life().shards.find(id);
  return live != life().shards.end() ? live->second->reading.read_to() : life().lineage.stored_read_to(id);
}

/// Listings may lack a shard that is there: the source is asked for it.
void Reading::confirm_loss(const shards::LostShard& lost) {
  life().lineage.ask_for_lost();
  run_.source.exists(lost.shard, state_.in_life([this, lost, pass = life().pass->sight()](Result<bool> exists) {
    life().lineage.lost_answered();
    if (!pass.alive()) return;
    if (!exists) return confirm_loss_again(lost);
    if (*exists) {
      perform(life().lineage.walk().found_again(lost.shard));
    } else {
      on_gap(lost.shard, {lost.position, life().lineage.stored_read_to(lost.shard)},
             "shard " + lost.shard.str() + " is gone from the stream before it was read to its end (stored position " +
                 shards::to_string(lost.position) + ")");
      if (state_.is_over() || state_.is_dropping()) return;
      // Its children miss what it misses: that was said.
      life().lineage.forget_read_to(lost.shard);
      if (life().shards.contains(lost.shard)) shard(lost.shard).reading.forget_read_to();
      parts_.course.report_working(Side::source, "reading shard " + lost.shard.str());
      perform(life().lineage.walk().give_up(lost.shard));
    }
    parts_.owner.on_writable();
    parts_.course.consider_end();
  }));
}

/// Nobody has answered: the shard stays in doubt, and so does what may follow it.
void Reading::confirm_loss_again(const shards::LostShard& lost) {
  life().lineage.ask_for_lost();
  run_.env.loop.after(std::chrono::seconds(1), state_.in_life([this, lost, pass = life().pass->sight()] {
    life().lineage.lost_answered();
    if (pass.alive()) confirm_loss(lost);
  }));
}

}  // namespace ctk::relay
