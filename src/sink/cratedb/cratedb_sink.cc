#include "sink/cratedb/cratedb_sink.h"

#include <algorithm>

#include "sink/cratedb/batch_work.h"
#include "sink/cratedb/columns.h"
#include "sink/cratedb/positions.h"
#include "sink/cratedb/query.h"
#include "sink/cratedb/repaired_rows.h"
#include "sink/cratedb/reports.h"
#include "sink/cratedb/stored_rows.h"
#include "sink/cratedb/sweeper.h"
#include "sink/cratedb/tables.h"
#include "sink/cratedb/target_sight.h"
#include "sink/cratedb/witnesses.h"
#include "sink/fresh_rows.h"

namespace ctk::sink {
namespace cratedb {
namespace {

constexpr int kConnections = 4;

class CrateSink final : public Database, public TargetCheck {
 public:
  CrateSink(const TargetOptions& options, const SinkEnvironment& environment)
      : options_(options),
        bounds_{options.batch_rows.value_or(BatchBounds{}.rows), options.batch_bytes.value_or(BatchBounds{}.bytes)},
        client_(options_, *environment.http, environment.clock, environment.random, tasks_),
        session_{.options = options_,
                 .loop = environment.loop,
                 .bookkeeping = Bookkeeping(options_.schema),
                 .client = client_,
                 .clock = environment.clock,
                 .log = environment.log,
                 .tasks = tasks_},
        positions_(session_),
        tasks_(environment.loop) {}

  const table::TargetTraits& traits() const override { return table::kCrateTraits; }

  WriteBounds bounds() const override {
    const BatchBounds tuned;
    return {.connections = options_.connections.value_or(kConnections),
            .batch_rows = options_.batch_rows.value_or(tuned.rows),
            .batch_bytes = options_.batch_bytes.value_or(tuned.bytes)};
  }

  void connect(Done<bool> done) override { tasks_.spawn(cratedb::connect(session_), std::move(done)); }

  void open(const table::TableSpec& spec, const coordination::TableRegistration& registration,
            Done<OpenTable> done) override {
    auto opened = [this, relay = registration.relay, done = std::move(done)](Result<OpenTable> result) mutable {
      if (result && !result->record.witnesses.empty()) fresh_.settle(result->record.table);
      if (result && relay) positions_.note_table(*relay, result->record.epoch);
      done(std::move(result));
    };
    tasks_.spawn(open_table(session_, spec, registration), std::move(opened));
  }

  void records(Done<std::vector<coordination::TableRecord>> done) override {
    tasks_.spawn(all_records(session_), std::move(done));
  }

  void exists(const table::QualifiedName& name, Done<bool> done) override {
    tasks_.spawn(table_exists(session_, name), std::move(done));
  }

  void apply(std::shared_ptr<const Batch> batch, Done<BatchOutcome> done) override {
    tasks_.spawn(write(std::move(batch)), std::move(done));
  }

  coordination::PositionStore& positions() override { return positions_; }

  void finish_load(const LoadEnd& load, Done<LoadEnding> done) override {
    tasks_.spawn(cratedb::finish_load(session_, load), std::move(done));
  }

  void sweep(const SweepRequest& request, Done<SweepOutcome> done) override {
    tasks_.spawn(sweep_table(session_, positions_, request, fresh_.take(request.table)), std::move(done));
  }

  void query(Query query, Done<ResultSet> done) override {
    tasks_.spawn(cratedb::query(session_, std::move(query)), std::move(done));
  }

  void show(const table::QualifiedName& name, Done<TableReport> done) override {
    tasks_.spawn(report(session_, positions_, name), std::move(done));
  }

  void dead_letters(std::optional<std::string> id, Done<std::vector<DeadLetter>> done) override {
    tasks_.spawn(list_dead_letters(session_, std::move(id)), std::move(done));
  }

  void dead_letter_page(std::string from, size_t bytes, Done<DeadLetterPage> done) override {
    tasks_.spawn(read_dead_letter_page(session_, std::move(from), bytes), std::move(done));
  }

  void read_rows(Spec spec, std::vector<std::vector<table::KeyCell>> keys, Done<Rows> done) override {
    tasks_.spawn(cratedb::read_rows(session_, std::move(spec), std::move(keys)), std::move(done));
  }

  void read_keys(Spec spec, std::vector<std::string> from, size_t limit, Done<KeyPage> done) override {
    tasks_.spawn(cratedb::read_keys(session_, std::move(spec), std::move(from), limit), std::move(done));
  }

  void walk_rows(Spec spec, RowVisit visit, Done<bool> done) override {
    tasks_.spawn(cratedb::walk_rows(session_, std::move(spec), std::move(visit)), std::move(done));
  }

