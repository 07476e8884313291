// Reading: asks shards for pages within the byte budget.
#include <algorithm>
#include <utility>

#include "relay/reading.h"

namespace ctk::relay {
namespace {

constexpr Duration kThrottlesThatAreAnOutage = std::chrono::seconds(10);

}  // namespace

void Reading::consider(Shard& shard) {
  if (!state_.is_running() || state_.is_dropping() || !shard.reading.may_ask()) return;
  if (life().held.is_asked_for(shard.id)) return;
  if (shard.segment && !(life().load && life().load->may_read())) return;
  // One shard alone may not fill the budget: the others could then not even be asked.
  if (shard.queue.bytes() > parts_.budget.limit() / 4) return;
  const size_t wanted = shard.reading.size().room(parts_.budget.limit(), parts_.budget.free());
  if (!parts_.budget.try_reserve(wanted)) {
    if (parts_.budget.used() > 0) {
      if (!shard.waits_for_budget) life().waiting_for_budget.push_back(shard.id);
      shard.waits_for_budget = true;
      return;
    }
    parts_.budget.correct(0, wanted);  // A single record beyond the whole budget must pass all the same.
  }
  source::ReadRequest request = shard.reading.ask(wanted * 6 / 10, now());
  if (shard.segment) request.share = run_.positions.assignment.share_of_load();
  run_.source.read(request, state_.guarded([this, one = life().shards.at(shard.id), wanted](Result<source::Page> result) {
    on_page(one, wanted, std::move(result));
  }));
}

void Reading::on_page(const std::shared_ptr<Shard>& shard, size_t reserved, Result<source::Page> result) {
  Shard& one = *shard;
  if (!one.reading.answered()) {
    parts_.budget.release(reserved);
    run_.source.forget(one.id);
    const auto found = life().shards.find(one.id);
    // After a start anew there is another one of that name, with a read of its own.
    if (found != life().shards.end() && found->second == shard) consider(one);
    return;
  }
  if (!result) {
    parts_.budget.release(reserved);
    on_read_error(one, result.error());
    return read_with_freed_budget();
  }
  accept_page(one, reserved, std::move(*result));
  read_with_freed_budget();
  parts_.owner.on_writable();
  parts_.course.consider_end();
}

void Reading::accept_page(Shard& shard, size_t reserved, source::Page page) {
  parts_.standing.read(shard.part());
  if (parts_.outages.of(Side::source).any()) parts_.course.report_working(Side::source, "reading shard " + shard.id.str());
  if (lost_while_away(shard, page)) {
    parts_.budget.release(reserved);
    if (run_.options.on_gap != OnGap::skip) return;
    reserved = 0;
  }
  const size_t count = page.records.size();
  const size_t bytes = ShardQueue::cost(page);
  shard.reading.took(page, bytes, now());
  parts_.budget.correct(reserved, bytes);
  if (count > 0) life().note_backlog(shard);
  shard.queue.add(page, now());
  if (page.ended) return on_shard_end(shard, page.children);
  const bool loading = life().load && life().load->running();
  if (run_.options.once && page.at_tip && !loading && !life().lineage.walk().closed(shard.id)) {
    shard.reading.reach_tip();
    return;
  }
  const Duration pause = shard.reading.cadence().answered({count > 0, !page.at_tip, page.full}, now());
  schedule_read(shard, std::max(page.rest, run_.identity.traits.bounded || page.at_once ? Duration{} : pause));
}

void Reading::schedule_read(Shard& shard, Duration pause) {
  if (pause <= Duration{}) return consider(shard);
  if (!shard.reading.rest()) return;
  shard.rest = run_.env.loop.after(pause, state_.guarded([this, kept = std::weak_ptr<Shard>(life().shards.at(shard.id))] {
    const std::shared_ptr<Shard> one = kept.lock();
    if (!one) return;
    one->reading.rested();
    consider(*one);
  }));
}

void Reading::read_early(const ShardId& id) {
  const auto found = life().shards.find(id);
  if (found == life().shards.end() || !found->second->reading.resting()) return;
  run_.env.loop.cancel(found->second->rest);
  found->second->reading.rested();
  consider(*found->second);
}

/// A stream that was deleted and made again under its name refuses the old one's numbers, and would for ever.
void Reading::check_incarnation() {
  if (run_.identity.traits.bounded || !parts_.standing.doubt(now())) return;
  run_.source.open(state_.guarded([this](const Result<source::SourceIdentity>& found) {
    parts_.standing.asked();
    if (!state_.is_running() || !found || found->incarnation == run_.identity.incarnation) return;
    parts_.course.fail_run(run_.other_incarnation(run_.identity.incarnation, found->incarnation));
  }));
}

void Reading::on_read_error(Shard& shard, const Error& error) {
  if (run_.identity.traits.errors_are_final) {
    // What came before it is written, then the run ends with it.
    parts_.standing.end_with(error);
    shard.reading.reach_tip();
    parts_.owner.on_writable();
    return parts_.course.consider_end();
  }
  if (parts_.standing.is_useless(shard.part(), error.kind)) return parts_.course.fail_run(error);
  switch (error.kind) {
    case ErrorKind::expired:
      run_.env.log.debug("iterator expired, going on after the last record", {{"shard", shard.id.str()}});
      run_.source.forget(shard.id);
      break;
    case ErrorKind::too_large: shard.reading.size().found_no_room(); return consider(shard);
    case ErrorKind::not_found:
      if (shard.segment) return parts_.course.fail_run(error);
      run_.source.forget(shard.id);
      relist();
      parts_.course.report_outage(Side::source, error, "reading shard " + shard.id.str());
      break;
    case ErrorKind::gap:
      on_gap(shard.id, {shard.progress.stored_position(), shard.progress.stored_read_to()}, error.message);
      if (state_.is_over() || state_.is_dropping()) return;
      // on-gap=skip: what is left begins at the horizon.
      run_.source.forget(shard.id);
      shard.reading.read_from(Position::trim_horizon());
      shard.reading.forget_read_to();
      break;
    case ErrorKind::usage:
    case ErrorKind::internal: return parts_.course.fail_run(error);
    case ErrorKind::throttled:
      shard.reading.cadence().throttled();
      // Part of everyday life, until it does not end.
      if (shard.reading.cadence().failing_for(now()) > std::min(kThrottlesThatAreAnOutage, run_.options.deadlines.give_up))
        parts_.course.report_outage(Side::source, error, "reading shard " + shard.id.str());
      break;
    default: parts_.course.report_outage(Side::source, error, "reading shard " + shard.id.str()); break;
  }
  if (state_.ended()) return;
  if (error.kind == ErrorKind::refused || error.kind == ErrorKind::not_found) check_incarnation();
  const Duration pause = pause_after_failure(shard);
  if (run_.is_bounded() && shard.reading.cadence().failing_for(now()) > run_.options.deadlines.give_up)
    return parts_.course.fail_run(error);
  schedule_read(shard, pause);
}

/// A run that is bounded looks again when it would give up, not after that.
Duration Reading::pause_after_failure(Shard& shard) {
  const Duration pause = shard.reading.cadence().failed(now(), run_.env.random);
  const Duration left = run_.options.deadlines.give_up - shard.reading.cadence().failing_for(now());
  return run_.is_bounded() ? std::min(pause, std::max<Duration>(left, std::chrono::milliseconds(200))) : pause;
}

void Reading::read_with_freed_budget() {
  for (size_t turns = life().waiting_for_budget.size(); turns > 0 && !life().waiting_for_budget.empty(); --turns) {
    Shard& one = shard(life().waiting_for_budget.front());
    life().waiting_for_budget.pop_front();
    one.waits_for_budget = false;
    consider(one);
    if (one.waits_for_budget) return;  // No room yet; it stands at the end of the line now, which keeps the turns fair.
  }
}

}  // namespace ctk::relay
