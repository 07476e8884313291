#include "simulation/streams_rig.h"

#include <fmt/format.h>

#include <cstdlib>
#include <iostream>
#include <utility>

#include "source/scan_source.h"
#include "source/streams_source.h"

namespace ctk::simulation {
namespace {

const Timestamp kStart = parse_timestamp("2026-11-22T03:00:00.5Z").value();

std::string attribute(char type, const std::string& text) { return fmt::format(R"({{"{}":"{}"}})", type, text); }

}  // namespace

template <class T>
Done<T> HandledStreams::held(const bool& holds, Done<T> done) {
  return [this, &holds, done = std::move(done)](Result<T> answer) mutable {
    if (!holds) return done(std::move(answer));
    held_.emplace_back([done = std::move(done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
  };
}

void HandledStreams::let_go() {
  holds_descriptions = holds_iterators = holds_pages = false;
  for (Job& job : std::exchange(held_, {})) loop_.post(std::move(job));
}

void HandledStreams::describe_stream(const aws::DescribeStreamRequest& request, Done<aws::StreamsDescription> done) {
  descriptions.push_back(request);
  done = held(holds_descriptions, std::move(done));
  api_.describe_stream(request, [this, request, done = std::move(done)](Result<aws::StreamsDescription> answer) mutable {
    if (on_description) on_description(request, answer);
    done(std::move(answer));
  });
}

void HandledStreams::get_shard_iterator(const aws::Arn& stream, const aws::ShardId& shard, const aws::IteratorStart& start,
                                        Done<std::string> done) {
  starts.push_back(start);
  api_.get_shard_iterator(stream, shard, start, held(holds_iterators, std::move(done)));
}

void HandledStreams::get_records(const std::string& iterator, int limit, size_t max_answer_bytes,
                                 Done<aws::StreamsPage> done) {
  ++pages;
  if (before_page) {
    if (std::optional<Error> error = before_page(iterator)) {
      loop_.post(
          [error = std::move(*error), done = std::move(done)]() mutable { done(std::unexpected(std::move(error))); });
      return;
    }
  }
  done = held(holds_pages, std::move(done));
  most_at_once = std::max(most_at_once, ++under_way_[iterator]);
  api_.get_records(iterator, limit, max_answer_bytes,
                   [this, iterator, done = std::move(done)](Result<aws::StreamsPage> answer) mutable {
                     --under_way_[iterator];
                     if (on_page) on_page(iterator, answer);
                     done(std::move(answer));
                   });
}

StreamsRig::StreamsRig(int partitions, uint64_t seed)
    : loop(kStart),
      random(seed),
      trace(std::getenv("CTK_TRACE") != nullptr ? &std::cerr : nullptr, loop),
      streams({}),
      dynamodb({}, streams, random),
      tables_api(dynamodb, {loop, loop, random}),
      streams_api(streams, {loop, loop, random}),
      api(streams_api, loop) {
  sim::TableInput table;
  table.name = "demo";
  table.keys = {{"pk", 'S'}};
  table.stream = aws::StreamView::new_and_old_images;
  table.partitions = partitions;
  dynamodb.create_table(table, loop.now()).value();
  options.schema = "public";
  options.table = "demo";
  options.worker = coordination::WorkerName("worker");
}

StreamsRig::~StreamsRig() = default;

void StreamsRig::put(const std::string& pk, int value, size_t padding) {
  sim::Attributes item{{"pk", attribute('S', pk)}, {"v", attribute('N', std::to_string(value))}};
  if (padding > 0) item["x"] = attribute('S', std::string(padding, 'x'));
  dynamodb.put_item("demo", item, loop.now()).value();
}

void StreamsRig::remove(const std::string& pk) {
  dynamodb.delete_item("demo", {{"pk", attribute('S', pk)}}, loop.now()).value();
}

void StreamsRig::write(int changes, int items, Duration apart) {
  for (int i = 0; i < changes; ++i) {
    const std::string pk = fmt::format("item-{}", random.below(static_cast<uint64_t>(items)));
    if (random.below(4) == 0) {
      remove(pk);
    } else {
      put(pk, ++values_);
    }
    live(apart);
  }
}

void StreamsRig::write_through_rolls(int rounds) {
  for (int round = 0; round < rounds; ++round) {
    write(20, 15, std::chrono::milliseconds(50));
    if (round % 3 == 2) {
      streams.split(arn(), false, loop.now()).value();
    } else {
      streams.roll(arn(), true, loop.now()).value();
    }
  }
  write(20, 15, std::chrono::milliseconds(50));
}

void StreamsRig::start() {
  kill();
  worker_ = std::make_unique<Worker>();
  worker_->source = source::make_streams_source(tables_api, api, {"demo", false}, loop, loop);
  if (options.load.snapshot != relay::Snapshot::none) {
    worker_->snapshot = source::make_scan_source(tables_api, {aws::TableName("demo"), {}}, loop, loop);
  }
  TargetEnvironment environment{loop, loop, random};
  environment.on_row = on_row;
  worker_->sink = connect_target(state, knobs, std::move(environment));
  relay::Positions positions = relay::positions_of(*worker_->sink);
  worker_->relay =
      std::make_unique<relay::Relay>(options, source::Sources(worker_->source.get(), worker_->snapshot.get()),
                                     *worker_->sink, relay::Positions{positions.store, positions.kept, *assignment},
                                     relay::RelayEnvironment{loop, loop, random, trace, executor});
  worker_->relay->run([worker = worker_.get()](Result<relay::RelayStats> result) { worker->result = std::move(result); });
}

void StreamsRig::kill() {
  if (!worker_) return;
  worker_->relay.reset();
  dead_.push_back(std::move(worker_));
}

bool StreamsRig::live_until(const std::function<bool()>& done, Duration most) {
  return loop.run_until(
      [&] {
        if (loop.monotonic() < next_glance_) return false;
        next_glance_ = loop.monotonic() + glance;
        look();
        return done();
      },
      most);
}

void StreamsRig::live(Duration time) {
  const Duration end = loop.monotonic() + time;
  // A timer of its own: the loop comes to rest where nothing else is left to wait for.
  loop.after(time, [] {});
  live_until([&] { return loop.monotonic() >= end; }, time);
}

Result<relay::RelayStats> StreamsRig::run_once(Duration most) {
  const bool follow = std::exchange(options.once, true);
  start();
  options.once = follow;
  if (!live_until([this] { return result().has_value(); }, most))
    return fail(ErrorKind::internal, "the bounded run does not end: " + stats().outage_error);
  return *worker_->result;
}

const std::map<aws::ShardId, coordination::StoredPosition>& StreamsRig::positions() const {
  static const std::map<aws::ShardId, coordination::StoredPosition> kNone;
  return state.positions.empty() ? kNone : state.positions.begin()->second;
}

/// No shard is further than its parents allow, no end is stored without the rows of the shards behind it, and no row goes
/// back.
void StreamsRig::look() {
  const sim::TableStream* stream = streams.stream(arn());
  if (stream == nullptr || !wrong_.empty()) return;
  if (state.regressions > 0) wrong_ = "a row went back to an older version";
  for (const sim::TableShard& shard : stream->shards()) {
    const auto row = positions().find(shard.id);
    if (row == positions().end()) continue;
    const bool moved = row->second.position.ended() || row->second.position.kind == shards::Position::Kind::after_sequence;
    if (shard.parent && moved) {
      const auto parent = positions().find(stream->shards()[*shard.parent].id);
      if (parent != positions().end() && !parent->second.position.ended())
        wrong_ = "shard " + shard.id.str() + " was written before the end of its parent";
    }
    if (!row->second.position.ended() || shard.children.empty()) continue;
    const bool followed =
        std::ranges::any_of(shard.children, [&](size_t child) { return positions().contains(stream->shards()[child].id); });
    if (!followed) wrong_ = "the end of shard " + shard.id.str() + " is stored and none of its children";
  }
}

std::string StreamsRig::difference() const {
  const auto table = state.tables.find("public.demo");
  const auto& items = dynamodb.items_of("demo")->items();
  size_t living = 0;
  if (table != state.tables.end()) {
    for (const auto& [key, row] : table->second) living += row.deleted ? 0 : 1;
  }
  if (living != items.size()) return fmt::format("{} items, {} living rows", items.size(), living);
  for (const auto& [place, item] : items) {
    const auto row = table->second.find(place.key);
    if (row == table->second.end() || row->second.deleted) return place.key + " is missing";
    const std::string number = item.at("v").substr(6, item.at("v").size() - 8);
    if (row->second.data.find("\"v\":" + number) == std::string::npos)
      return fmt::format("{} is {} in the table and {} in the target", place.key, number, row->second.data);
  }
  return "";
}

}  // namespace ctk::simulation
