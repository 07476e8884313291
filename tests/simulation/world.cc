#include "simulation/world.h"

#include <fmt/format.h>

#include <utility>

#include "relay/kinesis_source.h"
#include "relay/streams_source.h"
#include "sim/dynamodb_api.h"
#include "sim/kinesis_api.h"

namespace ctk::simulation {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const Timestamp kStart = from_micros(1'795'000'000'000'000);

}  // namespace

/// One process's life: its clock and loop, the way to the services, source, sink and relay.
struct World::Worker {
  Worker(VirtualLoop& world, Duration skew) : loop(world), clock(world, skew), executor(loop) {}

  FreezableLoop loop;
  SkewedClock clock;
  InlineExecutor executor;
  std::unique_ptr<aws::KinesisApi> kinesis;
  std::unique_ptr<aws::DynamoDbApi> tables;
  std::unique_ptr<aws::DynamoDbStreamsApi> streams;
  std::unique_ptr<relay::Source> source;
  std::unique_ptr<sink::Sink> sink;
  std::unique_ptr<relay::Relay> relay;
  std::optional<Result<relay::RelayStats>> result;
  bool replaced = false;  ///< another one of its name was started
};

std::optional<std::string> live(uint64_t seed, Coverage& coverage, std::ostream* trace, Parts* parts) {
  Random random(seed);
  World world(seed, draw_knobs(random), trace, parts);
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
      far_side_(knobs_, random_, loop_, log_, [this](auto where, auto what) { misfortune(where, what); }),
      faults_(knobs_.service),
      checker_(far_side_, state_),
      parts_(parts == nullptr ? right_ : *parts) {
  log_.debug("a world begins", {{"source", to_string(knobs_.source)},
                                {"transactions", knobs_.target.transactional ? "yes" : "no"},
                                {"connections", knobs_.target.connections},
                                {"batch_rows", knobs_.target.batch_rows},
                                {"skew", format_duration(knobs_.skew)},
                                {"roll_every", format_duration(knobs_.roll_every)}});
}

World::~World() = default;

Coverage World::coverage() const {
  Coverage out = coverage_;
  out.add(far_side_.coverage());
  out.rolls += far_side_.rolls();
  out.lives_on_streams = knobs_.source == SourceKind::streams ? 1 : 0;
  out.writes = state_.writes;
  out.dead_letters = state_.dead_letters.size();
  for (const auto& [table, rows] : state_.swept) out.swept += rows.size();
  return out;
}

void World::misfortune(std::string_view where, std::string_view what) {
  ++coverage_.faults;
  log_.debug(what, {{"at", where}});
}

std::unique_ptr<relay::Source> World::make_source(Worker& worker) {
  const sim::ApiEnvironment environment{loop_, loop_, random_, [this](auto where, auto what) { misfortune(where, what); },
                                        &worker.loop};
  sim::ApiSettings settings;
  settings.faults = faults_;
  if (knobs_.source == SourceKind::kinesis) {
    worker.kinesis = parts_.kinesis(std::make_unique<sim::KinesisApi>(far_side_.kinesis(), environment, settings));
    return relay::make_kinesis_source(*worker.kinesis, {aws::StreamName(kStream), false, 1}, worker.loop, worker.clock);
  }
  worker.tables = std::make_unique<sim::DynamoDbApi>(far_side_.dynamodb(), environment, settings);
  worker.streams = parts_.streams(std::make_unique<sim::DynamoDbStreamsApi>(far_side_.streams(), environment, settings));
  return relay::make_streams_source(*worker.tables, *worker.streams, {kTable, false}, worker.loop, worker.clock);
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

relay::RelayOptions World::options(bool once) const {
  relay::RelayOptions options;
  options.once = once;
  options.schema = "public";
  options.table = kTable;
  options.worker = coordination::WorkerName("worker-" + std::to_string(workers_));
  options.start_timeout = hours(40);
  options.give_up = hours(40);
  options.idle_poll = knobs_.idle_poll;
  options.delete_grace = knobs_.delete_grace;
  options.max_memory = knobs_.max_memory;
  options.kind = knobs_.source == SourceKind::kinesis ? dynamodb::VersionKind::kinesis : dynamodb::VersionKind::streams;
  return options;
}

void World::start_worker(bool once) {
  ++workers_;
  log_.debug("a relay starts", {{"once", once ? "yes" : "no"}});
  auto worker = std::make_unique<Worker>(loop_, knobs_.skew);
  worker->source = parts_.source(make_source(*worker));
  worker->sink = parts_.sink(
      sim::connect_target(state_, target_knobs_,
                          {loop_, loop_, random_, [this](auto where, auto what) { misfortune(where, what); }, &worker->loop,
                           parts_.rules(), [this](const sink::Batch& batch) { on_write(batch); }}));
  worker->relay =
      std::make_unique<relay::Relay>(options(once), *worker->source, *worker->sink,
                                     relay::RelayEnvironment{worker->loop, worker->clock, random_, log_, worker->executor});
  Worker* raw = worker.get();
  worker_ = std::move(worker);
  raw->relay->run([this, raw](Result<relay::RelayStats> result) { end_of(*raw, std::move(result)); });
}

void World::end_of(Worker& worker, Result<relay::RelayStats> result) {
  if (!result) {
    const ErrorKind kind = result.error().kind;
    log_.debug("a relay ends", {{"why", to_string(result.error())}});
    // Of two relays of one name, the one whose claim comes last goes on, which need not be the one started last.
    const bool replaced = kind == ErrorKind::fenced && coverage_.doubles > 0;
    if (kind == ErrorKind::gap) {
      gap_ = true;
    } else if (!replaced && !failure_) {
      failure_ = result.error();
    }
  }
  worker.result = std::move(result);
}

void World::kill_worker() {
  if (!worker_) return;
  log_.debug("the relay is killed");
  worker_->relay.reset();
  dead_.push_back(std::move(worker_));
}

void World::double_worker() {
  if (!worker_) return;
  ++coverage_.doubles;
  misfortune("relay", "a second one of the same name");
  Worker* first = worker_.get();
  first->replaced = true;
  dead_.push_back(std::move(worker_));
  if (random_.below(2) == 0) {
    first->loop.freeze();
    loop_.after(seconds(random_.below(1200)), [first] { first->loop.thaw(); });
  }
  start_worker(false);
}

void World::freeze_worker() {
  if (!worker_) return;
  ++coverage_.freezes;
  misfortune("relay", "its process stops for a while");
  Worker* frozen = worker_.get();
  frozen->loop.freeze();
  live_on(minutes(10) + seconds(random_.below(600)));
  frozen->loop.thaw();
}

bool World::everything_was_read() const {
  for (const auto& [relay, rows] : state_.positions) {
    for (const auto& [shard, row] : rows) {
      if (!row.position.ended() && row.read_to == kNoTime) return false;
    }
  }
  return !state_.positions.empty();
}

void World::lose_a_day() {
  live_on(minutes(5));
  // Of a shard that was never read nobody knows yet what is missing.
  if (!worker_ || !everything_was_read()) return;
  misfortune("relay", "nothing is relayed for 25 hours");
  far_side_.change();
  const bool dies = random_.below(2) == 0;
  Worker* lost = worker_.get();
  if (dies) kill_worker();
  if (!dies) lost->loop.freeze();
  live_on(hours(25));
  if (dies) {
    ++coverage_.kills;
    start_worker(false);
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
  misfortune("target", "down for a minute");
  target_knobs_.down = true;
  loop_.after(seconds(60), [this] { target_knobs_.down = false; });
}

void World::live_on(Duration time) {
  loop_.after(time, [] {});  // or a loop at rest would not let it pass
  loop_.run_until([] { return false; }, time);
}

/// What may follow a change.
void World::strike() {
  const auto struck = [this](double probability) { return random_.fraction() < probability; };
  if (struck(knobs_.resharded)) far_side_.reshard();
  if (struck(knobs_.paused_target)) pause_target();
  if (struck(knobs_.doubled)) double_worker();
  if (struck(knobs_.epoch_raised)) raise_epoch();
  if (struck(knobs_.quiet)) live_on(seconds(30 + random_.below(600)));
  if (struck(knobs_.frozen)) freeze_worker();
  if (struck(knobs_.killed)) {
    live_on(milliseconds(random_.below(1000)));
    kill_worker();
    ++coverage_.kills;
    live_on(milliseconds(random_.below(5000)));
    start_worker(false);
  }
}

std::optional<std::string> World::look() {
  if (failure_) return "the relay failed: " + to_string(*failure_);
  const relay::RelayStats stats = worker_ && worker_->relay ? worker_->relay->stats() : relay::RelayStats{};
  if (stats.memory_used > knobs_.max_memory) return fmt::format("{} bytes of memory are used", stats.memory_used);
  return checker_.look();
}

std::optional<std::string> World::run() {
  start_worker(false);
  const int lost_at = knobs_.lost_day ? static_cast<int>(random_.below(static_cast<uint64_t>(knobs_.changes))) : -1;
  for (int i = 0; i < knobs_.changes && !gap_; ++i) {
    far_side_.change();
    strike();
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
  far_side_.deliver_all();
  if (knobs_.switched_off && knobs_.source == SourceKind::streams) far_side_.switch_stream_off();
  kill_worker();
  for (const auto& doubled : dead_) doubled->relay.reset();
  live_on(knobs_.target.straggler > 0 ? knobs_.target.straggle_by : Duration(seconds(60)));
  faults_ = {};
  target_knobs_.lost_request = target_knobs_.lost_reply = target_knobs_.torn_write = target_knobs_.straggler = 0;
  target_knobs_.down = false;
  start_worker(true);
  const bool finished = loop_.run_until([this] { return worker_->result.has_value(); }, minutes(60));
  if (!finished) {
    const relay::RelayStats now = worker_->relay->stats();
    return fmt::format(
        "the last run does not come to an end: {} shards read, {} reading, {} waiting, trouble '{}', memory {}", now.shards,
        now.shards_reading, now.shards_waiting, now.trouble, now.memory_used);
  }
  return verdict_of_last_run();
}

std::optional<std::string> World::verdict_of_last_run() {
  if (auto wrong = look()) return wrong;
  if (gap_) {
    ++coverage_.gaps;
    // A stream that was switched off is read to its end, which is told as a gap: what follows is not in it.
    if (!knobs_.lost_day && !knobs_.switched_off) return "a gap is reported where nothing was missed";
    return knobs_.lost_day ? std::nullopt : checker_.at_rest();
  }
  const relay::RelayStats& stats = **worker_->result;
  if (stats.read != stats.applied + stats.dead_letters + stats.filtered) return "the counters do not add up";
  return checker_.at_rest();
}

}  // namespace ctk::simulation
