#include "sink/sql/sql_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sink/sql/bookkeeping.h"
#include "sink/sql/lanes.h"
#include "sink/sql/refusals.h"
#include "sink/sql/sql_dead_letters.h"
#include "sink/sql/sql_positions.h"
#include "sink/sql/sql_registry.h"
#include "sink/sql/sql_report.h"
#include "sink/sql/sql_schema.h"
#include "sink/sql/sql_sweep.h"
#include "sink/sql/sql_writer.h"

namespace ctk::sink::sql {
namespace {

using coordination::TableClaim;
using coordination::TableRecord;

template <class T>
Result<T> to_result(Tried<T> tried) {
  if (!tried) return std::unexpected(call_error(std::move(tried).error()));
  return std::move(*tried);
}

Tried<TableRecord> open_table(Driver& driver, const Bookkeeping& at, const table::TableSpec& spec,
                              const TableClaim& claim) {
  if (Tried<bool> made = ensure_bookkeeping(driver, at, spec.options.create_table); !made) return broken(std::move(made));
  Tried<std::optional<TableRecord>> existing = read_record(driver, at, claim.table, at.dialect.for_update());
  if (!existing) return broken(std::move(existing));
  Result<TableRecord> record = coordination::decide_claim(*existing, claim);
  if (!record) return broken(std::move(record).error());
  record->names = spec.names;
  if (Tried<bool> made = ensure_table(driver, at.dialect, spec); !made) return broken(std::move(made));
  if (*existing != *record) {
    if (Tried<bool> written = write_record(driver, at, *record); !written) return broken(std::move(written));
  }
  return std::move(*record);
}

bool any_row_taken(const BatchOutcome& outcome) {
  return std::ranges::any_of(outcome.tables, [](const std::vector<ChangeOutcome>& table) {
    return std::ranges::any_of(table, [](const ChangeOutcome& each) { return each.kind != ChangeOutcome::Kind::parked; });
  });
}

class SqlSink final : public Sink {
 public:
  SqlSink(const TargetOptions& options, const SinkEnvironment& environment, SqlSinkParts parts)
      : clock_(environment.clock),
        dialect_(std::move(parts.dialect)),
        at_(*dialect_, options.schema),
        positions_(lanes_, at_, environment.clock, options.tables.create_table),
        other_positions_(std::move(parts.positions)) {
    capabilities_.transactional = true;
    capabilities_.tells_stale = true;
    capabilities_.connections = static_cast<int>(parts.drivers.size());
    capabilities_.batch_rows = options.batch_rows.value_or(parts.batch_rows);
    capabilities_.batch_bytes = options.batch_bytes.value_or(parts.batch_bytes);
    // A commit of few rows costs little: what a slow one keeps waiting is company for the next.
    capabilities_.batch_age = std::chrono::milliseconds(10);
    for (std::unique_ptr<Driver>& driver : parts.drivers) {
      lanes_.add(environment.make_executor("ctk-sql"), std::move(driver));
    }
  }

  Capabilities capabilities() const override { return capabilities_; }

  void connect(Done<bool> done) override {
    lanes_.run<bool>(Reach::existing, [](Driver&) -> Result<bool> { return true; }, std::move(done));
  }

  void open(const table::TableSpec& spec, const TableClaim& claim, Done<OpenTable> done) override {
    auto job = [this, spec, claim](Driver& driver) {
      return transact<TableRecord>(driver, *dialect_, [&](Driver& d) { return open_table(d, at_, spec, claim); });
    };
    auto opened = [this, spec, done = std::move(done)](Result<TableRecord> record) mutable {
      if (!record) return done(std::unexpected(std::move(record).error()));
      auto renderer = std::make_shared<const table::Renderer>(spec);
      tables_[record->table] = std::make_shared<const RowTable>(*dialect_, renderer);
      done(OpenTable{std::move(*record), std::move(renderer)});
    };
    lanes_.run<TableRecord>(Reach::create, std::move(job), std::move(opened));
  }

  void records(Done<std::vector<TableRecord>> done) override {
    auto job = [this](Driver& driver) { return to_result(read_records(driver, at_)); };
    lanes_.run<std::vector<TableRecord>>(Reach::existing, std::move(job), std::move(done));
  }

