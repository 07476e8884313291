#include "simulation/call_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ctk::simulation {
namespace {

using aws::ShardId;
using coordination::PositionMove;
using coordination::RelayName;
using shards::ListedShard;

std::string text_of(Timestamp time) { return time == kNoTime ? "-" : format_iso8601(time); }

std::string text_of(const std::vector<coordination::NewShard>& shards) {
  std::string text;
  for (const coordination::NewShard& shard : shards)
    text += fmt::format(" {}@{}", shard.shard.str(), shards::to_string(shard.position));
  return text;
}

std::string text_of(const std::vector<PositionMove>& moves) {
  std::string text;
  for (const PositionMove& move : moves) {
    text += fmt::format(" {}/{}:{}>{}~{}", move.shard.str(), move.fence, shards::to_string(move.from),
                        shards::to_string(move.to), text_of(move.read_to));
    if (!move.children.empty()) text += " (" + text_of(move.children) + " )";
  }
  return text;
}

std::string text_of(const sink::Batch& batch) {
  std::string text;
  for (const sink::TableWrites& writes : batch.tables) {
    text += fmt::format(" {}/{}", writes.table, writes.epoch);
    for (const sink::FoldedChange& change : writes.changes) {
      text += " ";
      for (const auto& one : change.changes) text += fmt::format("{},", one->position);
    }
  }
  for (const sink::DeadLetter& letter : batch.dead_letters) text += " letter " + letter.id;
  return text;
}

std::string text_of(const coordination::AcquireRequest& request) {
  std::string text = text_of(request.shards);
  for (const coordination::Rewind& rewind : request.rewound)
    text += fmt::format(" rewound {}@{}", rewind.shard.str(), shards::to_string(rewind.position));
  for (const ShardId& dropped : request.dropped) text += " dropped " + dropped.str();
  return text;
}

/// The answer's fate, for whoever asks to hear of it.
template <class T>
Done<T> traced(Log& log, std::string what, Done<T> done) {
  return [&log, what = std::move(what), done = std::move(done)](Result<T> result) mutable {
    if (!result) log.debug("< " + what, {{"failed", to_string(result.error())}});
    done(std::move(result));
  };
}

class TracedSource final : public source::StreamSource {
 public:
  TracedSource(std::unique_ptr<source::StreamSource> inner, Log& log) : inner_(std::move(inner)), log_(log) {}

  void open(Done<source::SourceIdentity> done) override {
    log_.debug("> open the source");
    inner_->open(std::move(done));
  }
  void list(Done<std::vector<ListedShard>> done) override {
    log_.debug("> list");
    inner_->list(std::move(done));
  }
  void read(const source::ReadRequest& request, Done<source::Page> done) override {
    log_.debug("> read", {{"shard", request.shard.str()},
                          {"from", shards::to_string(request.position)},
                          {"records", request.max_records},
                          {"bytes", request.max_bytes},
                          {"read_to", text_of(request.read_to)}});
    inner_->read(request, traced<source::Page>(log_, "read " + request.shard.str(), std::move(done)));
  }
  void forget(const ShardId& shard) override {
    log_.debug("> forget", {{"shard", shard.str()}});
    inner_->forget(shard);
  }
  void leave(const ShardId& shard) override {
    log_.debug("> leave", {{"shard", shard.str()}});
    inner_->leave(shard);
  }
  void children(const ShardId& shard, Done<std::vector<ListedShard>> done) override {
    log_.debug("> children", {{"shard", shard.str()}});
    inner_->children(shard, std::move(done));
  }
  void exists(const ShardId& shard, Done<bool> done) override {
    log_.debug("> exists", {{"shard", shard.str()}});
    inner_->exists(shard, std::move(done));
  }
  void when_ready(std::function<void(const ShardId& shard)> ready) override { inner_->when_ready(std::move(ready)); }
  std::optional<Error> ended() const override { return inner_->ended(); }

