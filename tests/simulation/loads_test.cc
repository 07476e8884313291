// Lives of a relay that loads its table: a DynamoDB table that is full before it and changes all the while, its stream
// (DynamoDB Streams, or Kinesis with what AWS warns of), a target, and a relay that is killed, outrun by its stream, and
// started again at any step. At rest the target must equal the table.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <map>

#include "base/event_loop.h"
#include "relay/kinesis_source.h"
#include "relay/relay.h"
#include "relay/scan_source.h"
#include "relay/streams_source.h"
#include "sim/in_process_dynamodb.h"
#include "sim/in_process_kinesis.h"
#include "simulation/target.h"

namespace ctk::simulation {
namespace {

constexpr const char* kTable = "demo";
const Timestamp kStart = from_micros(1'795'000'000'000'000);

/// A broken target that takes every write, to try the checks on.
class NoGuard final : public TargetRules {
 public:
  bool may_write(const TargetRow&, const std::string&) const override { return true; }
};

struct LoadKnobs {
  const TargetRules* rules = nullptr;
  bool by_kinesis = false;
  int items = 100;
  int changes = 200;
  Duration between_changes = std::chrono::milliseconds(50);
  double killed = 0.02;
  double away = 0;      ///< a change is followed by a day and an hour without a relay
  double reloaded = 0;  ///< a change is followed by a load without a stream, beside the relay
  int segments = 3;
  sim::DeliveryKnobs delivery;
  sim::FaultKnobs service;
  TargetKnobs target;
};

LoadKnobs draw(Random& random) {
  const auto sometimes = [&random](double most) { return random.below(2) == 0 ? 0.0 : random.fraction() * most; };
  LoadKnobs knobs;
  knobs.by_kinesis = random.below(2) == 0;
  knobs.items = static_cast<int>(random.below(200));
  knobs.changes = static_cast<int>(random.below(250));
  knobs.between_changes = std::chrono::milliseconds(1 + random.below(400));
  knobs.killed = sometimes(0.08);
  knobs.away = sometimes(0.01);
  knobs.reloaded = sometimes(0.02);
  knobs.segments = static_cast<int>(1 + random.below(9));
  knobs.delivery.repeated = sometimes(0.2);
  knobs.delivery.delayed = sometimes(0.2);
  knobs.service.throttled = sometimes(0.2);
  knobs.service.server_error = sometimes(0.2);
  knobs.service.lost_request = sometimes(0.05);
  knobs.service.lost_answer = sometimes(0.05);
  knobs.service.slow = sometimes(0.1);
  knobs.target.transactional = random.below(2) == 0;
  knobs.target.connections = static_cast<int>(1 + random.below(3));
  knobs.target.batch_rows = 1 + random.below(40);
  knobs.target.lost_request = sometimes(0.1);
  knobs.target.lost_reply = sometimes(0.1);
  knobs.target.torn_write = sometimes(0.1);
  return knobs;
}

struct LoadCoverage {
  uint64_t changes = 0, kills = 0, days = 0, loads = 0, gaps = 0, epochs = 0, pages = 0;
};

class LoadWorld {
 public:
  LoadWorld(uint64_t seed, LoadKnobs knobs)
      : knobs_(std::move(knobs)),
        random_(seed),
        loop_(kStart),
        executor_(loop_),
        streams_({}),
        kinesis_({}),
        dynamodb_({}, streams_, random_, &kinesis_),
        tables_api_(dynamodb_, {loop_, loop_, random_}),
        streams_api_(streams_, {loop_, loop_, random_}),
        kinesis_api_(kinesis_, {loop_, loop_, random_}) {
    dynamodb_.options().delivery = knobs_.delivery;
    static_cast<void>(dynamodb_.create_table(
        {.name = kTable, .keys = {{"pk", 'S'}}, .stream = aws::StreamView::new_and_old_images}, loop_.now()));
    for (int i = 0; i < knobs_.items; ++i) put(i);
    pass(std::chrono::hours(1));
    static_cast<void>(kinesis_.create_stream("cdc", 2, loop_.now()));
    static_cast<void>(dynamodb_.enable_kinesis(kTable, "arn:aws:kinesis:us-east-1:000000000000:stream/cdc", loop_.now()));
    for (auto* settings : {&tables_api_.settings(), &streams_api_.settings(), &kinesis_api_.settings()})
      settings->faults = knobs_.service;
  }

  std::optional<std::string> run(LoadCoverage& coverage) {
    start(relay::Snapshot::initial, false);
    for (int i = 0; i < knobs_.changes && !failure_; ++i) {
      put(static_cast<int>(random_.below(static_cast<uint64_t>(knobs_.items + 20))));
      ++coverage.changes;
      if (random_.fraction() < knobs_.killed) {
        kill();
        ++coverage.kills;
        pass(std::chrono::milliseconds(random_.below(3000)));
        start(relay::Snapshot::initial, false);
      }
      if (random_.fraction() < knobs_.away) {
        kill();
        ++coverage.days;
        pass(std::chrono::hours(12));
        put(0);
        pass(std::chrono::hours(13));
        start(relay::Snapshot::initial, false);
      }
      if (random_.fraction() < knobs_.reloaded) {
        start_beside();
        ++coverage.loads;
      }
      pass(knobs_.between_changes);
    }
    std::optional<std::string> wrong = settle();
    coverage.gaps += gaps_;
    coverage.epochs += state_.records.empty() ? 0 : state_.records.begin()->second.epoch;
    coverage.pages += tables_api_.counts().scan;
    return wrong;
  }

 private:
  struct Worker {
    std::unique_ptr<relay::StreamSource> stream;
    std::unique_ptr<relay::SnapshotSource> snapshot;
    std::unique_ptr<sink::Sink> sink;
    std::unique_ptr<relay::Relay> relay;
    std::optional<Result<relay::RelayStats>> result;
  };

  /// Lets time go by, for the services too.
  void pass(Duration time) {
    for (Duration left = time; left > Duration{};) {
      const Duration step = std::min(left, Duration(std::chrono::minutes(1)));
      bool over = false;
      loop_.after(step, [&over] { over = true; });
      loop_.run_until([&over] { return over; }, step + std::chrono::seconds(1));
      dynamodb_.advance(loop_.now());
      left -= step;
    }
  }

  void put(int number) {
    const std::string key = fmt::format(R"({{"S":"item-{}"}})", number);
    if (random_.below(4) == 0) {
      static_cast<void>(dynamodb_.delete_item(kTable, {{"pk", key}}, loop_.now()));
    } else {
      static_cast<void>(
          dynamodb_.put_item(kTable, {{"pk", key}, {"v", fmt::format(R"({{"N":"{}"}})", ++written_)}}, loop_.now()));
    }
  }

  std::unique_ptr<Worker> make(relay::Snapshot snapshot, bool once) {
    auto worker = std::make_unique<Worker>();
    const bool follow = snapshot != relay::Snapshot::only;
    if (follow && knobs_.by_kinesis) {
      worker->stream = relay::make_kinesis_source(kinesis_api_, {aws::StreamName("cdc"), false, 1}, loop_, loop_);
    } else if (follow) {
      worker->stream = relay::make_streams_source(tables_api_, streams_api_, {kTable, false}, loop_, loop_);
    }
    worker->snapshot = relay::make_scan_source(tables_api_, {aws::TableName(kTable), {}}, loop_, loop_);
    worker->sink = connect_target(state_, knobs_.target, {loop_, loop_, random_, {}, nullptr, knobs_.rules});
    relay::RelayOptions options;
    options.once = once;
    options.snapshot = snapshot;
    options.segments = knobs_.segments;
    options.on_gap = relay::OnGap::resnapshot;
    options.source_table = kTable;
    options.schema = "public";
    options.table = kTable;
    options.worker = coordination::WorkerName("worker-" + std::to_string(++workers_));
    options.deadlines.start_timeout = options.deadlines.give_up = std::chrono::hours(1000);
    worker->relay = std::make_unique<relay::Relay>(options, relay::Sources(worker->stream.get(), worker->snapshot.get()),
                                                   *worker->sink, relay::positions_of(*worker->sink),
                                                   relay::RelayEnvironment{loop_, loop_, random_, log_, executor_});
    Worker* raw = worker.get();
    worker->relay->run([this, raw](Result<relay::RelayStats> result) {
      if (!result && result.error().kind != ErrorKind::fenced && !failure_) failure_ = result.error();
      raw->result = std::move(result);
    });
    return worker;
  }

  void start(relay::Snapshot snapshot, bool once) { worker_ = make(snapshot, once); }
  void start_beside() { dead_.push_back(make(relay::Snapshot::only, false)); }

  void kill() {
    if (!worker_) return;
    gaps_ += worker_->relay->stats().counts.gaps;
    worker_->relay.reset();
    dead_.push_back(std::move(worker_));
  }

  std::optional<std::string> settle() {
    pass(std::chrono::minutes(2));
    for (auto* settings : {&tables_api_.settings(), &streams_api_.settings(), &kinesis_api_.settings()})
      settings->faults = {};
    knobs_.target.lost_request = knobs_.target.lost_reply = knobs_.target.torn_write = 0;
    pass(std::chrono::minutes(5));
    // Where writes are not fenced, what a load owes is swept a quarter of an hour later.
    pass(std::chrono::minutes(20));
    if (failure_) return "the relay failed: " + to_string(*failure_);
    const bool ready = worker_->relay->stats().table_ready;
    for (const auto& one : dead_) one->relay.reset();
    kill();
    start(relay::Snapshot::initial, true);
    const bool finished = loop_.run_until([this] { return worker_->result.has_value(); }, std::chrono::minutes(60));
    if (failure_) return "the last run failed: " + to_string(*failure_);
    if (!finished) return "the last run does not come to an end: " + worker_->relay->stats().outage_error;
    if (!ready) return "the relay has never become ready";
    return compare();
  }

  std::optional<std::string> compare() const {
    if (state_.regressions > 0) return "rows went back to an older version";
    if (!state_.records.contains("public.demo")) return "there is no record";
    const coordination::TableRecord& record = state_.records.at("public.demo");
    if (record.load != coordination::LoadState::complete) return "the load is " + std::string(to_string(record.load));
    std::map<std::string, std::string> held;
    const auto table = state_.tables.find("public.demo");
    if (table != state_.tables.end()) {
      for (const auto& [key, row] : table->second) {
        if (row.version < table::version_text(record.epoch, "")) return "a row of an older epoch is left: " + key;
        if (!row.deleted) held[key] = row.data;
      }
    }
    for (const auto& [place, item] : dynamodb_.items_of(kTable)->items()) {
      const std::string number = item.at("v").substr(6, item.at("v").size() - 8);
      const std::string wanted = fmt::format(R"({{"v":{}}})", number);
      const auto row = held.find(place.key);
      if (row == held.end()) return place.key + " is missing, " + wanted + " is wanted";
      if (row->second != wanted) return place.key + " is " + row->second + ", not " + wanted;
      held.erase(row);
    }
    if (!held.empty()) return held.begin()->first + " should be gone";
    return std::nullopt;
  }

  LoadKnobs knobs_;
  Random random_;
  VirtualLoop loop_;
  NullLog log_;
  InlineExecutor executor_;
  sim::DynamoDbStreams streams_;
  sim::Kinesis kinesis_;
  sim::DynamoDb dynamodb_;
  sim::InProcessDynamoDb tables_api_;
  sim::InProcessStreams streams_api_;
  sim::InProcessKinesis kinesis_api_;
  TargetState state_;
  std::unique_ptr<Worker> worker_;
  std::vector<std::unique_ptr<Worker>> dead_;
  std::optional<Error> failure_;
  int written_ = 0;
  int workers_ = 0;
  uint64_t gaps_ = 0;
};

TEST(Loads, TheTargetEqualsTheTableAtRestWhateverHappens) {
  const char* only = std::getenv("CTK_SIM_SEED");
  const char* runs = std::getenv("CTK_SIM_RUNS");
  const uint64_t first = only != nullptr ? std::stoull(only) : 1;
  const uint64_t count = only != nullptr ? 1 : runs != nullptr ? std::stoull(runs) : 200;
  LoadCoverage coverage;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    Random random(seed);
    LoadWorld world(seed, draw(random));
    const std::optional<std::string> wrong = world.run(coverage);
    ASSERT_FALSE(wrong.has_value()) << "seed " << seed << ": " << *wrong;
  }
  std::cout << count << " runs, " << coverage.changes << " changes, " << coverage.pages << " pages scanned, "
            << coverage.kills << " kills, " << coverage.days << " days away, " << coverage.gaps << " gaps, "
            << coverage.loads << " loads beside, " << coverage.epochs << " epochs\n";
}

TEST(Loads, ATargetWithoutTheGuardIsFoundOut) {
  LoadCoverage coverage;
  const NoGuard broken;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    LoadKnobs knobs = draw(random);
    knobs.rules = &broken;
    LoadWorld world(seed, knobs);
    if (world.run(coverage).has_value()) return;
  }
  FAIL() << "200 lives without the guard, and nobody noticed";
}

}  // namespace
}  // namespace ctk::simulation
