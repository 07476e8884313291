// How fast simulated time passes: the engine of production, on one thread, between a simulated DynamoDB table with its
// stream and a simulated target.
//
//   virtual_time SHARDS CHANGES_A_SECOND SECONDS IDLE_POLL_MS
//
// Prints, as JSON, the seconds that were simulated, the CPU seconds that it took, and what happened. Fails where the
// target does not end equal to the table.
#include <fmt/format.h>
#include <time.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "base/event_loop.h"
#include "base/log.h"
#include "base/random.h"
#include "relay/relay.h"
#include "sim/dynamodb.h"
#include "sim/dynamodb_streams.h"
#include "sim/in_process_dynamodb.h"
#include "simulation/target.h"
#include "source/streams_source.h"

namespace ctk::bench {
namespace {

constexpr uint64_t kItems = 1'000;
constexpr Timestamp kStart{std::chrono::seconds(1'795'316'400)};

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

[[noreturn]] void give_up(const std::string& why) {
  std::cerr << "virtual_time: " << why << '\n';
  std::exit(1);
}

class World {
 public:
  World(int shards, Duration idle_poll) : source_([&] { return make_table(shards); }()) {
    options_.schema = "public";
    options_.table = "bench";
    options_.poll.idle_poll = idle_poll;
    options_.worker = coordination::WorkerName("worker");
    sink_ = simulation::connect_target(state_, knobs_, {loop_, loop_, random_});
    relay_ = std::make_unique<relay::Relay>(options_, *source_, *sink_, relay::positions_of(*sink_),
                                            relay::RelayEnvironment{loop_, loop_, random_, log_, executor_});
    relay_->run([](const Result<relay::RelayStats>& result) {
      give_up(result ? "the relay has ended" : to_string(result.error()));
    });
  }

  void live(Duration time, double changes_a_second) {
    if (changes_a_second > 0) {
      apart_ = Duration(static_cast<int64_t>(1e6 / changes_a_second));
      write();
    }
    loop_.after(time, [this] { apart_ = {}; });
    loop_.run_until([] { return false; }, time);
    loop_.run_until([] { return false; }, std::chrono::seconds(30));
  }

  uint64_t changes() const { return dynamodb_.changes(); }
  uint64_t polls() const { return streams_api_.counts().get_records; }
  uint64_t rolls() const { return streams_.stream(dynamodb_.stream_of("bench"))->rolls(); }
  void check() const {
    const relay::RelayStats stats = relay_->stats();
    if (stats.counts.applied != changes())
      give_up(fmt::format("{} changes, {} were applied", changes(), stats.counts.applied));
    const auto& items = dynamodb_.items_of("bench")->items();
    const auto table = state_.tables.find("public.bench");
    const size_t rows = table == state_.tables.end() ? 0 : table->second.size();
    if (rows != items.size()) give_up(fmt::format("{} items, {} rows", items.size(), rows));
  }

 private:
  std::unique_ptr<source::StreamSource> make_table(int shards) {
    sim::TableInput table;
    table.name = "bench";
    table.keys = {{"customer", 'S'}};
    table.stream = aws::StreamView::new_and_old_images;
    table.partitions = shards;
    dynamodb_.create_table(table, loop_.now()).value();
    return source::make_streams_source(tables_api_, streams_api_, {"bench", false}, loop_, loop_);
  }

  void write() {
    if (apart_ == Duration{}) return;
    loop_.after(apart_, [this] { write(); });
    dynamodb_
        .put_item("bench",
                  {{"customer", fmt::format(R"({{"S":"customer-{}"}})", random_.below(kItems))},
                   {"revision", fmt::format(R"({{"N":"{}"}})", ++revision_)},
                   {"state", R"({"S":"shipped"})"},
                   {"tags", R"({"SS":["a","web"]})"},
                   {"address", R"({"M":{"city":{"S":"Bregenz"},"zip":{"S":"6900"}}})"}},
                  loop_.now())
        .value();
  }

  VirtualLoop loop_{kStart};
  Random random_{1};
  NullLog log_;
  InlineExecutor executor_{loop_};
  sim::DynamoDbStreams streams_{{}};
  sim::DynamoDb dynamodb_{{}, streams_, random_};
  sim::InProcessDynamoDb tables_api_{dynamodb_, {loop_, loop_, random_}};
  sim::InProcessStreams streams_api_{streams_, {loop_, loop_, random_}};
  simulation::TargetState state_;
  simulation::TargetKnobs knobs_;
  relay::RelayOptions options_;
  std::unique_ptr<source::StreamSource> source_;
  std::unique_ptr<sink::Sink> sink_;
  std::unique_ptr<relay::Relay> relay_;
  Duration apart_{};
  uint64_t revision_ = 0;
};

void run(int shards, double changes_a_second, int64_t seconds, Duration idle_poll) {
  World world(shards, idle_poll);
  const double before = cpu_seconds();
  world.live(std::chrono::seconds(seconds), changes_a_second);
  const double cpu = cpu_seconds() - before;
  world.check();
  std::cout << fmt::format(R"({{"virtual_seconds":{},"cpu_seconds":{:.3f},"changes":{},"polls":{},"rolls":{}}})", seconds,
                           cpu, world.changes(), world.polls(), world.rolls())
            << '\n';
}

}  // namespace
}  // namespace ctk::bench

int main(int count, char** words) {
  if (count != 5) {
    std::cerr << "virtual_time SHARDS CHANGES_A_SECOND SECONDS IDLE_POLL_MS\n";
    return 2;
  }
  ctk::bench::run(std::stoi(words[1]), std::stod(words[2]), std::stoll(words[3]),
                  std::chrono::milliseconds(std::stoll(words[4])));
}
