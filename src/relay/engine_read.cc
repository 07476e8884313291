// Reading: asks shards for pages within the byte budget.
#include <algorithm>
#include <utility>

#include "relay/engine.h"

namespace ctk::relay {
namespace {

/// A queued record costs its bytes and the queue's own.
constexpr size_t kRecordOverhead = 192;
constexpr int kFewestRecords = 100;
constexpr int kMostRecords = 10000;
constexpr int kChildLookups = 6;
constexpr int kThrottlesThatAreTrouble = 8;

/// What an answer of `records` records needs while its text and its decoded records are both there: base64 and JSON around
/// them make the text about 1.6 times the records.
size_t reservation(int records, size_t average) {
  return static_cast<size_t>(records) * (average * 26 / 10 + 512) + (16u << 10);
}

}  // namespace

void Relay::Engine::perform(const std::vector<shards::WalkAction>& actions) {
  for (const shards::WalkAction& action : actions) {
    if (phase_ == Phase::ended) return;
    if (const auto* row = std::get_if<shards::AddRow>(&action)) {
      env_.log.info("found shard", {{"shard", row->shard.str()}});
      add_row({row->shard, row->position});
    } else if (const auto* start = std::get_if<shards::StartReading>(&action)) {
      auto& slot = shards_[start->shard];
      if (!slot) slot = std::make_shared<Shard>(start->shard, start->position, cadence_);
      slot->started = true;
      const auto read_to = stored_read_to_.find(start->shard);
      if (read_to != stored_read_to_.end()) slot->read_to = slot->stored_read_to = read_to->second;
      if (identity_.tells_trimming && slot->read_to == kNoTime) slot->read_to = parents_read_to(start->shard);
      slot->due = due_since(*slot);
      slot->answered_at = now();
      if (!slot->segment) ++stats_.shards;
      consider_reading(*slot);
    } else if (const auto* send = std::get_if<shards::MaySend>(&action)) {
      shard(send->shard).may_send = true;
    } else if (const auto* lost = std::get_if<shards::LostShard>(&action)) {
      confirm_loss(*lost);
    }
  }
}

/// Until the shard has its row nothing of it is sent: no write could move its position.
void Relay::Engine::add_row(const coordination::NewShard& shard) {
  rowless_.insert(shard.shard);
  store().add(relay_, fence_, {shard}, guarded([this, shard](Result<bool> added) {
                if (phase_ == Phase::ended) return;
                if (!added && added.error().kind == ErrorKind::fenced) return fail_run(std::move(added).error());
                if (!added) {
                  env_.loop.after(std::chrono::seconds(1), guarded([this, shard] {
                                    if (rowless_.contains(shard.shard)) add_row(shard);
                                  }));
                  return;
                }
                rowless_.erase(shard.shard);
                pump();
                consider_finishing();
              }));
}

/// A child holds nothing older than its parents' ends.
Timestamp Relay::Engine::parents_read_to(const ShardId& id) const {
  Timestamp earliest = kNoTime;
  for (const ShardId& parent : walk_->parents_of(id)) {
    const auto live = shards_.find(parent);
    const auto stored = stored_read_to_.find(parent);
    const Timestamp read_to = live != shards_.end()             ? live->second->read_to
                              : stored != stored_read_to_.end() ? stored->second
                                                                : kNoTime;
    if (read_to != kNoTime) earliest = earliest == kNoTime ? read_to : std::min(earliest, read_to);
  }
  return earliest;
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
      due = std::max(due, live->second->whole_to());
    } else if (stored != stored_read_to_.end()) {
      due = std::max(due, stored->second);
    }
  }
  return due;
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
                     if (shards_.contains(lost.shard)) shard(lost.shard).read_to = shard(lost.shard).due = kNoTime;
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

