// How late a change is a row, and how many calls that takes: the engine of production between a simulated stream, with the
// service's limits, and a simulated target, in virtual time.
//
//   polling streams|kinesis|fan-out SHARDS CHANGES_A_SECOND random|regular SECONDS [MAX_LAG_MS]
//
// CHANGES_A_SECOND is that of all shards, each change 1 KB. `random`: changes know nothing of each other. `regular`: they
// come in even intervals, give or take 10 ms. Prints, as JSON, percentiles of change → row in milliseconds, and the calls a
// second and shard. The first fifth of the time does not count.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/log.h"
#include "base/random.h"
#include "relay/relay.h"
#include "sim/dynamodb.h"
#include "sim/dynamodb_streams.h"
#include "sim/dynamodb_table.h"
#include "sim/in_process_dynamodb.h"
#include "sim/in_process_fan_out.h"
#include "sim/in_process_kinesis.h"
#include "simulation/target.h"
#include "source/kinesis_source.h"
#include "source/streams_source.h"

namespace ctk::bench {
namespace {

constexpr Timestamp kStart{std::chrono::seconds(1'795'316'400)};
constexpr Duration kWay = std::chrono::milliseconds(5);  ///< of a call there, and of its answer back
constexpr Duration kJitter = std::chrono::milliseconds(10);
constexpr size_t kItemBytes = 1000;

[[noreturn]] void give_up(const std::string& why) {
  std::cerr << "polling: " << why << '\n';
  std::exit(1);
}

struct Plan {
  std::string source;
  int shards;
  double changes_a_second;
  bool regular;
  Duration time;
  std::optional<Duration> max_lag;
};

sim::Attributes item_of(uint64_t number) {
  return {{"id", fmt::format(R"({{"S":"{}"}})", number)},
          {"text", fmt::format(R"({{"S":"{}"}})", std::string(kItemBytes, 'x'))}};
}

class World {
 public:
  explicit World(const Plan& plan) : plan_(plan), source_(plan.source == "streams" ? make_streams() : make_kinesis()) {
    options_.schema = "public";
    options_.table = "bench";
    options_.poll.max_lag = plan.max_lag;
    options_.worker = coordination::WorkerName("worker");
    options_.batch.age = std::chrono::milliseconds(10);  // as SQL targets have it
    knobs_.batch_rows = 1000;
    knobs_.row_time = std::chrono::microseconds(10);
    simulation::TargetEnvironment place{loop_, loop_, random_};
    place.on_row = [this](const std::string&, const std::string& key, const simulation::TargetRow*) { seen(key); };
    sink_ = simulation::connect_target(state_, knobs_, place);
    relay_ = std::make_unique<relay::Relay>(options_, *source_, *sink_, relay::positions_of(*sink_),
                                            relay::RelayEnvironment{loop_, loop_, random_, log_, executor_});
    relay_->run([](const Result<relay::RelayStats>& result) {
      give_up(result ? "the relay has ended" : to_string(result.error()));
    });
  }

  std::string live() {
    loop_.after(std::chrono::seconds(1), [this] { write(); });
    const auto pass = [this](Duration time) { loop_.run_until([] { return false; }, time); };
    pass(plan_.time / 5);
    const uint64_t before = calls();
    counts_from_ = loop_.now();
    pass(plan_.time - plan_.time / 5);
    const uint64_t made = calls() - before;
    writes_ = false;
    pass(std::chrono::seconds(60));
    if (!written_.empty()) give_up(fmt::format("{} changes never became rows", written_.size()));
    return figures(static_cast<double>(made) / to_seconds(plan_.time - plan_.time / 5) / plan_.shards);
  }

 private:
  std::unique_ptr<source::StreamSource> make_streams() {
    sim::TableInput table;
    table.name = "bench";
    table.keys = {{"id", 'S'}};
    table.stream = aws::StreamView::new_and_old_images;
    table.partitions = plan_.shards;
    dynamodb_.create_table(table, loop_.now()).value();
    tables_api_.settings().way = streams_api_.settings().way = kWay;
    return source::make_streams_source(tables_api_, streams_api_, {"bench", false}, loop_, loop_);
  }
  std::unique_ptr<source::StreamSource> make_kinesis() {
    if (!kinesis_.create_stream("bench", plan_.shards, loop_.now())) give_up("no stream");
    kinesis_api_.settings().way = fan_out_.settings().way = kWay;
    source::KinesisSourceOptions options{.stream = aws::StreamName("bench")};
    if (plan_.source == "fan-out") options.fan_out = source::FanOutOptions{&fan_out_, "bench", 8u << 20};
    return source::make_kinesis_source(kinesis_api_, options, loop_, loop_);
  }

  void write() {
    if (!writes_) return;
    const double apart = 1 / plan_.changes_a_second;
    if (plan_.regular) {
      loop_.after(Duration(static_cast<int64_t>(apart * 1e6)), [this] { write(); });
      loop_.after(Duration(static_cast<int64_t>(random_.fraction() * 2 * static_cast<double>(kJitter.count()))),
                  [this] { put(); });
      return;
    }
    put();
    loop_.after(Duration(static_cast<int64_t>(-std::log(1 - random_.fraction()) * apart * 1e6)), [this] { write(); });
  }
  void put() {
    const uint64_t number = next_++;
    written_[number] = loop_.now();
    if (plan_.source == "streams") {
      dynamodb_.put_item("bench", item_of(number), loop_.now()).value();
      return;
    }
    sim::TableEvent event = sim::kinesis_event(table_.put(item_of(number), loop_.now()).value());
    if (!kinesis_.put_record({"bench", std::move(event.record), std::move(event.partition_key), {}}, loop_.now()))
      give_up("the stream takes no record");
  }
  void seen(const std::string& key) {
    const auto found = written_.find(std::stoull(key.substr(key.rfind(':') + 2)));
    if (found == written_.end()) return;
    if (counts_from_ != kNoTime && found->second >= counts_from_)
      took_.push_back(static_cast<double>((loop_.now() - found->second).count()) / 1000);
    written_.erase(found);
  }

  uint64_t calls() const {
    if (plan_.source == "fan-out") return fan_out_.subscriptions();
    return plan_.source == "streams" ? streams_api_.counts().get_records : kinesis_api_.counts().get_records;
  }
  std::string figures(double calls) {
    if (took_.empty()) give_up("no change was measured");
    std::ranges::sort(took_);
    const auto at = [this](double part) {
      return took_[static_cast<size_t>(part * static_cast<double>(took_.size() - 1))];
    };
    return fmt::format(R"({{"changes":{},"p50_ms":{:.1f},"p99_ms":{:.1f},"max_ms":{:.1f},"calls_a_second":{:.3f}}})",
                       took_.size(), at(0.5), at(0.99), at(1), calls);
  }

  const Plan plan_;
  VirtualLoop loop_{kStart};
  Random random_{1};
  NullLog log_;
  InlineExecutor executor_{loop_};
  sim::DynamoDbStreams streams_{{}};
  sim::DynamoDb dynamodb_{{}, streams_, random_};
  sim::InProcessDynamoDb tables_api_{dynamodb_, {loop_, loop_, random_}};
  sim::InProcessStreams streams_api_{streams_, {loop_, loop_, random_}};
  sim::Kinesis kinesis_{{.read_limits = true}};
  sim::InProcessKinesis kinesis_api_{kinesis_, {loop_, loop_, random_}};
  sim::InProcessFanOut fan_out_{kinesis_, {loop_, loop_, random_}};
  sim::DynamoDbTable table_{"bench", {"id"}, "us-east-1", random_};
  simulation::TargetState state_;
  simulation::TargetKnobs knobs_;
  relay::RelayOptions options_;
  std::unique_ptr<source::StreamSource> source_;
  std::unique_ptr<sink::Sink> sink_;
  std::unique_ptr<relay::Relay> relay_;
  bool writes_ = true;
  uint64_t next_ = 0;
  Timestamp counts_from_ = kNoTime;
  std::map<uint64_t, Timestamp> written_;  ///< what is no row yet
  std::vector<double> took_;
};

}  // namespace
}  // namespace ctk::bench

int main(int count, char** words) {
  const std::vector<std::string> told(words + 1, words + count);
  if (told.size() < 5 || told.size() > 6) {
    std::cerr << "polling streams|kinesis|fan-out SHARDS CHANGES_A_SECOND random|regular SECONDS [MAX_LAG_MS]\n";
    return 2;
  }
  ctk::bench::Plan plan{
      told[0], std::stoi(told[1]), std::stod(told[2]), told[3] == "regular", std::chrono::seconds(std::stoll(told[4])), {}};
  if (told.size() == 6) plan.max_lag = std::chrono::milliseconds(std::stoll(told[5]));
  std::cout << ctk::bench::World(plan).live() << '\n';
}
