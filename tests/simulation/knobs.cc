#include "simulation/knobs.h"

#include <fmt/format.h>

#include <algorithm>

namespace ctk::simulation {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// Half of the worlds do without, the others get up to `most` of it.
double sometimes(Random& random, double most) { return random.below(2) == 0 ? 0.0 : random.fraction() * most; }

template <class T, size_t N>
T one_of(Random& random, const T (&choices)[N]) {
  return choices[random.below(N)];
}

void draw_source(WorldKnobs& knobs, Random& random) {
  knobs.source = random.below(2) == 0 ? SourceKind::kinesis : SourceKind::streams;
  knobs.shards = static_cast<int>(1 + random.below(5));
  knobs.resharded = sometimes(random, 0.03);
  if (knobs.source == SourceKind::kinesis) {
    knobs.delivery.repeated = sometimes(random, 0.2);
    knobs.delivery.delayed = sometimes(random, 0.2);
    return;
  }
  knobs.roll_every = one_of<Duration>(random, {seconds(20), minutes(3), hours(4)});
  knobs.listing_page = one_of<size_t>(random, {1, 2, 3, 100});
  knobs.child_filter = one_of(
      random, {sim::ChildFilter::known, sim::ChildFilter::known, sim::ChildFilter::refused, sim::ChildFilter::ignored});
  knobs.switched_off = random.below(8) == 0;
}

void draw_life(WorldKnobs& knobs, Random& random) {
  knobs.items = static_cast<int>(1 + random.below(30));
  knobs.changes = static_cast<int>(50 + random.below(400));
  knobs.between_changes = milliseconds(1 + random.below(600));
  knobs.quiet = sometimes(random, 0.01);
  knobs.killed = sometimes(random, 0.03);
  knobs.frozen = sometimes(random, 0.005);
  knobs.doubled = sometimes(random, 0.01);
  knobs.paused_target = sometimes(random, 0.01);
  knobs.poisoned = random.below(4) == 0 ? random.fraction() * 0.05 : 0;
  knobs.lost_day = random.below(16) == 0;
  knobs.epoch_raised = sometimes(random, 0.01);
  knobs.skew = one_of<Duration>(random, {Duration{}, Duration{}, -minutes(4), minutes(4)});
  knobs.idle_poll = one_of<Duration>(random, {milliseconds(250), seconds(1), seconds(5)});
  knobs.delete_grace = one_of<Duration>(random, {minutes(2), minutes(15)});
  knobs.max_memory = one_of<size_t>(random, {4u << 20, 64u << 20});
}

void draw_faults(WorldKnobs& knobs, Random& random) {
  knobs.service.throttled = sometimes(random, 0.2);
  knobs.service.server_error = sometimes(random, 0.2);
  knobs.service.lost_request = sometimes(random, 0.1);
  knobs.service.lost_answer = sometimes(random, 0.1);
  knobs.service.expired_iterator = sometimes(random, 0.1);
  knobs.service.empty_page = sometimes(random, 0.3);
  knobs.service.racing_listing = sometimes(random, 0.5);
  knobs.service.slow = sometimes(random, 0.1);
  knobs.target.transactional = random.below(2) == 0;
  knobs.target.connections = static_cast<int>(1 + random.below(4));
  knobs.target.batch_rows = 1 + random.below(60);
  knobs.target.write_time = one_of<Duration>(random, {milliseconds(5), milliseconds(5), seconds(1)});
  knobs.target.lost_request = sometimes(random, 0.1);
  knobs.target.lost_reply = sometimes(random, 0.1);
  knobs.target.torn_write = sometimes(random, 0.1);
  knobs.target.straggler = sometimes(random, 0.02);
  knobs.target.poison = "POISON";
}

/// Every third world loads its table; more of them load it once something was lost.
void draw_load(WorldKnobs& knobs, Random& random) {
  knobs.snapshot = random.below(3) == 0;
  knobs.resnapshot = knobs.snapshot ? random.below(2) == 0 : random.below(12) == 0;
  knobs.segments = static_cast<int>(1 + random.below(9));
  knobs.scan_page = one_of<size_t>(random, {200, 2000, 1u << 20});
  const double reloaded = sometimes(random, 0.01);
  const double expiring = sometimes(random, 0.3);
  const auto items = static_cast<int>(1 + random.below(250));
  const auto preloaded = static_cast<int>(random.below(static_cast<uint64_t>(items) + 1));
  const bool lost_day = random.below(4) == 0;
  if (!knobs.loads()) return;
  knobs.reloaded = knobs.snapshot ? reloaded : 0;
  knobs.expiring = expiring;
  knobs.items = items;
  knobs.preloaded = knobs.snapshot ? preloaded : 0;
  knobs.lost_day = knobs.lost_day || (knobs.resnapshot && lost_day);
}

void draw_way(WorldKnobs& knobs, Random& random) {
  knobs.filled_target = random.below(4) == 0 ? random.fraction() * 0.01 : 0;
  const size_t split_above = one_of<size_t>(random, {0, 0, 0, 30, 100});
  if (knobs.source == SourceKind::kinesis) knobs.split_above = split_above;
  // A repetition as late as the grace allows.
  if (random.below(3) == 0) knobs.delivery.again_by = knobs.delete_grace;
  knobs.by_wire = random.below(8) == 0;
  knobs.token_life = one_of<Duration>(random, {minutes(1), minutes(15), hours(24 * 365)});
  knobs.knows_cbor = random.below(2) == 0;
}

/// On demand: the service merges as it splits.
void draw_merges(WorldKnobs& knobs, Random& random) {
  const size_t merge_below = 1 + random.below(30);
  if (knobs.split_above > 0) knobs.merge_below = std::min(merge_below, knobs.split_above / 2);
}

/// Of the worlds that load again where changes are lost every other one is restless: killed all the time, loaded from
/// beside, and left alone for days.
void draw_restless_load(WorldKnobs& knobs, Random& random) {
  const bool restless = random.below(2) == 0;
  const double killed = random.fraction() * 0.08;
  const double away = random.fraction() * 0.01;
  const double reloaded = random.fraction() * 0.02;
  if (!restless || !knobs.resnapshot) return;
  knobs.killed = killed;
  knobs.away = away;
  knobs.lost_day = true;
  if (knobs.snapshot) knobs.reloaded = reloaded;
}

void share(WorldKnobs& knobs, int workers, double moved) {
  knobs.workers = workers;
  knobs.moved = moved;
  // A day that one of them is away is nothing to the others.
  knobs.lost_day = false;
  knobs.away = 0;
  // They load a table once, before they follow it.
  knobs.resnapshot = false;
  knobs.reloaded = 0;
}

/// Every fifth world has many workers, where writes are fenced.
void draw_workers(WorldKnobs& knobs, Random& random) {
  const int workers = static_cast<int>(2 + random.below(3));
  const double moved = sometimes(random, 0.03);
  if (random.below(5) != 0 || !knobs.target.transactional) return;
  share(knobs, workers, moved);
}

/// Every third world has leases, whatever its target is like.
void draw_leases(WorldKnobs& knobs, Random& random) {
  const bool leased = random.below(3) == 0;
  const int workers = static_cast<int>(2 + random.below(3));
  LeaseKnobs leases;
  leases.service.throttled = sometimes(random, 0.2);
  leases.service.server_error = sometimes(random, 0.1);
  leases.service.lost_request = sometimes(random, 0.1);
  leases.service.lost_answer = sometimes(random, 0.1);
  leases.service.slow = sometimes(random, 0.8);
  leases.service.slow_by = milliseconds(100 + random.below(3000));
  leases.late = sometimes(random, 0.1);
  leases.gone = sometimes(random, 0.005);
  leases.cut_off = sometimes(random, 0.03);
  leases.asleep = sometimes(random, 0.02);
  leases.clock_jumps = sometimes(random, 0.01);
  leases.drift = sometimes(random, 0.002);
  const double moved = sometimes(random, 0.03);
  if (!leased) return;
  knobs.leased = true;
  knobs.leases = leases;
  share(knobs, workers, moved);
}

/// Every third life on Kinesis is pushed to, every fourth has aggregates.
void draw_kinesis_ways(WorldKnobs& knobs, Random& random) {
  const bool fan_out = random.below(3) == 0;
  const bool aggregates = random.below(4) == 0;
  const size_t pushed_ahead = one_of<size_t>(random, {2000, 8u << 20});
  const double cut = sometimes(random, 0.1), spoilt = sometimes(random, 0.1);
  const double silent = sometimes(random, 0.02), refused = sometimes(random, 0.1);
  if (knobs.source != SourceKind::kinesis) return;
  knobs.aggregates = aggregates;
  if (!fan_out || knobs.by_wire) return;
  knobs.fan_out = true;
  knobs.pushed_ahead = pushed_ahead;
  knobs.service.cut_push = cut;
  knobs.service.spoilt_push = spoilt;
  knobs.service.silent_push = silent;
  knobs.service.refused_push = refused;
}

/// Every fourth world with leases has somebody who deletes rows of them.
void draw_deletions(WorldKnobs& knobs, Random& random) {
  const bool deletes = random.below(4) == 0;
  const double deleted = random.fraction() * 0.02;
  if (knobs.leased && deletes) knobs.leases.deleted = deleted;
}

/// Every eighth world with leases is crowded: five to ten workers share a handful of shards. Nobody deletes rows there:
/// where so many come at once, one finds a child's row that begins at a time while its parent's is deleted (decision 0026).
void draw_crowd(WorldKnobs& knobs, Random& random) {
  const bool crowded = random.below(8) == 0;
  const int workers = static_cast<int>(5 + random.below(6));
  if (!knobs.leased || !crowded) return;
  knobs.workers = workers;
  knobs.leases.deleted = 0;
}

/// What no relay can survive, or ours is known not to.
void leave_out(WorldKnobs& knobs) {
  // Without a load that begins the new epoch, a record that comes late would carry it over newer rows of the old one.
  const bool late =
      knobs.delivery.delayed > 0 || knobs.delivery.repeated > 0 || knobs.target.straggler > 0 || knobs.aggregates;
  if (late || !knobs.target.transactional || knobs.loads()) knobs.epoch_raised = 0;
  // Thousands of generations of shards would take as many steps to read.
  if (knobs.lost_day) knobs.roll_every = hours(4);
  // So would looking at the rows of all of them after each step.
  if (knobs.leased) knobs.roll_every = std::max<Duration>(knobs.roll_every, minutes(2));
}

}  // namespace

