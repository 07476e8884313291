// A simulated table with its stream, a target, and a relay between them that a test starts, kills and starts again: for
// single rules, where a World is for lives in all their mixture. Whatever the relay does, a rig looks after every step
// whether a position has passed its parents'.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/random.h"
#include "relay/relay.h"
#include "relay/relay_view.h"
#include "sim/dynamodb.h"
#include "sim/dynamodb_streams.h"
#include "sim/in_process_dynamodb.h"
#include "simulation/target.h"
#include "simulation/trace.h"

namespace ctk::simulation {

/// The stream's calls with a hand in between.
class HandledStreams final : public aws::DynamoDbStreamsApi {
 public:
  HandledStreams(aws::DynamoDbStreamsApi& api, EventLoop& loop) : api_(api), loop_(loop) {}

  void describe_stream(const aws::DescribeStreamRequest& request, Done<aws::StreamsDescription> done) override;
  void get_shard_iterator(const aws::Arn& stream, const aws::ShardId& shard, const aws::IteratorStart& start,
                          Done<std::string> done) override;
  void get_records(const std::string& iterator, int limit, size_t max_answer_bytes, Done<aws::StreamsPage> done) override;

  /// Each may change an answer before the relay sees it.
  std::function<void(const aws::DescribeStreamRequest&, Result<aws::StreamsDescription>&)> on_description;
  std::function<void(const std::string& iterator, Result<aws::StreamsPage>&)> on_page;
  /// Answers of that kind are kept back, without a word.
  bool holds_descriptions = false, holds_iterators = false, holds_pages = false;
  /// They come, and so do all from now on.
  void let_go();
  /// Answers in the service's place where it gives an error.
  std::function<std::optional<Error>(const std::string& iterator)> before_page;

  std::vector<aws::DescribeStreamRequest> descriptions;
  std::vector<aws::IteratorStart> starts;
  uint64_t pages = 0;
  size_t at_once = 0, most_at_once = 0;  ///< GetRecords under way of one shard

 private:
  /// `done` for as long as `holds` says so.
  template <class T>
  Done<T> held(const bool& holds, Done<T> done);

  aws::DynamoDbStreamsApi& api_;
  EventLoop& loop_;
  std::vector<Job> held_;
  std::map<std::string, size_t> under_way_;  ///< by iterator
};

class StreamsRig {
 public:
  explicit StreamsRig(int partitions = 1, uint64_t seed = 1);
  ~StreamsRig();

  // The table.
  void put(const std::string& pk, int value, size_t padding = 0);
  void remove(const std::string& pk);
  /// That many changes of that many items, `apart` from each other.
  void write(int changes, int items, Duration apart);
  /// That many rounds of changes, with a roll or a split behind each.
  void write_through_rolls(int rounds);
  std::string arn() const { return dynamodb.stream_of("demo"); }

  // The relay.
  relay::RelayOptions options;  ///< of the next start, as is which shards it reads
  coordination::Assignment* assignment = &coordination::all_shards_are_ours();
  void start();
  void kill();
  /// Lets time pass.
  void live(Duration time);
  /// How often to look whether all is well, and done. Large streams are looked at rarely; else at every step.
  Duration glance{};
  /// Until `done()`, at most that long; whether it came.
  bool live_until(const std::function<bool()>& done, Duration most);
  /// A bounded run to its end.
  Result<relay::RelayStats> run_once(Duration most = std::chrono::hours(2));
  const std::optional<Result<relay::RelayStats>>& result() const { return worker_->result; }
  relay::RelayStats stats() const { return worker_->relay->stats(); }
  relay::RelayView view() const { return worker_->relay->view(); }

  // What came of it.
  /// What differs between table and target; empty: nothing.
  std::string difference() const;
  bool equal() const { return difference().empty(); }
  const std::map<aws::ShardId, coordination::StoredPosition>& positions() const;
  /// What was wrong at some step; empty: nothing.
  const std::string& wrong() const { return wrong_; }

  VirtualLoop loop;
  Random random;
  Trace trace;
  InlineExecutor executor{loop};
  sim::DynamoDbStreams streams;
  sim::DynamoDb dynamodb;
  sim::InProcessDynamoDb tables_api;
  sim::InProcessStreams streams_api;
  HandledStreams api;
  TargetState state;
  TargetKnobs knobs;
  /// As TargetEnvironment::on_row, of the relays that are started from then on.
  std::function<void(const std::string& table, const std::string& key, const TargetRow* row)> on_row;

 private:
  struct Worker {
    std::unique_ptr<source::StreamSource> source;
    std::unique_ptr<source::SnapshotSource> snapshot;  ///< nothing where nothing is loaded
    std::unique_ptr<sink::Sink> sink;
    std::unique_ptr<relay::Relay> relay;
    std::optional<Result<relay::RelayStats>> result;
  };

  void look();

  std::unique_ptr<Worker> worker_;
  std::vector<std::unique_ptr<Worker>> dead_;  ///< what they had sent may still arrive
  std::string wrong_;
  int values_ = 0;
  Duration next_glance_{};
};

}  // namespace ctk::simulation