void Relay::Engine::on_gap(const ShardId& shard_id, const Reached& reached, const std::string& what) {
  if (!note_gap(shard_id, reached,
                Error{ErrorKind::gap, what, "",
                      "on-gap=skip goes on without what is lost, on-gap=resnapshot loads the table again, --reset "
                      "begins anew"})) {
    return;
  }
  if (anew_ && phase_ == Phase::running) start_over("a gap was found: the table is loaded again");
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
  if (noted_gaps_.emplace(shard_id, place).second) {
    ++stats_.gaps;
    env_.log.error("gap: changes are lost", {{"shard", shard_id.str()}, {"what", gap.message}});
    gap_letters_.push_back(sink::make_dead_letter(relay_.str(), identity_.incarnation, shard_id.str(), place, 0,
                                                  env_.clock.now(), "gap", gap.message, ""));
  }
  if (options_.on_gap != OnGap::resnapshot) return true;
  anew_ = true;
  gap_seen_ = std::max(gap_seen_, std::max(epoch_, epoch_record().epoch));
  gapped_.insert(shard_id);
  return true;
}

void Relay::Engine::consider_reading(Shard& shard) {
  if (phase_ != Phase::running || dropping_ || !shard.started || shard.reading || shard.timer != 0) return;
  if (shard.segment && !(load_ && load_->may_read)) return;
  if (shard.end_read || shard.at_tip) return;
  // One shard alone may not fill the budget: the others could then not even be asked.
  if (shard.queue_bytes > budget_.limit() / 4) return;
  const size_t bound = budget_.limit() / 8;
  while (shard.max_records > 1 && reservation(shard.max_records, shard.average_record) > bound) shard.max_records /= 2;
  const size_t wanted = reservation(shard.max_records, shard.average_record);
  if (!budget_.try_reserve(wanted)) {
    if (budget_.used() > 0) {
      if (!shard.hungry) hungry_.push_back(shard.id);
      shard.hungry = true;
      return;
    }
    budget_.correct(0, wanted);  // A single record beyond the whole budget must pass all the same.
  }
  shard.reading = true;
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
  no_trouble(kSource);
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
  if (count > 0) shard.average_record = (shard.average_record * 3 + bytes / count) / 4;
  const bool full = count >= static_cast<size_t>(shard.max_records);
  shard.max_records = full ? std::min(kMostRecords, shard.max_records * 2)
                           : std::max({kFewestRecords, static_cast<int>(count), shard.max_records / 2});
  if (page.read_to != kNoTime) shard.read_to = std::max(shard.read_to, page.read_to);
  shard.behind = page.behind;
  shard.answered_at = now();
  if (page.ended) return on_shard_end(shard, page.children);
  const bool loading = load_ && load_->running();
  if (options_.once && page.at_tip && !loading && !walk_->closed(shard.id)) {
    shard.at_tip = true;
    return;
  }
  const Duration pause = shard.cadence.answered(count > 0, !page.at_tip, now());
  schedule_read(shard, identity_.bounded || page.at_once ? Duration{} : pause);
}

/// Kinesis reports no trimming: it goes on at the horizon. What was not read for longer than the retention is lost.
bool Relay::Engine::lost_while_away(Shard& shard, const Page& page) {
  const Timestamp whole_to = shard.whole_to();
  if (shard.segment || identity_.tells_trimming || identity_.retention == Duration{} || whole_to == kNoTime ||
      page.server_time == kNoTime)
    return false;
  if (page.server_time - whole_to <= identity_.retention) return false;
  const std::string what = "shard " + shard.id.str() + " was read up to " + format_iso8601(whole_to) +
                           ", longer ago than the stream keeps (" + format_duration(identity_.retention) + ")";
  shard.read_to = page.server_time;
  on_gap(shard.id, {shard.stored, shard.stored_read_to}, what);
  return true;
}

void Relay::Engine::schedule_read(Shard& shard, Duration pause) {
  if (shard.timer != 0) return;
  if (pause <= Duration{}) return consider_reading(shard);
  shard.timer = env_.loop.after(pause, guarded([this, one = shard.shared_from_this()] {
                                  one->timer = 0;
                                  consider_reading(*one);
                                }));
}

void Relay::Engine::on_read_error(Shard& shard, const Error& error) {
  switch (error.kind) {
    case ErrorKind::expired:
      env_.log.debug("iterator expired, going on after the last record", {{"shard", shard.id.str()}});
      source_.forget(shard.id);
      break;
    case ErrorKind::too_large:
      if (shard.max_records == 1) shard.average_record *= 4;
      shard.average_record *= 2;
      shard.max_records = std::max(1, shard.max_records / 4);
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
      if (shard.cadence.failures() > kThrottlesThatAreTrouble) trouble(kSource, error, "reading shard " + shard.id.str());
      break;
    default: trouble(kSource, error, "reading shard " + shard.id.str()); break;
  }
  if (phase_ == Phase::ended) return;
  schedule_read(shard, shard.cadence.failed(now(), env_.random));
}

