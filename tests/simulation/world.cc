#include "simulation/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "relay/relay_view.h"
#include "shards/segment.h"
#include "simulation/call_trace.h"

namespace ctk::simulation {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const Timestamp kStart = from_micros(1'795'000'000'000'000);

std::string_view way_of(const WorldKnobs& knobs) {
  if (knobs.fan_out) return "fan-out";
  return knobs.by_wire ? "wire" : "typed";
}

}  // namespace

std::optional<std::string> live(uint64_t seed, Coverage& coverage, std::ostream* trace, Parts* parts) {
  World world(seed, knobs_of(seed), trace, parts);
  std::optional<std::string> wrong = world.run();
  coverage.add(world.coverage());
  return wrong;
}

World::World(uint64_t seed, WorldKnobs knobs, std::ostream* trace, Parts* parts)
    : knobs_(std::move(knobs)),
      random_(seed),
      loop_(kStart),
      log_(trace, loop_),
      target_knobs_(knobs_.target),
      upstream_(knobs_, random_, loop_, log_, [this](auto where, auto what) { note_fault(where, what); }),
      faults_(knobs_.service),
      checker_(upstream_, state_, knobs_.loads()),
      board_(loop_, random_, state_),
      leases_(knobs_, random_, loop_, [this](auto where, auto what) { note_fault(where, what); }),
      watch_(leases_),
      parts_(parts == nullptr ? right_ : *parts) {
  log_.debug("a world begins", {{"source", to_string(knobs_.source)},
                                {"workers", knobs_.workers},
                                {"leases", knobs_.leased ? "yes" : "no"},
                                {"transactions", knobs_.target.transactional ? "yes" : "no"},
                                {"connections", knobs_.target.connections},
                                {"batch_rows", knobs_.target.batch_rows},
                                {"way", way_of(knobs_)},
                                {"aggregates", knobs_.aggregates ? "yes" : "no"},
                                {"history", knobs_.history ? "yes" : "no"},
                                {"load", knobs_.snapshot ? "initial" : "none"},
                                {"on_gap", knobs_.resnapshot ? "resnapshot" : "stop"},
                                {"skew", format_duration(knobs_.skew)},
                                {"roll_every", format_duration(knobs_.roll_every)}});
}

World::~World() = default;

Coverage World::coverage() const {
  Coverage out = coverage_;
  out.add(upstream_.coverage());
  out.lives_on_streams = knobs_.source == SourceKind::streams ? 1 : 0;
  out.writes = state_.writes;
  out.pruned = state_.pruned;
  out.dead_letters = state_.dead_letters.size();
  for (const auto& [table, rows] : state_.swept) out.swept += rows.size();
  out.lives_by_wire = knobs_.by_wire ? 1 : 0;
  out.lives_with_history = knobs_.history ? 1 : 0;
  out.lives_by_fan_out = knobs_.fan_out ? 1 : 0;
  out.lives_with_aggregates = knobs_.aggregates ? 1 : 0;
  for (const auto& [table, history] : state_.histories) {
    for (const auto& [key, events] : history) out.events += events.size();
  }
  out.lives_shared = knobs_.shares() ? 1 : 0;
  out.lives_leased = knobs_.leased ? 1 : 0;
  out.moves = board_.moves() + watch_.moves();
  out.drained = watch_.drained();
  out.dropped = watch_.dropped();
  if (!knobs_.loads()) return out;
  out.lives_with_loads = 1;
  for (const auto& [table, record] : state_.records) {
    if (record.load != coordination::LoadState::none) out.loads += record.epoch;
  }
  return out;
}

void World::note_fault(std::string_view where, std::string_view what) {
  ++coverage_.faults;
  log_.debug(what, {{"at", where}});
}

Surroundings World::surroundings() {
  return {knobs_,
          upstream_,
          loop_,
          random_,
          log_,
          faults_,
          state_,
          target_knobs_,
          board_,
          leases_,
          watch_,
          parts_,
          [this](auto where, auto what) { note_fault(where, what); },
          [this](const sink::Batch& batch) { on_write(batch); },
          [this](const std::string&, const std::string& key, const TargetRow* row) { checker_.on_row(key, row); }};
}

void World::on_write(const sink::Batch& batch) {
  checker_.on_write(batch);
  if (!log_.enabled(LogLevel::debug)) return;
  std::string what;
  for (const sink::TableWrites& writes : batch.tables) {
    for (const sink::FoldedChange& folded : writes.changes) {
      what += fmt::format(" {}@{}", folded.changes.front()->key, folded.changes.front()->order);
    }
  }
  for (const coordination::PositionMove& move : batch.moves) {
    what += fmt::format(" {}: {} -> {}", move.shard.str(), shards::to_string(move.from), shards::to_string(move.to));
  }
  log_.debug("a write arrives", {{"holds", what}});
}

Worker* World::start(const Order& order) {
  ++workers_;
  log_.debug(order.load_only ? "a load starts" : "a relay starts",
             {{"once", order.once ? "yes" : "no"}, {"reset", order.reset ? "yes" : "no"}});
  others_.push_back(make_worker(surroundings(), order, workers_));
  Worker* worker = others_.back().get();
  worker->relay->run([this, worker](Result<relay::RelayStats> result) { end_of(*worker, std::move(result)); });
  return worker;
}

void World::start_worker(const Order& order) {
  start({order.once, order.reset, order.load_only, knobs_.shares() && (!order.once || knobs_.leased)});
  worker_ = std::move(others_.back());
  others_.pop_back();
}

void World::end_of(Worker& worker, Result<relay::RelayStats> result) {
  trace_counters(log_, worker.relay->stats());
  if (!result) {
    const ErrorKind kind = result.error().kind;
    log_.debug("a relay ends", {{"why", to_string(result.error())}});
    // Of two relays of one name, the one whose acquisition comes last goes on, which need not be the one started last.
    const bool replaced = kind == ErrorKind::fenced && (coverage_.doubles > 0 || worker.beside);
    // Who comes while there is no lease table goes again.
    const bool without_leases = kind == ErrorKind::not_found && leases_.is_gone();
    if (kind == ErrorKind::gap) {
      gap_ = true;
    } else if (!replaced && !without_leases && !failure_) {
      failure_ = result.error();
    }
  }
  worker.result = std::move(result);
}

void World::kill_worker() {
  if (!worker_) return;
  log_.debug("the relay is killed");
  trace_counters(log_, worker_->relay->stats());
  coverage_.scans += worker_->scans();
  coverage_.gaps += worker_->relay->stats().counts.gaps;
  worker_->die();
  others_.push_back(std::move(worker_));
  for (const auto& other : others_) {
    if (other->beside && random_.below(2) == 0) other->relay.reset();
  }
}

void World::double_worker() {
  if (!worker_) return;
  ++coverage_.doubles;
  note_fault("relay", "a second one of the same name");
  Worker* first = worker_.get();
  others_.push_back(std::move(worker_));
  if (random_.below(2) == 0) {
    first->loop.freeze();
    loop_.after(seconds(random_.below(1200)), [first] { first->loop.thaw(); });
  }
  start_worker();
}

void World::freeze_worker() {
  if (!worker_) return;
  ++coverage_.freezes;
  note_fault("relay", "its process stops for a while");
  Worker* frozen = worker_.get();
  frozen->loop.freeze();
  live_on(minutes(10) + seconds(random_.below(600)));
  frozen->loop.thaw();
}

void World::load_again() {
  if (!worker_) return;
  if (random_.below(2) == 0) {
    start({.load_only = true});
    return;
  }
  kill_worker();
  start_worker({.reset = true});
}

void World::start_helpers() {
  for (int i = 1; i < knobs_.workers; ++i) start({.shares = true});
}

void World::move_helper() {
  note_fault("relay", "one of many workers comes or goes");
  const auto lives = [](const auto& other) { return other->lives(); };
  const auto living = static_cast<uint64_t>(std::ranges::count_if(others_, lives));
  if (living == 0 || random_.below(2) == 0) {
    start({.shares = true});
    return;
  }
  uint64_t which = random_.below(living);
  for (const auto& other : others_) {
    if (!lives(other) || which-- != 0) continue;
    if (random_.below(2) == 0) return other->relay->stop();
    ++coverage_.kills;
    other->die();
    return;
  }
}

Worker* World::any_living() {
  std::vector<Worker*> living;
  for (const auto& other : others_) {
    if (other->lives()) living.push_back(other.get());
  }
  if (worker_ && worker_->lives()) living.push_back(worker_.get());
  return living.empty() ? nullptr : living[random_.below(living.size())];
}

/// At once, or after a while in which what it sends arrives and what it hears is old.
void World::cut_off_worker(Worker& worker, Duration time) {
  const Duration late = random_.below(2) == 0 ? seconds(4 + random_.below(5)) : Duration{};
  if (late > Duration{}) {
    note_fault(worker.name.str(), "answers about leases come late by " + format_duration(late));
    leases_.answer_late(worker.line, time, late);
  }
  loop_.after(late > Duration{} ? time : Duration{}, [this, &worker, time] {
    note_fault(worker.name.str(), "it does not reach the leases for " + format_duration(time));
    leases_.cut_off(worker.line, time);
  });
}

/// One of them, one that is finished where there is one, or all: of the stream's, or, while there are some, of a load's
/// segments.
void World::delete_leases() {
  watch_.look();
  const bool of_load = std::ranges::any_of(watch_.rows(), [](const auto& row) { return shards::is_segment(row.first); }) &&
                       random_.below(2) == 0;
  std::vector<aws::ShardId> all, finished;
  for (const auto& [shard, lease] : watch_.rows()) {
    if (shards::is_segment(shard) != of_load) continue;
    all.push_back(shard);
    if (lease.finished()) finished.push_back(shard);
  }
  if (all.empty()) return;
  const uint64_t how = random_.below(4);
  const std::vector<aws::ShardId>& from = how == 1 && !finished.empty() ? finished : all;
  const std::vector<aws::ShardId> chosen = how == 0 ? all : std::vector{from[random_.below(from.size())]};
  ++(of_load ? coverage_.segments_deleted : coverage_.deletions);
  for (const aws::ShardId& shard : chosen) {
    note_fault("leases", "somebody deletes the row of " + shard.str());
    leases_.erase(shard);
    watch_.forgive(shard);
  }
}

void World::inject_lease_fault() {
  const auto struck = [this](double probability) { return random_.fraction() < probability; };
  const LeaseKnobs& knobs = knobs_.leases;
  // A load is over soon.
  const double deleted = load_state() == coordination::LoadState::running ? 10 * knobs.deleted : knobs.deleted;
  if (knobs.deleted > 0 && struck(deleted)) delete_leases();
  if (struck(knobs.gone)) {
    note_fault("leases", "the table is gone for a minute");
    leases_.be_gone_for(seconds(60));
  }
  const bool cut_off = struck(knobs.cut_off), asleep = struck(knobs.asleep), jumps = struck(knobs.clock_jumps);
  Worker* worker = any_living();
  if (worker == nullptr) return;
  const Duration time = seconds(1 + random_.below(40));
  if (cut_off) cut_off_worker(*worker, time);
  if (asleep && !worker->loop.frozen()) {
    note_fault(worker->name.str(), "it sleeps for " + format_duration(time));
    worker->loop.freeze();
    loop_.after(time, [worker] { worker->loop.thaw(); });
  }
  if (jumps) {
    note_fault(worker->name.str(), "its calendar is set");
    worker->clock.jump(minutes(random_.below(240)) - minutes(120));
  }
}

void World::lose_a_day() {
  // What was trimmed before the relay's first acquisition was never promised.
  if (!worker_ || state_.positions.empty()) return;
  note_fault("relay", "nothing is relayed for 25 hours");
  ++coverage_.days;
  upstream_.change();
  checker_.learn();
  const bool dies = random_.below(2) == 0;
  Worker* lost = worker_.get();
  if (dies) kill_worker();
  if (!dies) lost->loop.freeze();
  live_on(hours(25));
  if (dies) {
    ++coverage_.kills;
    start_worker();
  } else {
    lost->loop.thaw();
  }
}

void World::raise_epoch() {
  for (auto& [name, record] : state_.records) {
    log_.debug("the epoch is raised", {{"table", name}});
    ++record.epoch;
    ++coverage_.epochs;
  }
}

void World::pause_target() {
  note_fault("target", "down for a minute");
  target_knobs_.down = true;
  loop_.after(seconds(60), [this] {
    target_knobs_.down = false;
    target_back_ = loop_.monotonic();
  });
}

void World::fill_target() {
  note_fault("target", "full for a while");
  target_knobs_.full = true;
  loop_.after(seconds(30 + random_.below(600)), [this] { target_knobs_.full = false; });
}

void World::live_on(Duration time) {
  loop_.after(time, [] {});  // or a loop at rest would not let it pass
  // Whatever becomes of a lease is looked at when it happens: rows may go within a quiet hour.
  loop_.run_until(
      [this] {
        if (knobs_.leased) watch_.look();
        return false;
      },
      time);
}

/// Whoever has ended is pushed nothing any more.
void World::bury_the_ended() {
  for (const auto& other : others_) {
    if (other->relay && other->result && other->fan_out) other->die();
  }
}

/// What may follow a change.
void World::inject_fault() {
  const auto struck = [this](double probability) { return random_.fraction() < probability; };
  bury_the_ended();
  if (struck(knobs_.resharded)) upstream_.reshard();
  if (struck(knobs_.paused_target)) pause_target();
  if (knobs_.filled_target > 0 && struck(knobs_.filled_target)) fill_target();
  if (struck(knobs_.doubled)) double_worker();
  if (knobs_.shares() && struck(knobs_.moved)) move_helper();
  if (knobs_.leased) inject_lease_fault();
  if (struck(knobs_.epoch_raised)) raise_epoch();
  if (knobs_.reloaded > 0 && struck(knobs_.reloaded)) load_again();
  if (struck(knobs_.quiet)) live_on(seconds(30 + random_.below(600)));
  if (struck(knobs_.frozen)) freeze_worker();
  if (knobs_.away > 0 && struck(knobs_.away)) lose_a_day();
  if (struck(knobs_.killed)) {
    live_on(milliseconds(random_.below(1000)));
    kill_worker();
    ++coverage_.kills;
    live_on(milliseconds(random_.below(5000)));
    start_worker();
  }
}

std::optional<std::string> World::look() {
  if (failure_) return "the relay failed: " + to_string(*failure_);
  const relay::RelayStats stats = worker_ && worker_->relay ? worker_->relay->stats() : relay::RelayStats{};
  if (stats.memory_used > knobs_.max_memory) return fmt::format("{} bytes of memory are used", stats.memory_used);
  if (knobs_.loads()) look_at_readiness();
  if (auto wrong = look_for_superseded()) return wrong;
  if (stats.counts.gaps > 0 && !knobs_.lost_day) return "a gap is reported where nothing was missed";
  if (knobs_.leased) look_at_leases();
  if (watch_.wrong()) return watch_.wrong();
  return checker_.look();
}

/// A lease stands no further than the target holds.
void World::look_at_leases() {
  watch_.look();
  for (const auto& [shard, lease] : watch_.rows()) {
    if (const auto position = coordination::position_of(lease)) checker_.check_position(shard, *position);
  }
}

/// Whether another worker has taken all that was the relay's.
bool World::is_superseded(Worker& worker) {
  using State = relay::RelayView::State;
  const relay::RelayView view = worker.relay->view();
  const auto rows = state_.positions.find(view.name);
  if (rows == state_.positions.end() || rows->second.empty()) return false;
  const bool holds = std::ranges::any_of(rows->second, [&](const auto& row) { return row.second.worker == worker.name; });
  worker.acquired = worker.acquired || holds;
  return worker.acquired && !holds && (view.state == State::running || view.state == State::loading);
}

/// Where writes are fenced, and nothing hinders it, it has ended 5 seconds later, idle or not.
std::optional<std::string> World::look_for_superseded() {
  if (!knobs_.target.transactional || knobs_.target.lost_request > 0 || knobs_.shares()) return {};
  for (const auto& other : others_) {
    const bool runs = other->relay && !other->result && !other->beside && !other->loop.frozen() && !target_knobs_.down;
    if (!runs || !is_superseded(*other)) {
      other->superseded.reset();
      continue;
    }
    if (!other->superseded) other->superseded = loop_.monotonic();
    if (loop_.monotonic() - std::max(*other->superseded, target_back_) > seconds(5))
      return other->name.str() + " goes on although its shards were taken over";
  }
  return {};
}

/// Whether the relay knows the table's epoch. Until it learns that another load has begun, "ready" is about the last one.
bool World::informed() const {
  const auto record = state_.records.find(std::string("public.") + kTable);
  if (!worker_ || record == state_.records.end()) return false;
  return std::ranges::all_of(state_.positions, [&](const auto& relay) {
    if (relay.first.str().starts_with("scan:")) return true;
    return std::ranges::all_of(relay.second, [&](const auto& row) {
      return row.second.position.ended() ||
             (row.second.epoch == record->second.epoch && (knobs_.shares() || row.second.worker == worker_->name));
    });
  });
}

/// Each of many workers says it for itself.
void World::look_at_readiness() {
  if (worker_ && worker_->relay) look_at_readiness(*worker_);
  for (const auto& other : others_) {
    if (knobs_.shares() && other->lives()) look_at_readiness(*other);
  }
}

void World::look_at_readiness(Worker& worker) {
  const bool is_ready = worker.relay->stats().table_ready;
  if (std::exchange(worker.ready, is_ready) == is_ready || !is_ready || !informed()) return;
  // A listing that lacks a page is not found out: of a shard that was split it may show one child.
  const bool may_lack_pages = faults_.racing_listing > 0 && knobs_.listing_page < 100;
  if (knobs_.source == SourceKind::streams && may_lack_pages) return;
  ++coverage_.readies;
  log_.debug("the relay says that the table is ready");
  checker_.on_ready();
}

/// The load's world: changes that come before there is a relay.
void World::live_without_relay() {
  const uint64_t changes = random_.below(40);
  for (uint64_t i = 0; i < changes; ++i) {
    upstream_.change();
    live_on(milliseconds(random_.below(30'000)));
  }
}

std::optional<std::string> World::run() {
  if (knobs_.loads()) live_without_relay();
  start_worker();
  start_helpers();
  const int lost_at = knobs_.lost_day ? static_cast<int>(random_.below(static_cast<uint64_t>(knobs_.changes))) : -1;
  for (int i = 0; i < knobs_.changes && !gap_; ++i) {
    upstream_.change();
    inject_fault();
    if (i == lost_at) lose_a_day();
    live_on(knobs_.between_changes);
    if (auto wrong = look()) return wrong;
  }
  if (gap_) {
    ++coverage_.gaps;
    if (!knobs_.lost_day) return "a gap is reported where nothing was missed";
    return {};
  }
  return settle();
}

/// Lets everything that is delayed arrive, then has a bounded run on a perfect day bring the target to rest.
std::optional<std::string> World::settle() {
  live_on(seconds(90));
  upstream_.deliver_all();
  kill_worker();
  for (const auto& other : others_) other->die();
  live_on(knobs_.target.straggler > 0 ? knobs_.target.straggle_by : Duration(seconds(60)));
  faults_ = {};
  leases_.end_faults();
  target_knobs_.lost_request = target_knobs_.lost_reply = target_knobs_.torn_write = target_knobs_.straggler = 0;
  target_knobs_.down = target_knobs_.full = false;
  if (auto wrong = become_ready(); wrong || gap_) return wrong ? wrong : verdict_of_last_run();
  if (knobs_.switched_off && knobs_.source == SourceKind::streams) upstream_.switch_stream_off();
  start_worker({.once = true});
  const bool finished = loop_.run_until([this] { return worker_->result.has_value(); }, minutes(60));
  if (!finished) {
    const relay::RelayStats now = worker_->relay->stats();
    return fmt::format(
        "the last run does not come to an end: {} shards read, {} reading, {} waiting, trouble '{}', memory {}",
        now.counts.shards, now.shards_reading, now.shards_waiting, now.outage_error, now.memory_used);
  }
  return verdict_of_last_run();
}

coordination::LoadState World::load_state() const {
  const auto record = state_.records.find(std::string("public.") + kTable);
  return record == state_.records.end() ? coordination::LoadState::none : record->second.load;
}

/// A table that is loaded is ready in the end, and a load that was begun is complete.
std::optional<std::string> World::become_ready() {
  using coordination::LoadState;
  if (!knobs_.loads()) return {};
  start_worker();
  for (int minute = 0; minute < 60; ++minute) {
    live_on(minutes(1));
    if (auto wrong = look()) return wrong;
    if (gap_) return {};
    const bool complete = load_state() == LoadState::complete || (load_state() == LoadState::none && !knobs_.snapshot);
    if (!complete || (knobs_.snapshot && !worker_->ready)) continue;
    kill_worker();
    return {};
  }
  return "the table is never called ready: its load is " + std::string(to_string(load_state()));
}

std::optional<std::string> World::verdict_of_last_run() {
  if (auto wrong = look()) return wrong;
  if (worker_) coverage_.gaps += worker_->relay->stats().counts.gaps;
  if (gap_) {
    ++coverage_.gaps;
    // A stream that was switched off is read to its end, which is told as a gap: what follows is not in it.
    if (!knobs_.lost_day && !knobs_.switched_off) return "a gap is reported where nothing was missed";
    return knobs_.lost_day ? std::nullopt : checker_.at_rest();
  }
  const relay::RelayStats& stats = **worker_->result;
  if (stats.counts.read != stats.counts.applied + stats.counts.dead_letters + stats.counts.filtered)
    return "the counters do not add up";
  return checker_.at_rest();
}

}  // namespace ctk::simulation
