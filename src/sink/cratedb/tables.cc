#include "sink/cratedb/tables.h"

#include <fmt/format.h>

#include <charconv>

#include "json/writer.h"
#include "sink/cratedb/columns.h"
#include "sink/cratedb/definition.h"
#include "sink/cratedb/history_statements.h"
#include "sink/cratedb/relations.h"
#include "sink/cratedb/statements.h"
#include "sink/cratedb/witnesses.h"
#include "table/history.h"

namespace ctk::sink::cratedb {
namespace {

using coordination::TableRecord;
using coordination::TableRegistration;

Task<Result<bool>> run_ddl(Session& session, std::string sql, std::string doing) {
  Statement statement{.sql = std::move(sql), .args = "", .bulk = ""};
  const SqlResult answer = co_await cratedb::run_ddl(session, std::move(statement), doing);
  if (!answer) co_return std::unexpected(answer.error().error(doing));
  co_return true;
}

/// A table as make_table left it.
struct MadeTable {
  Definition definition;
  std::optional<table::QualifiedName> given_way;  ///< the table whose view had the name
};

/// Makes the table where it is missing; then it is what it is. `standing`: what has its name. Looked at again after it was
/// made: CrateDB says yes to CREATE TABLE IF NOT EXISTS where somebody was quicker to make a view of the name.
Task<Result<MadeTable>> make_table(Session& session, const table::TableSpec& spec, Standing standing) {
  constexpr int kTries = 3;
  MadeTable made;
  for (int i = 0; i < kTries; i++) {
    Result<std::optional<table::QualifiedName>> other = room_for_table(standing, spec);
    if (!other) co_return forward_error(std::move(other));
    if (standing.kind == "a table") {
      Result<Definition> found = co_await find_definition(session, spec.name);
      if (!found) co_return forward_error(std::move(found));
      made.definition = std::move(*found);
      co_return made;
    }
    if (!spec.options.create_table) {
      co_return fail(ErrorKind::not_found, "table " + spec.name.str() + " is not there", "",
                     "with create-table=false it must exist: " + create_table(spec));
    }
    if (*other) {
      Result<bool> dropped = co_await run_ddl(session, drop_view(spec.name), "dropping the view " + spec.name.str());
      if (!dropped) co_return forward_error(std::move(dropped));
      made.given_way = std::move(**other);
    }
    Result<bool> created = co_await run_ddl(session, create_table(spec), "creating table " + spec.name.str());
    if (!created) co_return forward_error(std::move(created));
    std::vector<std::string> names = {spec.name.table};
    Result<Relations> relations = co_await look_at(session, spec.name.schema, std::move(names));
    if (!relations) co_return forward_error(std::move(relations));
    standing = relations->at(spec.name.table);
    if (!standing.nothing()) continue;
    co_return fail(ErrorKind::not_found, "table " + spec.name.str() + " was made, but cannot be seen");
  }
  co_return fail(ErrorKind::unreachable,
                 "views of the name " + spec.name.str() + " are made faster than they can be dropped");
}

/// Adds our columns where somebody else's table lacks them.
Task<Result<Definition>> take_over(Session& session, const table::TableSpec& spec, Definition definition) {
  Result<std::vector<std::string>> missing = missing_own_columns(definition, spec);
  if (!missing) co_return forward_error(std::move(missing));
  if (missing->empty()) co_return definition;
  if (!spec.options.create_table) {
    co_return fail(ErrorKind::refused, "table " + spec.name.str() + " lacks our columns, and create-table=false", "",
                   add_own_columns(spec.name, *missing));
  }
  Result<bool> added = co_await run_ddl(session, add_own_columns(spec.name, *missing), "altering " + spec.name.str());
  if (!added) co_return forward_error(std::move(added));
  co_return co_await find_definition(session, spec.name);
}

/// Tables of earlier versions lack the column. Whoever may not alter them goes on without.
Task<Result<bool>> add_witnesses(Session& session) {
  if (session.bookkeeping.has_witnesses || !session.options.tables.create_table) co_return false;
  Result<bool> added = co_await run_ddl(session, session.bookkeeping.add_witnesses(), "altering ctk_tables");
  session.bookkeeping.has_witnesses = added.has_value();
  co_return added.has_value();
}

struct Registered {
  TableRecord record;
  coordination::TableFound sight = coordination::TableFound::as_recorded;
  std::string left_out;  ///< the history that the table has, and that this run does not write
};

/// What a registration finds where its table is to be.
struct Site {
  Definition definition;  ///< of before; without columns where there is no table
  Standing standing;      ///< what had the name before
  std::optional<MadeTable> made;
};

Task<Result<bool>> make_once(Session& session, const table::TableSpec& spec, Site& site) {
  if (site.made) co_return true;
  Standing standing = site.standing;
  Result<MadeTable> made = co_await make_table(session, spec, std::move(standing));
  if (!made) co_return forward_error(std::move(made));
  site.made = std::move(*made);
  co_return true;
}

/// A history that is not named stays on record for as long as it is there.
Task<Result<bool>> note_history(Session& session, const table::TableSpec& spec, Registered& registered) {
  if (spec.options.history) {
    Result<table::TableSpec> named = table::make_history_spec(spec);
    if (!named) co_return forward_error(std::move(named));
    record_history(registered.record, named->name.table);
    co_return true;
  }
  std::string known = recorded_history(registered.record);
  if (known.empty()) co_return true;
  table::QualifiedName history{spec.name.schema, known};
  Result<bool> there = co_await table_exists(session, std::move(history));
  if (!there) co_return there;
  if (!*there) known.clear();
  record_history(registered.record, known);
  registered.left_out = std::move(known);
  co_return true;
}

/// One try to bring the record to where the registration wants it; nothing if somebody else was quicker.
Task<Result<std::optional<Registered>>> try_to_register(Session& session, const table::TableSpec& spec,
                                                        TableRegistration registration, Site& site) {
  Result<std::optional<StoredRecord>> stored = co_await find_record(session, registration.table);
  if (!stored) co_return forward_error(std::move(stored));
  const std::optional<TableRecord> existing = *stored ? std::optional((*stored)->record) : std::nullopt;
  Registered registered;
  if (existing) {
    Result<coordination::TableFound> sight = co_await look_at_table(session, spec, site.definition, *existing);
    if (!sight) co_return forward_error(std::move(sight));
    registered.sight = *sight;
  }
  std::string highest;
  if (!existing) {
    Result<std::string> found = co_await highest_version(session, spec, site.definition);
    if (!found) co_return forward_error(std::move(found));
    highest = std::move(*found);
  }
  Result<TableRecord> wanted = existing ? coordination::decide_registration(existing, registration, registered.sight)
                                        : coordination::decide_first_registration(registration, highest);
  if (!wanted) co_return forward_error(std::move(wanted));
  registered.record = std::move(*wanted);
  registered.record.names.insert(spec.names.begin(), spec.names.end());
  Result<bool> noted = co_await note_history(session, spec, registered);
  if (!noted) co_return forward_error(std::move(noted));
  if (existing && *existing == registered.record) co_return std::optional(std::move(registered));
  if (existing) {
    Result<bool> stored_it = co_await store_record(session, **stored, registered.record);
    if (!stored_it) co_return forward_error(std::move(stored_it));
    if (!*stored_it) co_return std::nullopt;
    co_return std::optional(std::move(registered));
  }
  // A record without its table says that it was dropped: so it comes after the table.
  Result<bool> made = co_await make_once(session, spec, site);
  if (!made) co_return forward_error(std::move(made));
  Result<Answer> answer =
      co_await run_or_fail(session, session.bookkeeping.insert_record(registered.record), "writing ctk_tables");
  if (!answer) co_return forward_error(std::move(answer));
  if (const auto error = first_row_error(*answer, {})) {
    if (action_for(*error) == Action::exists) co_return std::nullopt;
    co_return std::unexpected(to_error(*error, "writing ctk_tables"));
  }
  co_return std::optional(std::move(registered));
}

Task<Result<Registered>> register_table(Session& session, const table::TableSpec& spec, TableRegistration registration,
                                        Site& site) {
  constexpr int kTries = 10;
  for (int i = 0; i < kTries; i++) {
    Result<std::optional<Registered>> registered = co_await try_to_register(session, spec, registration, site);
    if (!registered) co_return forward_error(std::move(registered));
    if (*registered) co_return std::move(**registered);
    registration.reset = false;  // whoever was quicker may have raised the epoch for the same reason
  }
  co_return fail(ErrorKind::unreachable, "ctk_tables changes faster than it can be written");
}

}  // namespace

Result<bool> check_version(const std::string& version) {
  int major = 0;
  int minor = 0;
  const char* end = version.data() + version.size();
  const auto dot = std::from_chars(version.data(), end, major).ptr;
  if (dot != end) std::from_chars(dot + 1, end, minor);
  if (major > 5 || (major == 5 && minor >= 10)) return true;
  return fail(ErrorKind::refused, "CrateDB " + version + " is too old", "",
              "5.10 or newer is needed: older ones do not say which row of a batch failed, and why");
}

Task<Result<Definition>> find_definition(Session& session, table::QualifiedName name) {
  const std::string doing = "reading the definition of " + name.str();
  Statement select = select_columns(name);
  Result<Answer> columns = co_await run_or_fail(session, std::move(select), doing);
  if (!columns) co_return forward_error(std::move(columns));
  Answer ddl;
  if (!columns->rows.empty()) {
    Statement show = show_create_table(name);
    Result<Answer> shown = co_await run_or_fail(session, std::move(show), doing);
    if (!shown) co_return forward_error(std::move(shown));
    ddl = std::move(*shown);
  }
  co_return read_definition(*columns, ddl);
}

Task<Result<bool>> connect(Session& session) {
  Result<std::string> version = co_await session.client.server_version();
  if (!version) co_return forward_error(std::move(version));
  Result<bool> usable = check_version(*version);
  if (!usable) co_return usable;
  Statement statement{.sql = "SELECT 1", .args = "", .bulk = ""};
  Result<Answer> answer = co_await run_or_fail(session, std::move(statement), "answering a first statement");
  if (!answer) co_return forward_error(std::move(answer));
  co_return true;
}

Task<Result<bool>> make_if_missing(Session& session, table::QualifiedName name, std::string ddl) {
  // Looked for first: a user without the right to make tables may well have been given these.
  Result<bool> there = co_await table_exists(session, name);
  if (!there || *there) co_return there;
  if (!session.options.tables.create_table) {
    co_return fail(ErrorKind::not_found, "table " + name.str() + " is not there", "",
                   "with create-table=false it must exist: " + ddl);
  }
  co_return co_await run_ddl(session, std::move(ddl), "creating table " + name.str());
}

Task<Result<bool>> make_bookkeeping(Session& session) {
  if (session.bookkeeping_is_there && !session.bookkeeping_is_missed) co_return true;
  Result<bool> checked = co_await check_bookkeeping(session);
  if (!checked) co_return checked;
  const Bookkeeping& ours = session.bookkeeping;
  Result<bool> made = co_await make_if_missing(session, ours.tables, ours.create_tables());
  if (made) made = co_await make_if_missing(session, ours.positions, ours.create_positions());
  if (made) made = co_await make_if_missing(session, ours.dead_letters, ours.create_dead_letters());
  if (made) session.bookkeeping_is_missed = false;
  session.bookkeeping_is_there = session.bookkeeping_is_there || made.has_value();
  co_return made;
}

Task<Result<std::optional<StoredRecord>>> find_record(Session& session, std::string table) {
  Statement statement = session.bookkeeping.select_record(table);
  SqlResult answer = co_await session.client.run(std::move(statement));
  if (!answer && answer.error().action == Action::relearn && session.bookkeeping.has_witnesses) {
    session.bookkeeping.has_witnesses = false;
    Statement of_earlier = session.bookkeeping.select_record(table);
    answer = co_await session.client.run(std::move(of_earlier));
  }
  if (!answer) {
    if (answer.error().action == Action::wait_table && !session.bookkeeping_is_there) co_return std::nullopt;
    if (answer.error().action == Action::wait_table) session.bookkeeping_is_missed = true;
    co_return std::unexpected(answer.error().error("reading ctk_tables"));
  }
  if (answer->rows.empty()) co_return std::nullopt;
  Result<StoredRecord> stored = read_record(answer->rows[0]);
  if (!stored) co_return forward_error(std::move(stored));
  co_return std::optional(std::move(*stored));
}

Task<Result<bool>> store_record(Session& session, const StoredRecord& stored, TableRecord changed) {
  Statement update = update_record(session.bookkeeping, stored, changed);
  Result<Answer> answer = co_await run_or_fail(session, std::move(update), "writing ctk_tables");
  if (!answer) co_return forward_error(std::move(answer));
  const auto error = first_row_error(*answer, {});
  if (!error) co_return true;
  const Action action = action_for(*error);
  if (action == Action::lost_race || action == Action::row_is_gone) co_return false;
  co_return std::unexpected(to_error(*error, "writing ctk_tables"));
}

Task<Result<std::vector<TableRecord>>> all_records(Session& session) {
  std::vector<TableRecord> records;
  Result<bool> checked = co_await check_bookkeeping(session);
  if (!checked) co_return forward_error(std::move(checked));
  Result<bool> there = co_await refresh_if_there(session, session.bookkeeping.tables);
  if (!there) co_return forward_error(std::move(there));
  if (!*there) co_return records;
  Statement select = session.bookkeeping.select_records();
  SqlResult answer = co_await session.client.run(std::move(select));
  if (!answer && answer.error().action == Action::relearn && session.bookkeeping.has_witnesses) {
    session.bookkeeping.has_witnesses = false;
    Statement of_earlier = session.bookkeeping.select_records();
    answer = co_await session.client.run(std::move(of_earlier));
  }
  if (!answer) co_return std::unexpected(answer.error().error("reading ctk_tables"));
  Result<std::vector<StoredRecord>> stored = read_records(*answer);
  if (!stored) co_return forward_error(std::move(stored));
  for (StoredRecord& one : *stored) records.push_back(std::move(one.record));
  co_return records;
}

namespace {

/// The history that the table is to have, made where it is missing.
Task<Result<bool>> open_history(Session& session, TableState& state) {
  Result<table::TableSpec> spec = table::make_history_spec(state.spec);
  if (!spec) co_return forward_error(std::move(spec));
  for (const auto& [name, other] : session.tables) {
    if (name == state.key || !other->history || other->history->spec().name != spec->name) continue;
    co_return std::unexpected(table::shared_history_error(spec->name, name, state.key));
  }
  Result<bool> made = co_await make_if_missing(session, spec->name, create_history(*spec));
  if (!made) co_return made;
  Result<Definition> found = co_await find_definition(session, spec->name);
  if (!found) co_return forward_error(std::move(found));
  if (Result<bool> fits = check_history(*found, *spec); !fits) co_return fits;
  table::LearnedTypes any_shape;
  any_shape.data_ignored = true;
  state.history = std::make_shared<const table::Renderer>(std::move(*spec), std::move(any_shape));
  co_return true;
}

}  // namespace

Task<Result<OpenTable>> open_table(Session& session, table::TableSpec spec, TableRegistration registration) {
  // Looked at before anything is written: a table that cannot be ours leaves no trace.
  std::vector<std::string> names = {spec.name.table};
  if (spec.options.live_view) names.push_back(live_view_name(spec).table);
  Result<Relations> relations = co_await look_at(session, spec.name.schema, std::move(names));
  if (!relations) co_return forward_error(std::move(relations));
  Site site{{}, relations->at(spec.name.table), {}};
  if (const auto room = room_for_table(site.standing, spec); !room) co_return std::unexpected(room.error());
  if (site.standing.kind == "a table") {
    Result<Definition> definition = co_await find_definition(session, spec.name);
    if (!definition) co_return forward_error(std::move(definition));
    if (!definition->columns.empty()) {
      Result<std::vector<std::string>> missing = missing_own_columns(*definition, spec);
      if (!missing) co_return forward_error(std::move(missing));
    }
    site.definition = std::move(*definition);
  }
  Result<bool> step = co_await make_bookkeeping(session);
  if (!step) co_return forward_error(std::move(step));
  Result<Registered> registered = co_await register_table(session, spec, registration, site);
  if (!registered) co_return forward_error(std::move(registered));
  Result<bool> made = co_await make_once(session, spec, site);
  if (!made) co_return forward_error(std::move(made));
  Result<Definition> definition = co_await take_over(session, spec, std::move(site.made->definition));
  if (!definition) co_return forward_error(std::move(definition));
  LiveView view;
  if (spec.options.live_view) {
    Standing beside = relations->at(live_view_name(spec).table);
    Result<LiveView> ensured = co_await ensure_view(session, spec, std::move(beside));
    if (!ensured) co_return forward_error(std::move(ensured));
    view = std::move(*ensured);
  }
  if (site.made->given_way) view.given_way = site.made->given_way->str();
  session.view_notes.report(spec.name.str(), view);
  if (!registered->left_out.empty()) session.history_notes.report_left_out(spec.name.str(), registered->left_out);
  auto state = std::make_shared<TableState>(registration.table, spec, session.tasks);
  state->renderer = std::make_shared<const table::Renderer>(spec, learn(*definition));
  state->handed_out = state->renderer;
  report_if_full(session, *state);
  if (spec.options.history) {
    Result<bool> kept = co_await open_history(session, *state);
    if (!kept) co_return forward_error(std::move(kept));
  }
  session.tables[registration.table] = state;
  const Result<bool> upgraded = co_await add_witnesses(session);
  if (!upgraded) co_return std::unexpected(upgraded.error());
  co_return OpenTable{std::move(registered->record), state->renderer, registered->sight, std::move(view.name)};
}

Task<Result<std::vector<std::string>>> plan_retyping(Session& session, table::TableSpec spec) {
  Result<Definition> definition = co_await find_definition(session, spec.name);
  if (!definition) co_return forward_error(std::move(definition));
  co_return retype_keys(*definition, spec);
}

Task<Result<bool>> check_epoch(Session& session, std::shared_ptr<TableState> state, coordination::Epoch epoch) {
  const Duration asked_at = session.clock.monotonic();
  const auto& seen = state->epoch_seen;
  if (seen && seen->epoch == epoch && asked_at - seen->at < kEpochHolds) co_return true;
  Result<std::optional<StoredRecord>> stored = co_await find_record(session, state->key);
  if (!stored) co_return forward_error(std::move(stored));
  state->epoch_seen.reset();
  if (*stored && (*stored)->record.epoch == epoch) {
    state->epoch_seen = TableState::EpochSeen{epoch, asked_at};
    co_return true;
  }
  co_return fail(ErrorKind::stale_epoch, fmt::format("table {} is at epoch {}, this write at {}", state->key,
                                                     *stored ? (*stored)->record.epoch : 0, epoch));
}

Task<Result<bool>> table_exists(Session& session, table::QualifiedName name) {
  std::string args;
  json::Writer writer(args);
  writer.begin_array();
  writer.string(name.schema);
  writer.string(name.table);
  writer.end_array();
  Statement statement{.sql = "SELECT count(*) FROM information_schema.tables WHERE table_schema = ? AND table_name = ?",
                      .args = std::move(args),
                      .bulk = ""};
  Result<Answer> answer = co_await run_or_fail(session, std::move(statement), "looking for table " + name.str());
  if (!answer) co_return forward_error(std::move(answer));
  co_return !answer->rows.empty() && !answer->rows[0].empty() && answer->rows[0][0] != "0";
}

}  // namespace ctk::sink::cratedb