 private:
  std::unique_ptr<source::StreamSource> inner_;
  Log& log_;
};

class TracedSnapshot final : public source::SnapshotSource {
 public:
  TracedSnapshot(std::unique_ptr<source::SnapshotSource> inner, Log& log) : inner_(std::move(inner)), log_(log) {}

  void open(Done<source::SnapshotIdentity> done) override {
    log_.debug("> open the snapshot");
    inner_->open(std::move(done));
  }
  int segments(std::optional<int> wanted) const override { return inner_->segments(wanted); }
  Timestamp cut(Timestamp server_now) const override { return inner_->cut(server_now); }
  void read(const source::SegmentRequest& request, Done<source::SegmentPage> done) override {
    const std::string shard = shards::segment_shard(request.segment).str();
    log_.debug("> read",
               {{"segment", shard}, {"from", request.resume}, {"items", request.max_items}, {"bytes", request.max_bytes}});
    inner_->read(request, traced<source::SegmentPage>(log_, "read " + shard, std::move(done)));
  }

 private:
  std::unique_ptr<source::SnapshotSource> inner_;
  Log& log_;
};

class TracedStore final : public coordination::PositionStore {
 public:
  TracedStore(coordination::PositionStore& inner, Log& log) : inner_(inner), log_(log) {}

  void read(const RelayName& relay, Done<std::vector<coordination::StoredPosition>> done) override {
    log_.debug("> load positions", {{"relay", relay.str()}});
    inner_.read(relay, std::move(done));
  }
  void acquire(const coordination::AcquireRequest& request, Done<coordination::Acquired> done) override {
    log_.debug("> acquire",
               {{"epoch", request.epoch}, {"forget", request.forget ? "yes" : "no"}, {"shards", text_of(request)}});
    inner_.acquire(request, traced<coordination::Acquired>(log_, "acquire", std::move(done)));
  }
  void add(const RelayName& relay, coordination::Fence fence, std::vector<coordination::NewShard> shards,
           Done<bool> done) override {
    log_.debug("> add", {{"fence", fence}, {"shards", text_of(shards)}});
    inner_.add(relay, fence, std::move(shards), traced<bool>(log_, "add", std::move(done)));
  }
  void move(const RelayName& relay, std::vector<PositionMove> moves, Done<bool> done) override {
    log_.debug("> move", {{"moves", text_of(moves)}});
    inner_.move(relay, std::move(moves), traced<bool>(log_, "move", std::move(done)));
  }
  void remove_finished(const RelayName& relay, coordination::Fence fence, std::vector<ShardId> shards,
                       Done<size_t> done) override {
    std::string names;
    for (const ShardId& shard : shards) names += " " + shard.str();
    log_.debug("> remove finished", {{"fence", fence}, {"shards", names}});
    inner_.remove_finished(relay, fence, std::move(shards), traced<size_t>(log_, "remove finished", std::move(done)));
  }
  void relays(Done<std::vector<RelayName>> done) override { inner_.relays(std::move(done)); }
  void remove(const RelayName& relay, bool finished_only, Done<size_t> done) override {
    inner_.remove(relay, finished_only, std::move(done));
  }

 private:
  coordination::PositionStore& inner_;
  Log& log_;
};

class TracedSink final : public sink::Sink {
 public:
  TracedSink(std::unique_ptr<sink::Sink> inner, Log& log)
      : inner_(std::move(inner)), log_(log), positions_(inner_->positions(), log) {}

