// Reading: asks shards for pages within the byte budget.
#include <algorithm>
#include <utility>

#include "relay/engine.h"

namespace ctk::relay {
namespace {

constexpr Duration kThrottlesThatAreAnOutage = std::chrono::seconds(10);

}  // namespace

void Relay::Engine::consider_reading(Shard& shard) {
  if (phase_ != Phase::running || is_dropping() || !shard.reading.may_ask()) return;
  if (shard.segment && !(life_->load && life_->load->may_read())) return;
  // One shard alone may not fill the budget: the others could then not even be asked.
  if (shard.queue.bytes() > budget_.limit() / 4) return;
  const size_t wanted = shard.reading.size().room(budget_.limit(), budget_.free());
  if (!budget_.try_reserve(wanted)) {
    if (budget_.used() > 0) {
      if (!shard.waits_for_budget) life_->waiting_for_budget.push_back(shard.id);
      shard.waits_for_budget = true;
      return;
    }
    budget_.correct(0, wanted);  // A single record beyond the whole budget must pass all the same.
  }
  const ReadRequest request = shard.reading.ask(wanted * 6 / 10, now());
  run_.source.read(request, guarded([this, one = life_->shards.at(shard.id), wanted](Result<Page> result) {
                     on_page(one, wanted, std::move(result));
                   }));
}

void Relay::Engine::on_page(const std::shared_ptr<Shard>& shard, size_t reserved, Result<Page> result) {
  if (phase_ == Phase::ended) return;
  Shard& one = *shard;
  if (!one.reading.answered()) {
    budget_.release(reserved);
    run_.source.forget(one.id);
    const auto found = life_->shards.find(one.id);
    // After a start anew there is another one of that name, with a read of its own.
    if (found != life_->shards.end() && found->second == shard) consider_reading(one);
    return;
  }
  if (!result) {
    budget_.release(reserved);
    on_read_error(one, result.error());
    return read_with_freed_budget();
  }
  accept_page(one, reserved, std::move(*result));
  read_with_freed_budget();
  pump();
  consider_finishing();
}

void Relay::Engine::accept_page(Shard& shard, size_t reserved, Page page) {
  standing_.read(shard.part());
  if (outages_.of(kSource).any()) report_working(kSource, "reading shard " + shard.id.str());
  if (lost_while_away(shard, page)) {
    budget_.release(reserved);
    if (run_.options.on_gap != OnGap::skip) return;
    reserved = 0;
  }
  const size_t count = page.records.size();
  const size_t bytes = ShardQueue::cost(page);
  shard.reading.took(page, bytes, now());
  budget_.correct(reserved, bytes);
  if (count > 0) note_backlog(shard);
  shard.queue.add(page, now());
  if (page.ended) return on_shard_end(shard, page.children);
  const bool loading = life_->load && life_->load->running();
  if (run_.options.once && page.at_tip && !loading && !life_->lineage.walk().closed(shard.id)) {
    shard.reading.reach_tip();
    return;
  }
  const Duration pause = shard.reading.cadence().answered(count > 0, !page.at_tip, now());
  schedule_read(shard, std::max(page.rest, run_.identity.traits.bounded || page.at_once ? Duration{} : pause));
}

void Relay::Engine::schedule_read(Shard& shard, Duration pause) {
  if (pause <= Duration{}) return consider_reading(shard);
  if (!shard.reading.rest()) return;
  run_.env.loop.after(pause, guarded([this, kept = std::weak_ptr<Shard>(life_->shards.at(shard.id))] {
                        const std::shared_ptr<Shard> one = kept.lock();
                        if (!one) return;
                        one->reading.rested();
                        consider_reading(*one);
                      }));
}

/// A stream that was deleted and made again under its name refuses the old one's numbers, and would for ever.
void Relay::Engine::check_incarnation() {
  if (run_.identity.traits.bounded || !standing_.doubt(now())) return;
  run_.source.open(guarded([this](const Result<SourceIdentity>& found) {
    standing_.asked();
    if (phase_ != Phase::running || !found || found->incarnation == run_.identity.incarnation) return;
    fail_run(run_.other_incarnation(run_.identity.incarnation, found->incarnation));
  }));
}

void Relay::Engine::on_read_error(Shard& shard, const Error& error) {
  if (run_.identity.traits.errors_are_final) {
    // What came before it is written, then the run ends with it.
    standing_.end_with(error);
    shard.reading.reach_tip();
    pump();
    return consider_finishing();
  }
  if (standing_.is_useless(shard.part(), error.kind)) return fail_run(error);
  switch (error.kind) {
    case ErrorKind::expired:
      run_.env.log.debug("iterator expired, going on after the last record", {{"shard", shard.id.str()}});
      run_.source.forget(shard.id);
      break;
    case ErrorKind::too_large: shard.reading.size().found_no_room(); return consider_reading(shard);
    case ErrorKind::not_found:
      if (shard.segment) return fail_run(error);
      run_.source.forget(shard.id);
      relist();
      report_outage(kSource, error, "reading shard " + shard.id.str());
      break;
    case ErrorKind::gap:
      on_gap(shard.id, {shard.progress.stored_position(), shard.progress.stored_read_to()}, error.message);
      if (is_dropping()) return;
      // on-gap=skip: what is left begins at the horizon.
      run_.source.forget(shard.id);
      shard.reading.read_from(Position::trim_horizon());
      shard.reading.forget_read_to();
      break;
    case ErrorKind::usage:
    case ErrorKind::internal: return fail_run(error);
    case ErrorKind::throttled:
      // Part of everyday life, until it does not end.
      if (shard.reading.cadence().failing_for(now()) > std::min(kThrottlesThatAreAnOutage, run_.options.deadlines.give_up))
        report_outage(kSource, error, "reading shard " + shard.id.str());
      break;
    default: report_outage(kSource, error, "reading shard " + shard.id.str()); break;
  }
  if (phase_ == Phase::ended) return;
  if (error.kind == ErrorKind::refused || error.kind == ErrorKind::not_found) check_incarnation();
  const Duration pause = pause_after_failure(shard);
  if (run_.is_bounded() && shard.reading.cadence().failing_for(now()) > run_.options.deadlines.give_up)
    return fail_run(error);
  schedule_read(shard, pause);
}

/// A run that is bounded looks again when it would give up, not after that.
Duration Relay::Engine::pause_after_failure(Shard& shard) {
  const Duration pause = shard.reading.cadence().failed(now(), run_.env.random);
  const Duration left = run_.options.deadlines.give_up - shard.reading.cadence().failing_for(now());
  return run_.is_bounded() ? std::min(pause, std::max<Duration>(left, std::chrono::milliseconds(200))) : pause;
}

void Relay::Engine::read_with_freed_budget() {
  for (size_t turns = life_->waiting_for_budget.size(); turns > 0 && !life_->waiting_for_budget.empty(); --turns) {
    Shard& one = shard(life_->waiting_for_budget.front());
    life_->waiting_for_budget.pop_front();
    one.waits_for_budget = false;
    consider_reading(one);
    if (one.waits_for_budget) return;  // No room yet; it stands at the end of the line now, which keeps the turns fair.
  }
}

}  // namespace ctk::relay
