#include "relay/table_opener.h"

#include <algorithm>
#include <utility>

#include "relay/patience.h"

namespace ctk::relay {

bool TableOpener::add_of(const dynamodb::Change& change, const table::QualifiedName& name) {
  const std::string source = change.table.empty() ? run_.options.source_table.value_or("") : std::string(change.table);
  return add(name, source, table::key_schema_of(change));
}

bool TableOpener::add(const table::QualifiedName& name, const std::string& source, const table::KeySchema& keys) {
  const Result<Table*> added = tables_.add(name, source, keys, run_.now());
  if (!added) {
    course_.fail_run(added.error());
    return false;
  }
  counters_.add_table(name.str());
  open(name.str());
  return true;
}

void TableOpener::open_known() {
  if (run_.options.reset) return;
  for (const coordination::TableRecord* record : tables_.filled_by(run_.name)) {
    if (record->keys.attributes.empty() || tables_.find(record->table) != nullptr) continue;
    add(*tables_.own_table(record->table), record->source_table, record->keys);
  }
}

coordination::TableRegistration TableOpener::registration_of(const Table& table) const {
  coordination::TableRegistration registration;
  registration.table = table.spec.name.str();
  registration.source_table = table.spec.source_table;
  registration.incarnation = run_.identity.incarnation;
  registration.kind.reset();
  if (run_.identity.has_stream) registration.kind = run_.kind.value_or(run_.identity.traits.version_kind);
  registration.keys = table.keys;
  registration.form = table::form_of(table.spec.options);
  if (!run_.positions_in_memory() && run_.identity.has_stream) registration.relay = run_.name;
  registration.reset = run_.options.reset && !tables_.opened_before(registration.table);
  registration.reset_command = run_.options.reset_command;
  registration.since = reads_since();
  registration.goes_on = tables_.opened_before(registration.table);
  registration.record_lost = start_.record_lost() && !tables_.any_opened_before();
  registration.lost_epoch = start_.lost_epoch();
  return registration;
}

void TableOpener::open(const std::string& name) {
  Table& table = *tables_.find(name);
  if (table.state != Table::State::closed) return;
  table.state = Table::State::opening;
  const coordination::TableRegistration registration = registration_of(table);
  run_.sink.open(table.spec, registration,
                 state_.guarded([this, name](Result<sink::OpenTable> result) { on_table_open(name, std::move(result)); }));
}

void TableOpener::on_table_open(const std::string& name, Result<sink::OpenTable> result) {
  Table* table = tables_.find(name);
  if (table == nullptr) return;
  table->state = Table::State::closed;
  if (!result) {
    const std::string doing = "opening table " + name;
    const bool young = table->wanted_since - start_.began() < run_.options.deadlines.start_timeout;
    const OpenStanding standing{tables_.opened_before(name), !tables_.any_opened_before() && young,
                                run_.now() - table->wanted_since, run_.options.deadlines.start_timeout};
    if (after_failed_open(result.error().kind, standing) == Patience::give_up)
      return course_.fail_run(std::move(result).error());
    if (!course_.report_outage(Side::target, result.error(), doing)) return;
    run_.env.loop.after(attempts_.pause(run_.now(), run_.env.random), state_.guarded([this, name] {
      if (tables_.find(name) != nullptr) open(name);
    }));
    return;
  }
  if (run_.kind && result->record.kind && result->record.kind != run_.kind) {
    return course_.fail_run(Error{ErrorKind::mismatch,
                                  "table " + name + " goes by versions of kind " +
                                      std::string(to_string(*result->record.kind)) + ", the other tables of this run by " +
                                      std::string(to_string(*run_.kind)),
                                  "", "load it in a run of its own, with table=" + table->spec.name.table});
  }
  course_.report_working(Side::target);
  attempts_.answered();
  counters_.add_view(result->view);
  tables_.remember(name);
  warn_of_sight(*result);
  // Rows of an older epoch have moved on without the new one's cut.
  if (result->record.epoch > state_.life->epoch && result->record.cut)
    return course_.begin_next_life("an epoch of table " + name + " has begun");
  if (state_.life->load && state_.life->load->table() == name) state_.life->load->take_record(result->record);
  warn_of_missing_load(result->record);
  report_what_a_file_does(name);
  tables_.opened(name, std::move(*result));
  opened_();
  course_.consider_end();
}

/// Of a table that is filled already: playing a file, the same or another, is no loading anew.
void TableOpener::report_what_a_file_does(const std::string& name) const {
  const bool is_played = run_.identity.traits.bounded && run_.identity.has_stream;
  if (!is_played || run_.options.reset) return;
  if (tables_.known(name) == nullptr) return;
  run_.env.log.info(
      "the table is filled already: a change counts only where it is later than its row, so that files can be "
      "played again, and in any order",
      {{"table", name}});
}

/// From when on a relay that begins reads its stream, which has nothing from before it was made; nothing where it goes on,
/// or begins at a number.
std::optional<Timestamp> TableOpener::reads_since() const {
  if (state_.life->lineage.goes_on() || run_.identity.traits.bounded) return std::nullopt;
  using Kind = StartPoint::Kind;
  switch (run_.options.start.kind) {
    case Kind::earliest: return std::max(run_.server_now() - run_.identity.traits.retention, run_.identity.created);
    case Kind::latest: return run_.identity.server_time;
    case Kind::timestamp: return std::max(run_.options.start.at, run_.identity.created);
    case Kind::sequence_at:
    case Kind::sequence_after: break;
  }
  return std::nullopt;
}

/// A warning where the relay begins; whoever starts it again knows.
void TableOpener::warn_of_missing_load(const coordination::TableRecord& record) {
  if (run_.options.load.snapshot != Snapshot::none || run_.identity.traits.bounded || run_.positions_by_giver() ||
      record.load != coordination::LoadState::none)
    return;
  if (counters_.stats().changes_only_since) return;
  const bool begins = !state_.life->lineage.goes_on();
  counters_.note_changes_only_since(record.since ? format_iso8601(*record.since) : "the relay's first start");
  const std::string text =
      "changes only since " + *counters_.stats().changes_only_since + "; add snapshot=initial for the whole table";
  begins ? run_.env.log.warn(text) : run_.env.log.info(text);
}

void TableOpener::warn_of_sight(const sink::OpenTable& opened) const {
  if (opened.sight == coordination::TableFound::as_recorded) return;
  const bool loads = opened.record.load == coordination::LoadState::running;
  run_.env.log.warn(coordination::describe_sight(opened.record.table, opened.sight) +
                    (loads ? "; it is loaded again" : "; it begins anew"));
}

}  // namespace ctk::relay