  void learned_types(Spec spec, Done<table::LearnedTypes> done) override {
    tasks_.spawn(cratedb::learned_types(session_, std::move(spec)), std::move(done));
  }

  void repair_rows(Spec spec, coordination::Epoch epoch, std::vector<RowRepair> repairs, Done<bool> done) override {
    tasks_.spawn(cratedb::repair_rows(session_, std::move(spec), epoch, std::move(repairs)), std::move(done));
  }

  void row_versions(const std::string& table, std::vector<std::string> keys, Done<RowVersions> done) override {
    tasks_.spawn(versions_of(table, std::move(keys)), std::move(done));
  }

  void retyping(const table::TableSpec& spec, Done<std::vector<std::string>> done) override {
    tasks_.spawn(plan_retyping(session_, spec), std::move(done));
  }

  TargetCheck& target_check() override { return *this; }

  void look(const TargetQuestion& question, Done<TargetSight> done) override {
    tasks_.spawn(look_at_target(session_, question), std::move(done));
  }

  void close(Done<bool> done) override {
    client_.insist_no_more();
    tasks_.when_idle([done = std::move(done)]() mutable { done(true); });
  }

 private:
  Task<Result<RowVersions>> versions_of(std::string table, std::vector<std::string> keys) {
    const auto state = session_.tables.find(table);
    if (state == session_.tables.end()) co_return fail(ErrorKind::internal, "table " + table + " is not open");
    table::TableSpec spec = state->second->spec;
    co_return co_await read_versions(session_, std::move(spec), std::move(keys));
  }

  Task<Result<BatchOutcome>> write(std::shared_ptr<const Batch> batch) {
    Result<bool> learned = co_await learn_columns(*batch);
    if (!learned) co_return forward_error(std::move(learned));
    std::unique_ptr<BatchWork> work = unfinished_.take(batch);
    if (!work) work = std::make_unique<BatchWork>(session_, batch);
    BatchBounds bounds = bounds_;
    Result<bool> done = co_await work->run(bounds);
    adapt(bounds);
    if (!done) {
      unfinished_.keep(std::move(work));
      co_return forward_error(std::move(done));
    }
    BatchOutcome outcome = work->outcome();
    fresh_.note(*batch, outcome);
    for (const TableWrites& writes : batch->tables) co_await note_first(writes.table);
    co_return outcome;
  }

  /// Nothing is awaited before the turn: batches come to it in the order in which they were given.
  Task<Result<bool>> learn_columns(const Batch& batch) {
    if (std::ranges::none_of(batch.tables, [this](const TableWrites& writes) { return !wanted_of(writes).empty(); })) {
      co_return true;
    }
    const AsyncMutex::Lock turn = co_await session_.asking.lock();
    for (const TableWrites& writes : batch.tables) {
      std::vector<table::NewColumn> wanted = wanted_of(writes);
      if (wanted.empty()) continue;
      Result<bool> ensured = co_await ensure_columns(session_, session_.tables.at(writes.table), std::move(wanted));
      if (!ensured) co_return ensured;
    }
    co_return true;
  }

  std::vector<table::NewColumn> wanted_of(const TableWrites& writes) const {
    const auto found = session_.tables.find(writes.table);
    if (found == session_.tables.end()) return {};
    return wanted_columns(*found->second->renderer, writes);
  }

  /// The first rows of a table that has no witnesses are noted with their batch, before anything can happen to it. What
  /// cannot be noted is with a later batch.
  Task<bool> note_first(std::string table) {
    const auto state = session_.tables.find(table);
    if (state == session_.tables.end() || !session_.bookkeeping.has_witnesses || !fresh_.is_first(table)) co_return false;
    coordination::Witnesses rows = fresh_.begin_first(table);
    const std::shared_ptr<TableState> shared = state->second;
    Result<bool> noted = co_await renew_witnesses(session_, shared->spec, table, std::move(rows), "");
    fresh_.end_first(table, noted.has_value());
    co_return noted.has_value();
  }

  /// A server that was short of memory gets smaller batches, and larger ones again as it goes well.
  void adapt(const BatchBounds& used) {
    const size_t most = options_.batch_rows.value_or(BatchBounds{}.rows);
    bounds_.rows = used.rows < bounds_.rows ? used.rows : std::min(most, bounds_.rows + bounds_.rows / 4 + 1);
  }

  TargetOptions options_;
  BatchBounds bounds_;
  Client client_;
  Session session_;
  CratePositions positions_;
  UnfinishedWork unfinished_;
  FreshRows fresh_;
  TaskGroup tasks_;  // last: its conversations use all of the above
};

}  // namespace
}  // namespace cratedb

std::unique_ptr<Database> make_cratedb_sink(const TargetOptions& options, const SinkEnvironment& environment) {
  return std::make_unique<cratedb::CrateSink>(options, environment);
}

}  // namespace ctk::sink
