#include "sink/sql/sql_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sink/fresh_rows.h"
#include "sink/recorded_history.h"
#include "sink/sql/bookkeeping.h"
#include "sink/sql/connection_pool.h"
#include "sink/sql/refusals.h"
#include "sink/sql/row_reading.h"
#include "sink/sql/row_repairing.h"
#include "sink/sql/sql_check.h"
#include "sink/sql/sql_dead_letters.h"
#include "sink/sql/sql_positions.h"
#include "sink/sql/sql_registry.h"
#include "sink/sql/sql_report.h"
#include "sink/sql/sql_rights.h"
#include "sink/sql/sql_schema.h"
#include "sink/sql/sql_sweep.h"
#include "sink/sql/sql_witnesses.h"
#include "sink/sql/sql_writer.h"

namespace ctk::sink::sql {
namespace {

using coordination::TableRecord;
using coordination::TableRegistration;

template <class T>
Result<T> to_result(SqlResult<T> tried) {
  if (!tried) return std::unexpected(call_error(std::move(tried).error()));
  return std::move(*tried);
}

struct Registered {
  TableRecord record;
  LiveView view;
  coordination::TableFound sight = coordination::TableFound::as_recorded;
  std::string left_out;  ///< the history that the table has, and that this run does not write
};

/// A history that is not named stays on record for as long as it is there.
SqlResult<bool> note_history(Driver& driver, const Bookkeeping& at, const std::optional<table::TableSpec>& named,
                             const table::QualifiedName& table, const std::optional<TableRecord>& existing,
                             Registered& registered) {
  if (named) record_history(registered.record, named->name.table);
  const std::string known = existing ? recorded_history(*existing) : "";
  if (named || known.empty()) return true;
  if (at.rehearsed == nullptr) {
    SqlResult<Standing> standing = look_at(driver, at.dialect, {table.schema, known});
    if (!standing) return forward_failure(std::move(standing));
    if (standing->nothing()) return true;
  }
  record_history(registered.record, known);
  registered.left_out = known;
  return true;
}

SqlResult<Registered> open_table(Driver& driver, const Bookkeeping& at, const table::TableSpec& spec,
                                 const std::optional<table::TableSpec>& history, const TableRegistration& registration) {
  if (SqlResult<bool> made = ensure_bookkeeping(driver, at, spec.options.create_table); !made)
    return forward_failure(std::move(made));
  SqlResult<std::optional<TableRecord>> existing = read_record(driver, at, registration.table, at.dialect.for_update());
  if (!existing) return forward_failure(std::move(existing));
  Registered registered;
  // A dry run takes what it may not make for there, and looks at nothing.
  const bool rehearsing = at.rehearsed != nullptr;
  if (*existing && !rehearsing) {
    SqlResult<coordination::TableFound> sight = look_at_table(driver, at, spec, **existing);
    if (!sight) return forward_failure(std::move(sight));
    registered.sight = *sight;
  }
  SqlResult<std::string> highest = *existing ? std::string() : highest_version(driver, at, spec);
  if (!highest) return forward_failure(std::move(highest));
  Result<TableRecord> record = *existing ? coordination::decide_registration(*existing, registration, registered.sight)
                                         : coordination::decide_first_registration(registration, *highest);
  if (!record) return call_failure(std::move(record).error());
  registered.record = std::move(*record);
  registered.record.names = spec.names;
  if (SqlResult<bool> noted = note_history(driver, at, history, spec.name, *existing, registered); !noted)
    return forward_failure(std::move(noted));
  const bool changed = *existing != registered.record;
  // DDL that commits divides the work, and a crash may come in between. A first record comes after its table: without it,
  // it would say that the table was dropped. One that was there before is changed first: a table that is made anew under
  // what is known of the old one would be taken for that.
  const bool record_first = !at.dialect.traits().ddl_in_transactions && existing->has_value();
  if (changed && record_first) {
    if (SqlResult<bool> written = write_record(driver, at, registered.record); !written)
      return forward_failure(std::move(written));
  }
  if (!rehearsing || spec.options.create_table) {
    SqlResult<LiveView> view = ensure_table(driver, at.dialect, spec);
    if (!view) return forward_failure(std::move(view));
    registered.view = std::move(*view);
    if (history) {
      if (SqlResult<bool> kept = ensure_history(driver, at, *history); !kept) return forward_failure(std::move(kept));
    }
  }
  if (!rehearsing) {
    if (SqlResult<bool> may = check_rights(driver, at, spec, registration.relay.has_value()); !may)
      return forward_failure(std::move(may));
  }
  if (changed && !record_first) {
    if (SqlResult<bool> written = write_record(driver, at, registered.record); !written)
      return forward_failure(std::move(written));
  }
  return registered;
}

bool any_row_taken(const BatchOutcome& outcome) {
  return std::ranges::any_of(outcome.tables, [](const std::vector<ChangeOutcome>& table) {
    return std::ranges::any_of(table, [](const ChangeOutcome& each) { return each.kind != ChangeOutcome::Kind::parked; });
  });
}

class SqlSink final : public Database, public TargetCheck {
 public:
  SqlSink(const TargetOptions& options, const SinkEnvironment& environment, SqlSinkParts parts)
      : clock_(environment.clock),
        view_notes_(environment.log),
        history_notes_(environment.log),
        dialect_(std::move(parts.dialect)),
        at_(*dialect_, options.schema),
        create_tables_(options.tables.create_table),
        positions_(connections_, at_, environment.clock, options.tables.create_table),
        other_positions_(std::move(parts.positions)) {
    if (other_positions_) at_.rehearsed = &rehearsed_;
    bounds_.connections = static_cast<int>(parts.drivers.size());
    bounds_.batch_rows = options.batch_rows.value_or(parts.batch_rows);
    bounds_.batch_bytes = options.batch_bytes.value_or(parts.batch_bytes);
    // A commit of few rows costs little: what a slow one keeps waiting is company for the next.
    bounds_.batch_age = std::chrono::milliseconds(10);
    for (std::unique_ptr<Driver>& driver : parts.drivers) {
      connections_.add(environment.make_executor("ctk-sql"), std::move(driver));
    }
  }

