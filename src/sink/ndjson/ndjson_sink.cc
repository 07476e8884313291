#include "sink/ndjson/ndjson_sink.h"

#include <unistd.h>

#include <map>

#include "base/answer_later.h"
#include "base/job_queue.h"
#include "coordination/memory_records.h"
#include "coordination/memory_store.h"
#include "sink/candidates.h"
#include "sink/ndjson/output.h"
#include "sink/target_options.h"

namespace ctk::sink {
namespace ndjson {
namespace {

std::unique_ptr<Output> make_output(const net::Url& url, const SinkEnvironment& environment, const std::stop_token& stop) {
  if (is_standard_output(url.path)) {
    return std::make_unique<Output>(STDOUT_FILENO, "standard output", environment.log, stop, environment.beside_log);
  }
  return std::make_unique<Output>(url.path, environment.log, stop);
}

std::unique_ptr<Output> make_letters(const TargetOptions& options, const SinkEnvironment& environment,
                                     const std::stop_token& stop) {
  if (options.dead_letters_file) return std::make_unique<Output>(*options.dead_letters_file, environment.log, stop);
  return std::make_unique<Output>(STDERR_FILENO, "standard error", environment.log, stop, environment.beside_log);
}

/// About as many bytes as the batch's lines take. A text that grows to them by and by copies them again and again.
size_t expected_bytes(const Batch& batch) {
  constexpr size_t kKeyAndNames = 256;
  size_t bytes = 0;
  for (const TableWrites& writes : batch.tables) {
    for (const FoldedChange& folded : writes.changes) {
      if (const auto* row = std::get_if<table::Row>(&folded.rendered)) bytes += kKeyAndNames + row->bytes();
    }
  }
  return bytes;
}

/// Lines are made on the loop and written by one thread. There is no guard: each change is a line of its own.
class NdjsonSink final : public Sink {
 public:
  NdjsonSink(const TargetOptions& options, const SinkEnvironment& environment)
      : NdjsonSink(options, environment, std::stop_source()) {}

  const table::TargetTraits& traits() const override { return table::kNdjsonTraits; }
  WriteBounds bounds() const override { return {}; }

  void connect(Done<bool> done) override {
    jobs_.run([this] { return output_->open(); }, std::move(done));
  }

  void open(const table::TableSpec& spec, const coordination::TableRegistration& registration,
            Done<OpenTable> done) override {
    Result<coordination::TableRecord> record = records_.register_table(registration);
    if (!record) return answer(std::move(done), Result<OpenTable>(forward_error(std::move(record))));
    auto renderer = std::make_shared<const table::Renderer>(spec);
    renderers_[registration.table] = renderer;
    answer(std::move(done), Result<OpenTable>(OpenTable{std::move(*record), std::move(renderer)}));
  }

  void records(Done<std::vector<coordination::TableRecord>> done) override {
    answer(std::move(done), Result<std::vector<coordination::TableRecord>>(records_.all()));
  }
  void exists(const table::QualifiedName& name, Done<bool> done) override {
    answer(std::move(done), Result<bool>(records_.contains(name.str())));
  }

  void apply(std::shared_ptr<const Batch> batch, Done<BatchOutcome> done) override {
    BatchOutcome outcome;
    std::string lines;
    lines.reserve(expected_bytes(*batch));
    std::vector<RefusedChange> refused;
    outcome.dead_letters = batch->dead_letters;
    for (const TableWrites& writes : batch->tables) {
      auto& outcomes = outcome.tables.emplace_back();
      outcomes.reserve(writes.changes.size());
      const std::string& source_table = renderers_.at(writes.table)->spec().source_table;
      for (const FoldedChange& folded : writes.changes) {
        const Candidates settled = settle(writes, folded, lines);
        outcomes.push_back(settled.outcome());
        settled.append_refusal(refused);
        settled.append_dead_letters(outcome.dead_letters, *batch, source_table, clock_.now());
      }
    }
    if (batch->stop_on_refusal && !refused.empty()) {
      return answer(std::move(done), Result<BatchOutcome>(stopped_by(std::move(refused))));
    }
    std::string letters;
    for (const DeadLetter& letter : outcome.dead_letters) append_dead_letter(letters, letter);
    jobs_.run([this, lines = std::move(lines), letters = std::move(letters)] { return write(lines, letters); },
              [outcome = std::move(outcome), done = std::move(done)](Result<bool> written) mutable {
                if (!written) return done(forward_error(std::move(written)));
                done(std::move(outcome));
              });
  }

  coordination::PositionStore& positions() override { return *positions_; }

  void finish_load(const LoadEnd& load, Done<LoadEnding> done) override {
    Result<coordination::TableRecord> record = records_.finish_load(load.table, clock_.now());
    if (!record) return answer(std::move(done), Result<LoadEnding>(forward_error(std::move(record))));
    answer(std::move(done), Result<LoadEnding>(LoadEnding{std::move(*record), 0}));
  }

  void sweep(const SweepRequest&, Done<SweepOutcome> done) override {
    answer(std::move(done), Result<SweepOutcome>(SweepOutcome{}));
  }
  void close(Done<bool> done) override {
    // Behind whatever is still to be written.
    jobs_.run([] { return Result<bool>(true); }, std::move(done));
  }

 private:
  NdjsonSink(const TargetOptions& options, const SinkEnvironment& environment, const std::stop_source& stop)
      : loop_(environment.loop),
        clock_(environment.clock),
        dry_run_(options.dry_run),
        output_(make_output(options.url, environment, stop.get_token())),
        letters_(make_letters(options, environment, stop.get_token())),
        positions_(coordination::make_memory_store(environment.loop, environment.clock)),
        jobs_(environment.make_executor("ndjson"), stop) {}

  Result<bool> write(const std::string& lines, const std::string& letters) {
    Result<bool> written = output_->write(lines);
    if (written) {
      written = letters_->write(letters);
      // They come again with the letters.
      if (!written) output_->take_back();
    }
    if (!written && dry_run_) written.error().kind = ErrorKind::stopped;  // nothing to wait for
    return written;
  }

  template <class T>
  void answer(Done<T> done, Result<T> result) {
    answer_later(loop_, lifeline_, std::move(done), std::move(result));
  }

  /// Makes a line, where the change can be one. Nothing is folded here: there are no lower changes.
  static Candidates settle(const TableWrites& writes, const FoldedChange& folded, std::string& lines) {
    Candidates candidates(folded, writes.epoch);
    if (const auto* row = std::get_if<table::Row>(&folded.rendered)) {
      append_line(lines, writes.table, candidates.current(), *row);
    } else if (const auto* refused = std::get_if<table::Refused>(&folded.rendered)) {
      candidates.park(refused->reason, refused->because_of_key);
    } else {
      candidates.park("it asks for columns", false);
    }
    return candidates;
  }

  EventLoop& loop_;
  Clock& clock_;
  coordination::MemoryRecords records_;
  std::map<std::string, std::shared_ptr<const table::Renderer>> renderers_;
  bool dry_run_;
  std::unique_ptr<Output> output_;
  std::unique_ptr<Output> letters_;
  std::unique_ptr<coordination::PositionStore> positions_;
  JobQueue jobs_;  // behind the outputs, which its jobs use
  Lifeline lifeline_;
};

}  // namespace
}  // namespace ndjson

bool is_standard_output(const std::string& path) { return path.empty() || path == "-" || path == "/-"; }

std::unique_ptr<Sink> make_ndjson_sink(const TargetOptions& options, const SinkEnvironment& environment) {
  return std::make_unique<ndjson::NdjsonSink>(options, environment);
}

}  // namespace ctk::sink
