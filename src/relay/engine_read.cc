// Reading: asks shards for pages within the byte budget.
#include <algorithm>
#include <utility>

#include "relay/engine.h"

namespace ctk::relay {
namespace {

/// A queued record costs its bytes and the queue's own.
constexpr size_t kRecordOverhead = 192;
/// The largest item of DynamoDB, 400 KB, as JSON.
constexpr size_t kLargeRecord = 640u << 10;
/// A page of a Scan holds 1 MB of items, which are half as much again as JSON.
constexpr size_t kScanPage = 1536u << 10;
constexpr int kFewestRecords = 100;
constexpr int kMostRecords = 10000;
constexpr Duration kThrottlesThatAreAnOutage = std::chrono::seconds(10);

/// What an answer of `records` records needs while its text and its decoded records are both there: base64 and JSON around
/// them make the text about 1.6 times the records.
size_t reservation(int records, size_t average) {
  return static_cast<size_t>(records) * (average * 26 / 10 + 512) + (16u << 10);
}

}  // namespace

void Relay::Engine::consider_reading(Shard& shard) {
  if (phase_ != Phase::running || dropping_ || !shard.started || shard.reading || shard.timer != 0) return;
  if (shard.segment && !(load_ && load_->may_read)) return;
  if (shard.end_read || shard.at_tip) return;
  // One shard alone may not fill the budget: the others could then not even be asked.
  if (shard.queue_bytes > budget_.limit() / 4) return;
  const size_t bound = budget_.limit() / 8;
  while (shard.max_records > 1 && reservation(shard.max_records, shard.average_record) > bound) shard.max_records /= 2;
  size_t wanted = reservation(shard.max_records, shard.average_record);
  // A whole page is paid for: until its items' size is known there is room for all of it, if there is any.
  if (shard.segment && !shard.asked) {
    const size_t page = std::min(bound, kScanPage * 10 / 6);
    if (budget_.free() / 2 > page) wanted = std::max(wanted, page);
  }
  shard.asked = true;
  if (!budget_.try_reserve(wanted)) {
    if (budget_.used() > 0) {
      if (!shard.hungry) hungry_.push_back(shard.id);
      shard.hungry = true;
      return;
    }
    budget_.correct(0, wanted);  // A single record beyond the whole budget must pass all the same.
  }
  shard.reading = true;
  shard.asked_at = now();
  ReadRequest request{shard.id, shard.read_position, shard.max_records, wanted * 6 / 10, shard.whole_to()};
  source_.read(request, guarded([this, one = shard.shared_from_this(), generation = generation_,
                                 wanted](Result<Page> result) { on_page(one, generation, wanted, std::move(result)); }));
}

void Relay::Engine::on_page(const std::shared_ptr<Shard>& shard, uint64_t generation, size_t reserved,
                            Result<Page> result) {
  if (phase_ == Phase::ended) return;
  Shard& one = *shard;
  if (generation != generation_) {
    budget_.release(reserved);
    source_.forget(one.id);
    const auto found = shards_.find(one.id);
    // After a start anew there is another one of that name, with a read of its own.
    if (found == shards_.end() || found->second != shard) return;
    one.reading = false;
    return consider_reading(one);
  }
  one.reading = false;
  if (!result) {
    budget_.release(reserved);
    on_read_error(one, result.error());
    return feed_hungry();
  }
  accept_page(one, reserved, std::move(*result));
  feed_hungry();
  pump();
  consider_finishing();
}

void Relay::Engine::accept_page(Shard& shard, size_t reserved, Page page) {
  has_read_[shard.segment ? 1 : 0] = true;
  if (outages_[kSource].any()) no_trouble(kSource, "reading shard " + shard.id.str());
  if (lost_while_away(shard, page)) {
    budget_.release(reserved);
    if (options_.on_gap != OnGap::skip) return;
    reserved = 0;
  }
  size_t bytes = 0;
  const size_t count = page.records.size();
  for (dynamodb::RawRecord& record : page.records) {
    const size_t size = record.data.capacity() + kRecordOverhead;
    bytes += size;
    if (!shard.segment) shard.read_position = Position::after(record.sequence);
    shard.queue.push_back({std::move(record), size, now(), nullptr});
  }
  if (page.items) shard.items = std::move(page.items);
  if (page.resume) {
    shard.read_position = *page.resume;
    if (count > 0) shard.queue.back().resume = std::make_unique<Position>(std::move(*page.resume));
  }
  budget_.correct(reserved, bytes);
  shard.queue_bytes += bytes;
  if (count > 0) note_holding(shard);
  if (count > 0) shard.average_record = page.cut_off ? bytes / count : (shard.average_record * 3 + bytes / count) / 4;
  const bool full = count >= static_cast<size_t>(shard.max_records);
  shard.max_records = full ? std::min(kMostRecords, shard.max_records * 2)
                           : std::max({kFewestRecords, static_cast<int>(count), shard.max_records / 2});
  if (page.read_to != kNoTime) shard.read_to = std::max(shard.read_to, page.read_to);
  shard.behind = page.behind;
  shard.answered_at = now();
  shard.cadence.took(shard.answered_at - shard.asked_at);
  if (page.ended) return on_shard_end(shard, page.children);
  const bool loading = load_ && load_->running();
  if (options_.once && page.at_tip && !loading && !walk_->closed(shard.id)) {
    shard.at_tip = true;
    return;
  }
  const Duration pause = shard.cadence.answered(count > 0, !page.at_tip, now());
  schedule_read(shard, std::max(page.rest, identity_.bounded || page.at_once ? Duration{} : pause));
}

void Relay::Engine::schedule_read(Shard& shard, Duration pause) {
  if (shard.timer != 0) return;
  if (pause <= Duration{}) return consider_reading(shard);
  shard.timer = env_.loop.after(pause, guarded([this, one = shard.shared_from_this()] {
                                  one->timer = 0;
                                  consider_reading(*one);
                                }));
}

/// A stream that was deleted and made again under its name refuses the old one's numbers, and would for ever.
void Relay::Engine::check_incarnation() {
  if (checking_incarnation_ || identity_.bounded || now() < next_incarnation_check_) return;
  checking_incarnation_ = true;
  next_incarnation_check_ = now() + std::chrono::seconds(10);
  source_.open(guarded([this](const Result<SourceIdentity>& found) {
    checking_incarnation_ = false;
    if (phase_ != Phase::running || !found || found->incarnation == identity_.incarnation) return;
    fail_run(other_incarnation(identity_.incarnation, found->incarnation));
  }));
}

/// What was never allowed is not waited for: rights, keys and requests that the service does not take.
bool Relay::Engine::useless_from_the_start(const Shard& shard, const Error& error) const {
  if (has_read_[shard.segment ? 1 : 0]) return false;
  return error.kind == ErrorKind::denied || error.kind == ErrorKind::skewed || error.kind == ErrorKind::refused;
}

void Relay::Engine::on_read_error(Shard& shard, const Error& error) {
  if (identity_.errors_are_final) {
    // What came before it is written, then the run ends with it.
    unreadable_ = error;
    shard.at_tip = true;
    pump();
    return consider_finishing();
  }
  if (useless_from_the_start(shard, error)) return fail_run(error);
  switch (error.kind) {
    case ErrorKind::expired:
      env_.log.debug("iterator expired, going on after the last record", {{"shard", shard.id.str()}});
      source_.forget(shard.id);
      break;
    case ErrorKind::too_large:
      // Not even the first record has found room: one alone, with as much room as most of them need.
      shard.average_record =
          shard.max_records > 1 ? std::max(kLargeRecord, shard.average_record) : shard.average_record * 4;
      shard.max_records = 1;
      return consider_reading(shard);
    case ErrorKind::not_found:
      if (shard.segment) return fail_run(error);
      source_.forget(shard.id);
      relist();
      trouble(kSource, error, "reading shard " + shard.id.str());
      break;
    case ErrorKind::gap:
      on_gap(shard.id, {shard.stored, shard.stored_read_to}, error.message);
      if (dropping_) return;
      // on-gap=skip: what is left begins at the horizon.
      source_.forget(shard.id);
      shard.read_position = Position::trim_horizon();
      shard.read_to = shard.due = kNoTime;
      break;
    case ErrorKind::usage:
    case ErrorKind::internal: return fail_run(error);
    case ErrorKind::throttled:
      // Part of everyday life, until it does not end.
      if (shard.cadence.failing_for(now()) > std::min(kThrottlesThatAreAnOutage, options_.give_up))
        trouble(kSource, error, "reading shard " + shard.id.str());
      break;
    default: trouble(kSource, error, "reading shard " + shard.id.str()); break;
  }
  if (phase_ == Phase::ended) return;
  if (error.kind == ErrorKind::refused || error.kind == ErrorKind::not_found) check_incarnation();
  const Duration pause = pause_after_failure(shard);
  if (is_bounded() && shard.cadence.failing_for(now()) > options_.give_up) return fail_run(error);
  schedule_read(shard, pause);
}

/// A run that is bounded looks again when it would give up, not after that.
Duration Relay::Engine::pause_after_failure(Shard& shard) {
  const Duration pause = shard.cadence.failed(now(), env_.random);
  const Duration left = options_.give_up - shard.cadence.failing_for(now());
  return is_bounded() ? std::min(pause, std::max<Duration>(left, std::chrono::milliseconds(200))) : pause;
}

void Relay::Engine::feed_hungry() {
  for (size_t turns = hungry_.size(); turns > 0 && !hungry_.empty(); --turns) {
    Shard& one = shard(hungry_.front());
    hungry_.pop_front();
    one.hungry = false;
    consider_reading(one);
    if (one.hungry) return;  // No room yet; it stands at the end of the line now, which keeps the turns fair.
  }
}

}  // namespace ctk::relay