  const table::TargetTraits& traits() const override { return *dialect_->target(); }
  WriteBounds bounds() const override { return bounds_; }

  void connect(Done<bool> done) override {
    connections_.run<bool>(Reach::existing, [](Driver&) -> Result<bool> { return true; }, std::move(done));
  }

  void open(const table::TableSpec& spec, const TableRegistration& registration, Done<OpenTable> done) override {
    Result<std::optional<table::TableSpec>> history = history_of(spec, registration.table);
    auto job = [this, spec, history, registration](Driver& driver) -> Result<Registered> {
      if (!history) return std::unexpected(history.error());
      const std::string lock = tables_lock(at_);
      return transact<Registered>(driver, *dialect_, std::span(&lock, 1),
                                  [&](Driver& d) { return open_table(d, at_, spec, *history, registration); });
    };
    auto opened = [this, spec, history, done = std::move(done)](Result<Registered> registered) mutable {
      if (!registered) return done(std::unexpected(std::move(registered).error()));
      bookkeeping_is_there_ = true;
      auto renderer = std::make_shared<const table::Renderer>(spec);
      tables_[registered->record.table] = std::make_shared<const RowTable>(*dialect_, renderer, *std::move(history));
      if (!registered->record.witnesses.empty()) fresh_.settle(registered->record.table);
      view_notes_.report(spec.name.str(), registered->view);
      if (!registered->left_out.empty()) history_notes_.report_left_out(spec.name.str(), registered->left_out);
      bookkeeping_is_there_ = true;
      done(OpenTable{std::move(registered->record), std::move(renderer), registered->sight,
                     std::move(registered->view.name)});
    };
    connections_.run<Registered>(Reach::create, std::move(job), std::move(opened));
  }