std::string_view to_string(SourceKind source) { return source == SourceKind::kinesis ? "kinesis" : "streams"; }

WorldKnobs draw_knobs(Random& random) {
  WorldKnobs knobs;
  draw_source(knobs, random);
  draw_life(knobs, random);
  draw_faults(knobs, random);
  draw_load(knobs, random);
  draw_way(knobs, random);
  draw_merges(knobs, random);
  draw_restless_load(knobs, random);
  draw_workers(knobs, random);
  draw_leases(knobs, random);
  knobs.history = random.below(2) == 0 && knobs.target.transactional;
  draw_kinesis_ways(knobs, random);
  draw_deletions(knobs, random);
  draw_crowd(knobs, random);
  leave_out(knobs);
  return knobs;
}

WorldKnobs knobs_of(uint64_t seed) {
  Random random(seed);
  return draw_knobs(random);
}

std::string to_text(const Coverage& c) {
  return fmt::format(
      "{} lives on DynamoDB Streams, {} with loads, {} by the wire, {} by fan-out, {} with aggregates; {} changes, {} "
      "expired, {} faults, {} rolls, {} "
      "splits, "
      "{} merges, {} restarts, {} freezes, {} second relays, {} days away, {} epochs raised, {} gaps, {} loads, {} Scans, "
      "{} times ready, {} lives with many workers, {} of them with leases, {} shards given to "
      "another, {} deletions of leases, {} of segments, {} lives with a "
      "history, "
      "{} events in them, {} swept, {} dead letters, {} writes, {} positions pruned",
      c.lives_on_streams, c.lives_with_loads, c.lives_by_wire, c.lives_by_fan_out, c.lives_with_aggregates, c.changes,
      c.expired, c.faults, c.rolls, c.splits, c.merges, c.kills, c.freezes, c.doubles, c.days, c.epochs, c.gaps, c.loads,
      c.scans, c.readies, c.lives_shared, c.lives_leased, c.moves, c.deletions, c.segments_deleted, c.lives_with_history,
      c.events, c.swept, c.dead_letters, c.writes, c.pruned);
}

void Coverage::add(const Coverage& other) {
  lives_on_streams += other.lives_on_streams;
  lives_with_loads += other.lives_with_loads;
  lives_by_wire += other.lives_by_wire;
  lives_with_history += other.lives_with_history;
  lives_by_fan_out += other.lives_by_fan_out;
  lives_with_aggregates += other.lives_with_aggregates;
  events += other.events;
  changes += other.changes;
  writes += other.writes;
  swept += other.swept;
  pruned += other.pruned;
  dead_letters += other.dead_letters;
  rolls += other.rolls;
  splits += other.splits;
  merges += other.merges;
  kills += other.kills;
  freezes += other.freezes;
  doubles += other.doubles;
  days += other.days;
  epochs += other.epochs;
  gaps += other.gaps;
  lives_shared += other.lives_shared;
  lives_leased += other.lives_leased;
  moves += other.moves;
  deletions += other.deletions;
  segments_deleted += other.segments_deleted;
  drained += other.drained;
  dropped += other.dropped;
  loads += other.loads;
  scans += other.scans;
  expired += other.expired;
  readies += other.readies;
  faults += other.faults;
}

}  // namespace ctk::simulation
