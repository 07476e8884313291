// `--dry-run`: the statements of this sink, printed instead of sent.
#include <algorithm>
#include <map>

#include "base/answer_later.h"
#include "coordination/memory_records.h"
#include "coordination/memory_store.h"
#include "sink/candidates.h"
#include "sink/cratedb/bookkeeping.h"
#include "sink/cratedb/columns.h"
#include "sink/cratedb/cratedb_sink.h"
#include "sink/cratedb/history_statements.h"
#include "sink/cratedb/relations.h"
#include "sink/cratedb/row_args.h"
#include "sink/cratedb/statements.h"
#include "sink/printed.h"
#include "table/history.h"

namespace ctk::sink {
namespace cratedb {
namespace {

/// Behaves like a server on which nothing was there before, and which takes everything.
class DryRunSink final : public Sink {
 public:
  DryRunSink(const TargetOptions& options, const SinkEnvironment& environment, std::ostream& out)
      : loop_(environment.loop),
        clock_(environment.clock),
        out_(out),
        bookkeeping_(options.schema),
        positions_(coordination::make_memory_store(environment.loop, environment.clock)) {}

  const table::TargetTraits& traits() const override { return table::kCrateTraits; }
  WriteBounds bounds() const override { return {}; }
  void connect(Done<bool> done) override { answer(std::move(done), Result<bool>(true)); }

  void open(const table::TableSpec& spec, const coordination::TableRegistration& registration,
            Done<OpenTable> done) override {
    const bool nothing_was_there = records_.empty();
    const bool known = records_.contains(registration.table);
    Result<coordination::TableRecord> record = records_.register_table(registration, spec.names);
    if (!record) return answer(std::move(done), Result<OpenTable>(forward_error(std::move(record))));
    if (nothing_was_there && spec.options.create_table) print_bookkeeping();
    if (!known) print_table(spec, *record);
    table::LearnedTypes types;
    types.data_ignored = data_is_ignored(spec.options);
    constexpr size_t kOwnColumns = 6;  // pk or none, data, aux, cdc_*
    types.column_count = spec.keys.size() + kOwnColumns;
    renderers_[registration.table] = std::make_shared<const table::Renderer>(spec, std::move(types));
    OpenTable opened{std::move(*record), renderers_[registration.table]};
    if (spec.options.live_view && spec.options.create_table) opened.view = live_view_name(spec).str();
    answer(std::move(done), Result<OpenTable>(std::move(opened)));
  }

  void records(Done<std::vector<coordination::TableRecord>> done) override {
    answer(std::move(done), Result<std::vector<coordination::TableRecord>>(records_.all()));
  }
  void exists(const table::QualifiedName&, Done<bool> done) override { answer(std::move(done), Result<bool>(true)); }