  void records(Done<std::vector<TableRecord>> done) override {
    auto job = [this](Driver& driver) { return to_result(read_records(driver, at_)); };
    connections_.run<std::vector<TableRecord>>(Reach::existing, std::move(job), std::move(done));
  }

  void exists(const table::QualifiedName& name, Done<bool> done) override {
    auto job = [this, name](Driver& driver) -> Result<bool> {
      if (at_.rehearsed != nullptr) return true;
      Result<Standing> standing = to_result(look_at(driver, *dialect_, name));
      if (!standing) return forward_error(std::move(standing));
      return !standing->nothing();
    };
    connections_.run<bool>(Reach::existing, std::move(job), std::move(done));
  }

  void apply(std::shared_ptr<const Batch> batch, Done<BatchOutcome> done) override {
    std::vector<std::shared_ptr<const RowTable>> tables;
    std::string missing;
    for (const TableWrites& writes : batch->tables) {
      auto found = tables_.find(writes.table);
      if (found == tables_.end()) missing = writes.table;
      tables.push_back(found == tables_.end() ? nullptr : found->second);
    }
    // Letters may be all that there is: no table was opened, which would have made them a place.
    const bool lacks_tables = !batch->dead_letters.empty() && !bookkeeping_is_there_;
    auto job = [this, batch, tables = std::move(tables), missing, lacks_tables, now = clock_.now(), before = written_,
                tries = tries_.next(batch)](Driver& driver) -> Result<BatchOutcome> {
      if (!missing.empty()) return fail(ErrorKind::internal, fmt::format("the table {} was not opened", missing));
      if (lacks_tables) {
        const std::string lock = tables_lock(at_);
        Result<bool> made = transact<bool>(driver, *dialect_, std::span(&lock, 1),
                                           [&](Driver& inside) { return ensure_bookkeeping(inside, at_, create_tables_); });
        if (!made) return forward_error(std::move(made));
      }
      return write_batch(driver, {at_, *batch, tables, now, before, tries});
    };
    if (other_positions_) done = moving(batch, std::move(done));
    auto written = [this, batch, done = std::move(done)](Result<BatchOutcome> outcome) mutable {
      if (!outcome) return done(std::move(outcome));
      written_ = written_ || any_row_taken(*outcome);
      bookkeeping_is_there_ = bookkeeping_is_there_ || !batch->dead_letters.empty();
      fresh_.note(*batch, *outcome);
      note_first_rows(*batch,
                      [done = std::move(done), outcome = std::move(outcome)]() mutable { done(std::move(outcome)); });
    };
    connections_.run<BatchOutcome>(Reach::create, std::move(job), std::move(written));
  }

  coordination::PositionStore& positions() override { return other_positions_ ? *other_positions_ : positions_; }

  void finish_load(const LoadEnd& load, Done<LoadEnding> done) override {
    auto found = tables_.find(load.table);
    auto table = found == tables_.end() ? nullptr : found->second;
    auto job = [this, load, table, now = clock_.now()](Driver& driver) -> Result<LoadEnding> {
      if (!table) return fail(ErrorKind::internal, fmt::format("the table {} was not opened", load.table));
      return sql::finish_load(driver, at_, table->renderer(), load, now);
    };
    connections_.run<LoadEnding>(Reach::create, std::move(job), std::move(done));
  }

  void sweep(const SweepRequest& request, Done<SweepOutcome> done) override {
    auto found = tables_.find(request.table);
    auto table = found == tables_.end() ? nullptr : found->second;
    auto job = [this, request, table, fresh = fresh_.take(request.table),
                now = clock_.now()](Driver& driver) -> Result<SweepOutcome> {
      if (!table) return fail(ErrorKind::internal, fmt::format("the table {} was not opened", request.table));
      return sweep_table(driver, {at_, table->renderer(), request, fresh, now});
    };
    connections_.run<SweepOutcome>(Reach::create, std::move(job), std::move(done));
  }