  const table::TargetTraits& traits() const override { return inner_->traits(); }
  sink::WriteBounds bounds() const override { return inner_->bounds(); }
  void connect(Done<bool> done) override {
    log_.debug("> connect");
    inner_->connect(std::move(done));
  }
  void open(const table::TableSpec& spec, const coordination::TableRegistration& registration,
            Done<sink::OpenTable> done) override {
    log_.debug("> open", {{"table", registration.table},
                          {"load", registration.load ? static_cast<int>(registration.load->kind) : -1},
                          {"cut", registration.load ? text_of(registration.load->cut) : "-"},
                          {"since", registration.since ? text_of(*registration.since) : "-"},
                          {"reset", registration.reset ? "yes" : "no"},
                          {"goes_on", registration.goes_on ? "yes" : "no"},
                          {"record_lost", registration.record_lost ? "yes" : "no"}});
    inner_->open(spec, registration, traced<sink::OpenTable>(log_, "open", std::move(done)));
  }
  void records(Done<std::vector<coordination::TableRecord>> done) override {
    log_.debug("> records");
    inner_->records(std::move(done));
  }
  void exists(const table::QualifiedName& name, Done<bool> done) override {
    log_.debug("> exists", {{"table", name.str()}});
    inner_->exists(name, std::move(done));
  }
  void apply(std::shared_ptr<const sink::Batch> batch, Done<sink::BatchOutcome> done) override {
    log_.debug("> apply", {{"rows", text_of(*batch)}, {"moves", text_of(batch->moves)}});
    inner_->apply(std::move(batch), traced<sink::BatchOutcome>(log_, "apply", std::move(done)));
  }
  coordination::PositionStore& positions() override { return positions_; }
  void finish_load(const sink::LoadEnd& load, Done<sink::LoadEnding> done) override {
    log_.debug("> finish the load", {{"table", load.table}, {"epoch", load.epoch}});
    inner_->finish_load(load, traced<sink::LoadEnding>(log_, "finish the load", std::move(done)));
  }
  void sweep(const sink::SweepRequest& request, Done<sink::SweepOutcome> done) override {
    log_.debug("> sweep", {{"table", request.table},
                           {"grace", request.grace / std::chrono::seconds(1)},
                           {"floor", request.floor / std::chrono::seconds(1)},
                           {"count", request.count_living ? "yes" : "no"}});
    inner_->sweep(request, traced<sink::SweepOutcome>(log_, "sweep", std::move(done)));
  }
  void close(Done<bool> done) override {
    log_.debug("> close");
    inner_->close(std::move(done));
  }

 private:
  std::unique_ptr<sink::Sink> inner_;
  Log& log_;
  TracedStore positions_;
};

}  // namespace

std::unique_ptr<source::StreamSource> trace_calls(std::unique_ptr<source::StreamSource> source, Log& log) {
  return std::make_unique<TracedSource>(std::move(source), log);
}

std::unique_ptr<source::SnapshotSource> trace_calls(std::unique_ptr<source::SnapshotSource> source, Log& log) {
  return std::make_unique<TracedSnapshot>(std::move(source), log);
}

std::unique_ptr<sink::Sink> trace_calls(std::unique_ptr<sink::Sink> sink, Log& log) {
  return std::make_unique<TracedSink>(std::move(sink), log);
}

void trace_counters(Log& log, const relay::RelayStats& stats) {
  log.debug("the relay's counters", {{"read", stats.counts.read},
                                     {"applied", stats.counts.applied},
                                     {"stale", stats.counts.stale ? static_cast<int64_t>(*stats.counts.stale) : -1},
                                     {"filtered", stats.counts.filtered},
                                     {"deleted", stats.counts.deleted},
                                     {"dead_letters", stats.counts.dead_letters},
                                     {"gaps", stats.counts.gaps},
                                     {"shards", stats.counts.shards},
                                     {"bytes", stats.counts.bytes},
                                     {"reading", stats.shards_reading},
                                     {"waiting", stats.shards_waiting},
                                     {"lag", stats.lag / std::chrono::milliseconds(1)},
                                     {"memory", stats.memory_used},
                                     {"trouble", stats.outage}});
  if (!stats.load) return;
  log.debug("its load", {{"items", stats.load->items},
                         {"before", stats.load->items_before},
                         {"segments", stats.load->segments},
                         {"done", stats.load->segments_done}});
}

}  // namespace ctk::simulation