  void apply(std::shared_ptr<const Batch> batch, Done<BatchOutcome> done) override {
    BatchOutcome outcome;
    outcome.dead_letters = batch->dead_letters;
    for (const TableWrites& writes : batch->tables) {
      const auto before = renderers_.at(writes.table);
      outcome.tables.push_back(print_writes(*batch, writes, outcome.dead_letters));
      const auto& after = renderers_.at(writes.table);
      if (after != before) outcome.renderers.emplace_back(writes.table, after);
    }
    if (!outcome.dead_letters.empty()) print(bookkeeping_.insert_dead_letters(outcome.dead_letters));
    if (!batch->settled.empty()) print(bookkeeping_.delete_letters(batch->settled));
    answer(std::move(done), Result<BatchOutcome>(std::move(outcome)));
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
  void close(Done<bool> done) override { answer_later(loop_, lifeline_, std::move(done), Result<bool>(true)); }

 private:
  template <class T>
  void answer(Done<T> done, Result<T> result) {
    if (Status printed = flush_printed(out_); !printed) result = forward_error(std::move(printed));
    answer_later(loop_, lifeline_, std::move(done), std::move(result));
  }

  /// The statement, then one comment for each list of parameters.
  void print(const Statement& statement) {
    out_ << statement.sql << ";\n";
    if (!statement.args.empty()) out_ << "-- " << statement.args << "\n";
    if (statement.bulk.empty()) return;
    for (std::string_view row : split_array(statement.bulk).value_or(std::vector<std::string_view>{})) {
      out_ << "-- " << row << "\n";
    }
  }

  void print_bookkeeping() {
    for (const std::string& sql :
         {bookkeeping_.create_tables(), bookkeeping_.create_positions(), bookkeeping_.create_dead_letters()}) {
      print({sql, "", ""});
    }
  }

  void print_table(const table::TableSpec& spec, const coordination::TableRecord& record) {
    if (spec.options.create_table) {
      print({create_table(spec), "", ""});
      if (spec.options.live_view) print({create_live_view(spec), "", ""});
    }
    if (spec.options.create_table && spec.options.history) {
      if (const auto history = table::make_history_spec(spec)) print({create_history(*history), "", ""});
    }
    print(bookkeeping_.insert_record(record));
  }

  std::vector<ChangeOutcome> print_writes(const Batch& batch, const TableWrites& writes, std::vector<DeadLetter>& letters) {
    std::vector<ChangeOutcome> outcomes;
    std::string rows;
    learn_columns(writes);
    const table::Renderer& renderer = *renderers_.at(writes.table);
    for (const FoldedChange& folded : writes.changes) {
      const Candidates candidates = append_first_row(renderer, writes.version_epoch(), folded, rows);
      outcomes.push_back(candidates.outcome());
      candidates.append_dead_letters(letters, batch, renderer.spec().source_table, clock_.now());
    }
    if (!rows.empty()) print({upsert(renderers_.at(writes.table)->spec()), "", "[" + rows + "]"});
    print_events(renderer.spec(), writes, outcomes);
    return outcomes;
  }

  void print_events(const table::TableSpec& spec, const TableWrites& writes, const std::vector<ChangeOutcome>& outcomes) {
    if (!spec.options.history) return;
    const auto history = table::make_history_spec(spec);
    if (!history) return;
    table::LearnedTypes any_shape;
    any_shape.data_ignored = true;
    const table::Renderer renderer(*history, std::move(any_shape));
    std::string rows;
    for (size_t i = 0; i < writes.changes.size(); i++) {
      const auto& changes = writes.changes[i].changes;
      for (auto level = static_cast<size_t>(outcomes[i].parked); level < changes.size(); level++) {
        const table::Rendered rendered = renderer.render(*changes[level], writes.version_epoch());
        const auto* row = std::get_if<table::Row>(&rendered);
        if (row != nullptr) rows += (rows.empty() ? "" : ",") + event_args(*history, *row, *changes[level]);
      }
    }
    if (!rows.empty()) print({insert_event(*history), "", "[" + rows + "]"});
  }

  void learn_columns(const TableWrites& writes) {
    const auto renderer = renderers_.at(writes.table);
    const auto added = addable(renderer->types(), renderer->spec().options, wanted_columns(*renderer, writes));
    if (added.empty()) return;
    print({add_columns(renderer->spec().name, added), "", ""});
    table::LearnedTypes types = renderer->types();
    for (const table::NewColumn& column : added) types.paths[column.path] = column.type;
    types.column_count += added.size();
    renderers_[writes.table] = std::make_shared<const table::Renderer>(renderer->spec(), std::move(types));
  }

  /// The first of the folded changes that can be a row; the ones above it are parked.
  static Candidates append_first_row(const table::Renderer& renderer, coordination::Epoch epoch, const FoldedChange& folded,
                                     std::string& rows) {
    Candidates candidates(folded, epoch);
    while (!candidates.exhausted()) {
      table::Rendered rendered = renderer.render(candidates.current(), epoch);
      if (std::holds_alternative<table::NeedsColumns>(rendered)) {
        rendered = renderer.render_into_aux(candidates.current(), epoch, {});
      }
      if (const auto* row = std::get_if<table::Row>(&rendered)) {
        if (!rows.empty()) rows += ',';
        append_row_args(rows, renderer.spec(), *row);
        break;
      }
      const auto& refused = std::get<table::Refused>(rendered);
      candidates.park(refused.reason, refused.because_of_key);
    }
    return candidates;
  }

  EventLoop& loop_;
  Clock& clock_;
  std::ostream& out_;
  Bookkeeping bookkeeping_;
  std::unique_ptr<coordination::PositionStore> positions_;
  coordination::MemoryRecords records_;
  std::map<std::string, std::shared_ptr<const table::Renderer>> renderers_;
  Lifeline lifeline_;
};

}  // namespace
}  // namespace cratedb

std::unique_ptr<Sink> make_cratedb_dry_run_sink(const TargetOptions& options, const SinkEnvironment& environment,
                                                std::ostream& out) {
  return std::make_unique<cratedb::DryRunSink>(options, environment, out);
}

}  // namespace ctk::sink