  void query(Query query, Done<ResultSet> done) override {
    auto job = [query = std::move(query)](Driver& driver) { return stopped_if_asked(query, driver.query(query)); };
    connections_.run_first<ResultSet>(Reach::existing, std::move(job), std::move(done));
  }

  void show(const table::QualifiedName& name, Done<TableReport> done) override {
    auto job = [this, name](Driver& driver) { return to_result(report_table(driver, at_, name)); };
    connections_.run<TableReport>(Reach::existing, std::move(job), std::move(done));
  }

  void dead_letters(std::optional<std::string> id, Done<std::vector<DeadLetter>> done) override {
    auto job = [this, id = std::move(id)](Driver& driver) {
      std::optional<std::vector<std::string>> ids;
      if (id) ids = {*id};
      return to_result(read_dead_letters(driver, at_, ids));
    };
    connections_.run<std::vector<DeadLetter>>(Reach::existing, std::move(job), std::move(done));
  }

  void dead_letter_page(std::string from, size_t bytes, Done<DeadLetterPage> done) override {
    auto job = [this, from = std::move(from), bytes](Driver& driver) {
      return to_result(read_dead_letter_page(driver, at_, from, bytes));
    };
    connections_.run<DeadLetterPage>(Reach::existing, std::move(job), std::move(done));
  }

  void read_rows(Spec spec, std::vector<std::vector<table::KeyCell>> keys, Done<Rows> done) override {
    auto job = [this, spec = std::move(spec), keys = std::move(keys)](Driver& driver) {
      return to_result(sql::read_rows(driver, *dialect_, *spec, keys));
    };
    connections_.run<Rows>(Reach::existing, std::move(job), std::move(done));
  }

  void read_keys(Spec spec, std::vector<std::string> from, size_t limit, Done<KeyPage> done) override {
    auto job = [this, spec = std::move(spec), from = std::move(from), limit](Driver& driver) {
      return to_result(sql::read_keys(driver, *dialect_, *spec, from, limit));
    };
    connections_.run<KeyPage>(Reach::existing, std::move(job), std::move(done));
  }

  void walk_rows(Spec spec, RowVisit visit, Done<bool> done) override {
    auto job = [this, spec = std::move(spec), visit = std::move(visit)](Driver& driver) {
      return to_result(sql::walk_rows(driver, *dialect_, *spec, visit));
    };
    connections_.run<bool>(Reach::existing, std::move(job), std::move(done));
  }

  void learned_types(Spec /*spec*/, Done<table::LearnedTypes> done) override {
    connections_.run<table::LearnedTypes>(
        Reach::existing, [](Driver&) { return Result<table::LearnedTypes>(table::LearnedTypes{}); }, std::move(done));
  }

  void repair_rows(Spec spec, coordination::Epoch epoch, std::vector<RowRepair> repairs, Done<bool> done) override {
    auto job = [this, spec = std::move(spec), epoch, repairs = std::move(repairs)](Driver& driver) {
      return sql::repair_rows(driver, *dialect_, *spec, epoch, repairs);
    };
    connections_.run<bool>(Reach::existing, std::move(job), std::move(done));
  }

  void row_versions(const std::string& table, std::vector<std::string> keys, Done<RowVersions> done) override {
    const auto found = tables_.find(table);
    const auto rows = found == tables_.end() ? nullptr : found->second;
    auto job = [this, table, rows, keys = std::move(keys)](Driver& driver) -> Result<RowVersions> {
      if (!rows) return fail(ErrorKind::internal, fmt::format("the table {} was not opened", table));
      return to_result(read_versions(driver, at_, rows->renderer(), keys));
    };
    connections_.run<RowVersions>(Reach::existing, std::move(job), std::move(done));
  }