void Relay::Engine::on_shard_end(Shard& shard, const std::vector<ListedShard>& children) {
  shard.end_read = true;
  const LogField which("shard", shard.id.str());
  if (shard.segment) {
    env_.log.debug("segment ended", {which});
  } else {
    env_.log.info("shard ended", {which});
  }
  perform(walk_->read_to_end(shard.id, children));
  if (phase_ == Phase::ended) return;
  if (walk_->misses_parents()) relist();
  if (identity_.bounded || shard.segment || !walk_->children_of(shard.id).empty()) {
    shard.end_ready = true;
    note_holding(shard);
    return;
  }
  look_for_children(shard.id);
}

/// The answer did not name the children: asked for, they are named soon. Where every end has children, it is not stored
/// without them.
void Relay::Engine::look_for_children(const ShardId& id) {
  auto take = guarded([this, id, generation = generation_](Result<std::vector<ListedShard>> found) {
    if (phase_ == Phase::ended || generation != generation_) return;
    Shard& one = shard(id);
    if (!found) {
      trouble(kSource, found.error(), "looking for the children of shard " + id.str());
      if (phase_ == Phase::ended) return;
      env_.loop.after(one.cadence.failed(now(), env_.random), guarded([this, id, generation] {
                        if (generation == generation_) look_for_children(id);
                      }));
      return;
    }
    ++one.child_lookups;
    perform(walk_->read_to_end(id, *found));
    if (phase_ == Phase::ended) return;
    if (walk_->misses_parents()) relist();
    const bool may_have_none = !identity_.shards_go_on || source_.ended();
    if (!walk_->children_of(id).empty() || (may_have_none && one.child_lookups >= kChildLookups)) {
      one.end_ready = true;
      note_holding(one);
      pump();
      return consider_finishing();
    }
    if (one.child_lookups > kChildLookups) {
      trouble(kSource, Error{ErrorKind::unreachable, "the stream names no shard that follows " + id.str(), "", ""},
              "looking for the children of shard " + id.str());
      if (phase_ == Phase::ended) return;
    }
    const Duration pause = std::chrono::milliseconds(100 << std::min(one.child_lookups, kChildLookups));
    // Not where everything was dropped meanwhile: then the shard is read again, and its end is found again.
    env_.loop.after(pause, guarded([this, id, generation] {
                      if (generation == generation_) look_for_children(id);
                    }));
  });
  source_.children(id, std::move(take));
}

void Relay::Engine::relist() {
  // Without a walk everything begins anew, with a listing of its own.
  if (listing_ || identity_.bounded || !walk_) return;
  listing_ = true;
  source_.list(guarded([this, generation = generation_](Result<std::vector<ListedShard>> listed) {
    listing_ = false;
    if (phase_ == Phase::ended || generation != generation_) return;
    if (listed) {
      perform(walk_->listed(with_segments(std::move(*listed))));
      if (phase_ == Phase::ended) return;
      read_on_behind_tips();
      check_suspects();
      pump();
      consider_finishing();
    } else {
      trouble(kSource, listed.error(), "listing the shards");
    }
  }));
}

/// A stream whose shards roll would else be remembered shard by shard for as long as the process lives.
void Relay::Engine::forget_trimmed_shards() {
  for (const ShardId& id : walk_->forget_trimmed()) {
    std::erase_if(holding_, [&](const Shard* one) { return one->id == id; });
    shards_.erase(id);
    stored_read_to_.erase(id);
    source_.leave(id);
  }
}

/// A bounded run leaves a shard at its tip. Where that shard is closed by now, others wait for its end.
void Relay::Engine::read_on_behind_tips() {
  for (const auto& [id, one] : shards_) {
    if (!one->at_tip || !walk_->closed(id)) continue;
    one->at_tip = false;
    consider_reading(*one);
  }
}

void Relay::Engine::check_suspects() {
  if (walk_->suspects_loss() || walk_->misses_parents())
    env_.loop.after(std::chrono::seconds(1), guarded([this] { relist(); }));
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