  void exists(const table::QualifiedName& name, Done<bool> done) override {
    auto job = [this, name](Driver& driver) { return to_result(relation_exists(driver, *dialect_, name)); };
    lanes_.run<bool>(Reach::existing, std::move(job), std::move(done));
  }

  void apply(std::shared_ptr<const Batch> batch, Done<BatchOutcome> done) override {
    std::vector<std::shared_ptr<const RowTable>> tables;
    std::string missing;
    for (const TableWrites& writes : batch->tables) {
      auto found = tables_.find(writes.table);
      if (found == tables_.end()) missing = writes.table;
      tables.push_back(found == tables_.end() ? nullptr : found->second);
    }
    auto job = [this, batch, tables = std::move(tables), missing, now = clock_.now(), before = written_,
                tries = tries_.next(batch)](Driver& driver) -> Result<BatchOutcome> {
      if (!missing.empty()) return fail(ErrorKind::internal, fmt::format("the table {} was not opened", missing));
      return write_batch(driver, {at_, *batch, tables, now, before, tries});
    };
    auto written = [this, done = std::move(done)](Result<BatchOutcome> outcome) mutable {
      written_ = written_ || (outcome && any_row_taken(*outcome));
      done(std::move(outcome));
    };
    lanes_.run<BatchOutcome>(Reach::create, std::move(job), std::move(written));
  }

  coordination::PositionStore& positions() override { return other_positions_ ? *other_positions_ : positions_; }

  void finish_load(const LoadEnd& load, Done<LoadEnding> done) override {
    auto found = tables_.find(load.table);
    auto table = found == tables_.end() ? nullptr : found->second;
    auto job = [this, load, table, now = clock_.now()](Driver& driver) -> Result<LoadEnding> {
      if (!table) return fail(ErrorKind::internal, fmt::format("the table {} was not opened", load.table));
      return sql::finish_load(driver, at_, table->renderer(), load, now);
    };
    lanes_.run<LoadEnding>(Reach::create, std::move(job), std::move(done));
  }

  void sweep(const SweepRequest& request, Done<SweepOutcome> done) override {
    auto found = tables_.find(request.table);
    auto table = found == tables_.end() ? nullptr : found->second;
    auto job = [this, request, table, now = clock_.now()](Driver& driver) -> Result<SweepOutcome> {
      if (!table) return fail(ErrorKind::internal, fmt::format("the table {} was not opened", request.table));
      return sweep_table(driver, {at_, table->renderer(), request, now});
    };
    lanes_.run<SweepOutcome>(Reach::create, std::move(job), std::move(done));
  }

  void query(std::string sql, Done<ResultSet> done) override {
    auto job = [sql = std::move(sql)](Driver& driver) { return driver.query(sql); };
    lanes_.run_first<ResultSet>(Reach::existing, std::move(job), std::move(done));
  }

  void show(const table::QualifiedName& name, Done<TableReport> done) override {
    auto job = [this, name](Driver& driver) { return to_result(report_table(driver, at_, name)); };
    lanes_.run<TableReport>(Reach::existing, std::move(job), std::move(done));
  }

  void dead_letters(std::optional<std::string> id, Done<std::vector<DeadLetter>> done) override {
    auto job = [this, id = std::move(id)](Driver& driver) {
      std::optional<std::vector<std::string>> ids;
      if (id) ids = {*id};
      return to_result(read_letters(driver, at_, ids));
    };
    lanes_.run<std::vector<DeadLetter>>(Reach::existing, std::move(job), std::move(done));
  }

  void close(Done<bool> done) override { lanes_.close(std::move(done)); }

 private:
  Clock& clock_;
  std::unique_ptr<Dialect> dialect_;
  Bookkeeping at_;
  std::map<std::string, std::shared_ptr<const RowTable>> tables_;
  Capabilities capabilities_;
  Tries tries_;
  bool written_ = false;  ///< a row was taken in this run
  SqlPositions positions_;
  std::unique_ptr<coordination::PositionStore> other_positions_;
  Lanes lanes_;  // after what its jobs use: it is joined first
};

}  // namespace

std::unique_ptr<Sink> make_sql_sink(const TargetOptions& options, const SinkEnvironment& environment, SqlSinkParts parts) {
  return std::make_unique<SqlSink>(options, environment, std::move(parts));
}

}  // namespace ctk::sink::sql