  void retyping(const table::TableSpec& spec, Done<std::vector<std::string>> done) override {
    auto job = [this, spec](Driver& driver) { return to_result(plan_retyping(driver, *dialect_, spec)); };
    connections_.run<std::vector<std::string>>(Reach::existing, std::move(job), std::move(done));
  }

  TargetCheck& target_check() override { return *this; }

  void look(const TargetQuestion& question, Done<TargetSight> done) override {
    auto job = [this, question](Driver& driver) { return to_result(look_at_target(driver, at_, question)); };
    connections_.run<TargetSight>(Reach::existing, std::move(job), std::move(done));
  }

  void close(Done<bool> done) override { connections_.close(std::move(done)); }

 private:
  /// The history that the table is to have; `refused` where another table of this run has it.
  Result<std::optional<table::TableSpec>> history_of(const table::TableSpec& spec, const std::string& table) const {
    if (!spec.options.history) return std::optional<table::TableSpec>();
    Result<table::TableSpec> history = table::make_history_spec(spec);
    if (!history) return forward_error(std::move(history));
    for (const auto& [name, other] : tables_) {
      if (name == table || other->history() == nullptr || other->history()->spec().name != history->name) continue;
      return std::unexpected(table::shared_history_error(history->name, name, table));
    }
    return std::optional(std::move(*history));
  }

  /// The first rows of a table that has no witnesses are noted with their batch, before anything can happen to it. What
  /// cannot be noted is with a later batch.
  void note_first_rows(const Batch& batch, std::move_only_function<void()> then) {
    // A dry run has nothing to look at.
    if (other_positions_) return then();
    for (const TableWrites& writes : batch.tables) {
      const auto table = tables_.find(writes.table);
      if (table == tables_.end() || !fresh_.is_first(writes.table)) continue;
      auto job = [this, name = writes.table, table = table->second, fresh = fresh_.begin_first(writes.table)](
                     Driver& driver) { return note_witnesses(driver, at_, table->renderer(), name, fresh); };
      auto noted = [this, name = writes.table, then = std::move(then)](const Result<bool>& result) mutable {
        fresh_.end_first(name, result.has_value());
        then();
      };
      return connections_.run<bool>(Reach::create, std::move(job), std::move(noted));
    }
    then();
  }

  /// The positions that a batch has moved are kept elsewhere: they are moved there, too.
  Done<BatchOutcome> moving(std::shared_ptr<const Batch> batch, Done<BatchOutcome> done) {
    return [this, batch = std::move(batch), done = std::move(done)](Result<BatchOutcome> outcome) mutable {
      if (!outcome || batch->moves.empty()) return done(std::move(outcome));
      other_positions_->move(batch->relay, batch->moves,
                             [outcome = std::move(outcome), done = std::move(done)](Result<bool> moved) mutable {
                               if (!moved) return done(forward_error(std::move(moved)));
                               done(std::move(outcome));
                             });
    };
  }

  Clock& clock_;
  ViewNotes view_notes_;
  HistoryNotes history_notes_;
  std::unique_ptr<Dialect> dialect_;
  Bookkeeping at_;
  std::map<std::string, std::shared_ptr<const RowTable>> tables_;
  FreshRows fresh_;
  WriteBounds bounds_;
  Tries tries_;
  bool written_ = false;  ///< a row was taken in this run
  bool create_tables_;
  bool bookkeeping_is_there_ = false;
  SqlPositions positions_;
  std::unique_ptr<coordination::PositionStore> other_positions_;
  std::map<std::string, TableRecord> rehearsed_;
  ConnectionPool connections_;  // after what its jobs use: it is joined first
};

}  // namespace

std::unique_ptr<Database> make_sql_sink(const TargetOptions& options, const SinkEnvironment& environment,
                                        SqlSinkParts parts) {
  return std::make_unique<SqlSink>(options, environment, std::move(parts));
}

}  // namespace ctk::sink::sql
