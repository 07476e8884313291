#include "record/recording_sink.h"

#include <utility>

#include "base/answer_later.h"
#include "base/job_queue.h"
#include "coordination/memory_records.h"
#include "record/kept_recording.h"
#include "record/recorded_line.h"

namespace ctk::record {
namespace {

using namespace coordination;

/// As lines are, but with positions that move with them.
const table::TargetTraits& recording_traits() {
  static const table::TargetTraits kTraits = [] {
    table::TargetTraits traits = table::kNdjsonTraits;
    traits.product = "a recording";
    traits.transactions = true;
    return traits;
  }();
  return kTraits;
}

/// The positions in the recording. Its jobs run behind those of the sink.
class RecordingStore final : public PositionStore {
 public:
  RecordingStore(KeptRecording& recording, JobQueue& jobs, EventLoop& loop, Clock& clock)
      : recording_(recording), jobs_(jobs), loop_(loop), clock_(clock) {}

  void read(const RelayName& relay, Done<std::vector<StoredPosition>> done) override {
    jobs_.run([this, relay] { return recording_.read(relay); }, std::move(done));
  }
  void acquire(const AcquireRequest& request, Done<Acquired> done) override {
    jobs_.run([this, request, now = clock_.now()] { return recording_.acquire(request, now); }, std::move(done));
  }
  void add(const RelayName& relay, Fence fence, std::vector<NewShard> shards, Done<bool> done) override {
    jobs_.run([this, relay, fence, shards = std::move(shards),
               now = clock_.now()] { return recording_.add(relay, fence, shards, now); },
              std::move(done));
  }
  void move(const RelayName& relay, std::vector<PositionMove> moves, Done<bool> done) override {
    jobs_.run(
        [this, relay, moves = std::move(moves), now = clock_.now()] { return recording_.write(relay, "", moves, now); },
        std::move(done));
  }
  void remove_finished(const RelayName& relay, Fence fence, std::vector<aws::ShardId> shards, Done<size_t> done) override {
    jobs_.run([this, relay, fence, shards = std::move(shards)] { return recording_.remove_finished(relay, fence, shards); },
              std::move(done));
  }
  // Nobody lists or removes relays of a recording.
  void relays(Done<std::vector<RelayName>> done) override {
    answer_later(loop_, lifeline_, std::move(done), Result<std::vector<RelayName>>({}));
  }
  void remove(const RelayName&, bool, Done<size_t> done) override {
    answer_later(loop_, lifeline_, std::move(done), Result<size_t>(0));
  }

 private:
  KeptRecording& recording_;
  JobQueue& jobs_;
  EventLoop& loop_;
  Clock& clock_;
  Lifeline lifeline_;
};

class RecordingSink final : public sink::Sink {
 public:
  RecordingSink(const std::string& path, const sink::SinkEnvironment& environment)
      : loop_(environment.loop),
        clock_(environment.clock),
        is_packed_(packing_of(path) != Packing::none),
        recording_(path),
        positions_(recording_, jobs_, loop_, clock_),
        jobs_(environment.make_executor("recording")) {}

  const table::TargetTraits& traits() const override { return recording_traits(); }
  sink::WriteBounds bounds() const override {
    sink::WriteBounds bounds;
    bounds.batch_rows = 10'000;
    // What is packed in small pieces is hardly packed.
    if (is_packed_) bounds.batch_age = std::chrono::seconds(2);
    return bounds;
  }

  void connect(Done<bool> done) override {
    jobs_.run(
        [this] {
          const Status opened = recording_.open();
          return opened ? Result<bool>(true) : std::unexpected(opened.error());
        },
        std::move(done));
  }

  /// The one table of all records is as it was left: what is in it nobody asks.
  void open(const table::TableSpec& spec, const TableRegistration& registration, Done<sink::OpenTable> done) override {
    TableRegistration anew = registration;
    anew.record_lost = anew.goes_on = false;
    anew.lost_epoch = 0;
    auto record = records_.register_table(anew);
    if (!record) return answer(std::move(done), Result<sink::OpenTable>(forward_error(std::move(record))));
    record->load = LoadState::complete;  // there is nothing that a load could fill
    answer(std::move(done),
           Result<sink::OpenTable>(sink::OpenTable{std::move(*record), std::make_shared<const table::Renderer>(spec)}));
  }
  void records(Done<std::vector<TableRecord>> done) override {
    answer(std::move(done), Result<std::vector<TableRecord>>(records_.all()));
  }
  void exists(const table::QualifiedName&, Done<bool> done) override { answer(std::move(done), Result<bool>(true)); }

  void apply(std::shared_ptr<const sink::Batch> batch, Done<sink::BatchOutcome> done) override {
    sink::BatchOutcome outcome;
    std::string lines;
    for (const sink::TableWrites& writes : batch->tables) {
      outcome.tables.emplace_back(writes.changes.size());
      for (const sink::FoldedChange& folded : writes.changes) {
        lines += line_within(folded.changes.front()->record);
        lines += '\n';
      }
    }
    jobs_.run([this, batch = std::move(batch), lines = std::move(lines),
               now = clock_.now()] { return recording_.write(batch->relay, lines, batch->moves, now); },
              [outcome = std::move(outcome), done = std::move(done)](Result<bool> written) mutable {
                if (!written) return done(forward_error(std::move(written)));
                done(std::move(outcome));
              });
  }

  PositionStore& positions() override { return positions_; }
  void finish_load(const sink::LoadEnd&, Done<sink::LoadEnding> done) override {
    answer(std::move(done), Result<sink::LoadEnding>(sink::LoadEnding{}));
  }
  void sweep(const sink::SweepRequest&, Done<sink::SweepOutcome> done) override {
    answer(std::move(done), Result<sink::SweepOutcome>(sink::SweepOutcome{}));
  }
  void close(Done<bool> done) override {
    // Behind whatever is still to be written.
    jobs_.run([] { return Result<bool>(true); }, std::move(done));
  }

 private:
  template <class T>
  void answer(Done<T> done, Result<T> result) {
    answer_later(loop_, lifeline_, std::move(done), std::move(result));
  }

  EventLoop& loop_;
  Clock& clock_;
  const bool is_packed_;
  MemoryRecords records_;
  KeptRecording recording_;
  RecordingStore positions_;
  JobQueue jobs_;  // behind what its jobs use
  Lifeline lifeline_;
};

}  // namespace

std::unique_ptr<sink::Sink> make_recording_sink(const std::string& path, const sink::SinkEnvironment& environment) {
  return std::make_unique<RecordingSink>(path, environment);
}

}  // namespace ctk::record
