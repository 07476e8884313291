#include "simulation/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace ctk::simulation {
namespace {

constexpr const char* kStream = "cdc";
constexpr const char* kTable = "demo";
const Timestamp kStart = from_micros(1'795'000'000'000'000);

std::string image(const std::string& key, int value) {
  return fmt::format(R"({{"pk":{{"S":"{}"}},"v":{{"N":"{}"}}}})", key, value);
}

/// A record as "Kinesis Data Streams for DynamoDB" writes it.
std::string record(const std::string& key, std::optional<int> before, std::optional<int> after, int64_t micros,
                   uint64_t event) {
  const char* name = !after ? "REMOVE" : before ? "MODIFY" : "INSERT";
  std::string images;
  if (after) images += R"(,"NewImage":)" + image(key, *after);
  if (before) images += R"(,"OldImage":)" + image(key, *before);
  return fmt::format(
      R"({{"awsRegion":"us-east-1","eventID":"{:016x}","eventName":"{}","userIdentity":null,"recordFormat":"application/json",)"
      R"("tableName":"{}","dynamodb":{{"ApproximateCreationDateTime":{},"Keys":{{"pk":{{"S":"{}"}}}}{},"SizeBytes":20,)"
      R"("ApproximateCreationDateTimePrecision":"MICROSECOND"}},"eventSource":"aws:dynamodb"}})",
      event, name, kTable, micros, key, images);
}

}  // namespace

/// One process's life: source, sink and relay.
struct World::Worker {
  std::unique_ptr<relay::Source> source;
  std::unique_ptr<sink::Sink> sink;
  std::unique_ptr<relay::Relay> relay;
  std::optional<Result<relay::RelayStats>> result;
};

WorldKnobs draw_knobs(Random& random) {
  const auto sometimes = [&random](double most) { return random.below(2) == 0 ? 0.0 : random.fraction() * most; };
  WorldKnobs knobs;
  knobs.shards = static_cast<int>(1 + random.below(5));
  knobs.items = static_cast<int>(1 + random.below(30));
  knobs.changes = static_cast<int>(50 + random.below(400));
  knobs.between_changes = std::chrono::milliseconds(1 + random.below(600));
  knobs.repeated = sometimes(0.2);
  knobs.delayed = sometimes(0.2);
  knobs.resharded = sometimes(0.03);
  knobs.killed = sometimes(0.03);
  knobs.doubled = sometimes(0.01);
  // Without a load that begins the new epoch, a record that comes late would carry it over newer rows of the old one.
  knobs.epoch_raised = knobs.delayed == 0 && knobs.repeated == 0 ? sometimes(0.01) : 0;
  knobs.paused_target = sometimes(0.01);
  knobs.service.throttled = sometimes(0.2);
  knobs.service.server_error = sometimes(0.2);
  knobs.service.lost_request = sometimes(0.1);
  knobs.service.lost_answer = sometimes(0.1);
  knobs.service.expired_iterator = sometimes(0.1);
  knobs.service.empty_page = sometimes(0.3);
  knobs.service.slow = sometimes(0.1);
  knobs.target.transactional = random.below(2) == 0;
  knobs.target.connections = static_cast<int>(1 + random.below(4));
  knobs.target.batch_rows = 1 + random.below(60);
  knobs.target.lost_request = sometimes(0.1);
  knobs.target.lost_reply = sometimes(0.1);
  knobs.target.torn_write = sometimes(0.1);
  return knobs;
}

void Coverage::add(const Coverage& other) {
  changes += other.changes;
  records += other.records;
  reshards += other.reshards;
  kills += other.kills;
  doubles += other.doubles;
  epochs += other.epochs;
  writes += other.writes;
  faults += other.faults;
}

std::optional<std::string> live(uint64_t seed, Coverage& coverage, std::ostream* trace) {
  Random random(seed);
  World world(seed, draw_knobs(random), trace);
  std::optional<std::string> wrong = world.run();
  coverage.add(world.coverage());
  return wrong;
}

World::World(uint64_t seed, WorldKnobs knobs, std::ostream* trace)
    : knobs_(std::move(knobs)),
      random_(seed),
      loop_(kStart),
      log_(trace, loop_),
      executor_(loop_),
      kinesis_({}),
      api_(kinesis_, {loop_, loop_, random_, [this](auto where, auto what) { misfortune(where, what); }}) {
  kinesis_.options().give_children = random_.below(2) == 0;
  kinesis_.options().end_with_records = random_.below(2) == 0;
  api_.settings().faults = knobs_.service;
  if (!kinesis_.create_stream(kStream, knobs_.shards, loop_.now()))
    throw std::logic_error("an empty service has no such stream");
}

World::~World() = default;

void World::misfortune(std::string_view where, std::string_view what) {
  ++coverage_.faults;
  log_.debug(what, {{"at", where}});
}

void World::start_worker(bool once) {
  log_.debug("a relay starts", {{"once", once ? "yes" : "no"}});
  auto worker = std::make_unique<Worker>();
  worker->source = relay::make_kinesis_source(api_, {aws::StreamName(kStream), false, 1}, loop_, loop_);
  worker->sink = sim::connect_target(state_, knobs_.target,
                                     {loop_, loop_, random_, [this](auto where, auto what) { misfortune(where, what); }});
  relay::RelayOptions options;
  options.once = once;
  options.schema = "public";
  options.table = kTable;
  options.worker = coordination::WorkerName("worker-" + std::to_string(coverage_.kills));
  options.start_timeout = std::chrono::hours(10);
  options.give_up = std::chrono::hours(10);
  worker->relay = std::make_unique<relay::Relay>(options, *worker->source, *worker->sink,
                                                 relay::RelayEnvironment{loop_, loop_, random_, log_, executor_});
  Worker* raw = worker.get();
  worker->relay->run([this, raw](Result<relay::RelayStats> result) {
    // Of two relays of one name, the one whose claim comes last goes on, which need not be the one started last.
    const bool replaced = !result && result.error().kind == ErrorKind::fenced && coverage_.doubles > 0;
    if (!result && !replaced && !failure_) failure_ = result.error();
    raw->result = std::move(result);
  });
  worker_ = std::move(worker);
}

void World::kill_worker() {
  if (!worker_) return;
  log_.debug("the relay is killed");
  worker_->relay.reset();
  dead_.push_back(std::move(worker_));
  ++coverage_.kills;
}

void World::double_worker() {
  if (!worker_ || !knobs_.target.transactional) return;
  ++coverage_.doubles;
  misfortune("relay", "a second one of the same name");
  dead_.push_back(std::move(worker_));
  start_worker(false);
}

void World::raise_epoch() {
  for (auto& [name, record] : state_.records) {
    log_.debug("the epoch is raised", {{"table", name}});
    ++record.epoch;
    ++coverage_.epochs;
  }
}

void World::put_record(std::string data, const std::string& key) {
  ++coverage_.records;
  sim::PutInput input;
  input.stream = kStream;
  input.data = std::move(data);
  input.partition_key = key;
  const auto put = kinesis_.put_record(input, loop_.now());
  if (put) log_.debug("record", {{"item", key}, {"shard", put->shard.str()}, {"sequence", put->sequence}});
}

void World::change_something() {
  const std::string key = "item-" + std::to_string(random_.below(static_cast<uint64_t>(knobs_.items)));
  std::optional<int>& value = model_[key];
  const std::optional<int> before = value;
  value = before && random_.below(4) == 0 ? std::nullopt : std::optional<int>(++written_);
  if (!before && !value) return;
  last_time_ = std::max(last_time_ + 1, to_micros(loop_.now()));
  const std::string data = record(key, before, value, last_time_, random_.next());
  ++coverage_.changes;
  log_.debug(!value ? "removed" : before ? "modified" : "inserted", {{"item", key}, {"value", value.value_or(0)}});
  if (random_.fraction() < knobs_.delayed) {
    misfortune("stream", "a late record");
    loop_.after(std::chrono::milliseconds(random_.below(3000)), [this, data, key] { put_record(data, key); });
  } else {
    put_record(data, key);
  }
  if (random_.fraction() < knobs_.repeated) {
    misfortune("stream", "a repeated record");
    loop_.after(std::chrono::milliseconds(random_.below(20000)), [this, data, key] { put_record(data, key); });
  }
}

void World::reshard() {
  const sim::KinesisStream* stream = kinesis_.stream(kStream);
  std::vector<aws::ShardId> open;
  for (const sim::Shard& shard : stream->shards()) {
    if (!shard.closed) open.push_back(shard.id);
  }
  if (open.size() < 6 && random_.below(2) == 0) {
    if (kinesis_.split_any(kStream, loop_.now())) {
      log_.debug("a shard splits");
      ++coverage_.reshards;
    }
    return;
  }
  // Neighbours only may be merged: try all pairs until one works.
  for (const aws::ShardId& left : open) {
    for (const aws::ShardId& right : open) {
      if (left != right && kinesis_.merge_shards(kStream, left.str(), right.str(), loop_.now())) {
        log_.debug("two shards merge", {{"left", left.str()}, {"right", right.str()}});
        ++coverage_.reshards;
        return;
      }
    }
  }
}

void World::pause_target() {
  misfortune("target", "down for a minute");
  knobs_.target.down = true;
  loop_.after(std::chrono::seconds(60), [this] { knobs_.target.down = false; });
}

void World::live_on(Duration time) {
  loop_.run_until([] { return false; }, time);
}

std::optional<std::string> World::run() {
  start_worker(false);
  for (int i = 0; i < knobs_.changes; ++i) {
    change_something();
    if (random_.fraction() < knobs_.resharded) reshard();
    if (random_.fraction() < knobs_.paused_target) pause_target();
    if (random_.fraction() < knobs_.doubled) double_worker();
    if (random_.fraction() < knobs_.epoch_raised) raise_epoch();
    if (random_.fraction() < knobs_.killed) {
      kill_worker();
      live_on(std::chrono::milliseconds(random_.below(5000)));
      start_worker(false);
    }
    live_on(knobs_.between_changes);
    if (failure_) return "the relay failed: " + to_string(*failure_);
  }
  return settle();
}

/// Lets everything that is delayed arrive, then has a bounded run on a perfect day bring the target to rest.
std::optional<std::string> World::settle() {
  live_on(std::chrono::seconds(90));
  kill_worker();
  --coverage_.kills;
  for (const auto& doubled : dead_) doubled->relay.reset();
  live_on(std::chrono::seconds(60));
  api_.settings().faults = {};
  knobs_.target = [this] {
    sim::TargetKnobs calm = knobs_.target;
    calm.lost_request = calm.lost_reply = calm.torn_write = 0;
    calm.down = false;
    return calm;
  }();
  start_worker(true);
  const bool finished = loop_.run_until([this] { return worker_->result.has_value(); }, std::chrono::minutes(30));
  coverage_.writes = state_.writes;
  if (failure_) return "the last run failed: " + to_string(*failure_);
  if (!finished) {
    const relay::RelayStats now = worker_->relay->stats();
    return fmt::format(
        "the last run does not come to an end: {} shards read, {} reading, {} waiting, trouble '{}', memory {}", now.shards,
        now.shards_reading, now.shards_waiting, now.trouble, now.memory_used);
  }
  const relay::RelayStats& stats = **worker_->result;
  if (stats.read != stats.applied + stats.dead_letters + stats.filtered) return "the counters do not add up";
  return compare();
}

std::optional<std::string> World::compare() const {
  if (state_.regressions > 0) return fmt::format("{} rows went back to an older version", state_.regressions);
  if (!state_.dead_letters.empty()) return "dead letter: " + state_.dead_letters.begin()->second.reason;
  const auto table = state_.tables.find(std::string("public.") + kTable);
  static const std::map<std::string, sim::TargetRow> kEmpty;
  const auto& rows = table == state_.tables.end() ? kEmpty : table->second;
  for (const auto& [key, value] : model_) {
    const auto row = rows.find(fmt::format(R"({{"pk":{{"S":"{}"}}}})", key));
    const bool living = row != rows.end() && !row->second.deleted;
    if (living != value.has_value()) {
      return fmt::format("{} is {} in the source and {} in the target", key, value ? "there" : "gone",
                         living ? "there" : "gone");
    }
    if (living && row->second.data != fmt::format(R"({{"v":{}}})", *value)) {
      return fmt::format("{} is {} in the source and {} in the target", key, *value, row->second.data);
    }
  }
  return {};
}

}  // namespace ctk::simulation
