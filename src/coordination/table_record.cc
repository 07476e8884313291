#include "coordination/table_record.h"

#include <algorithm>
#include <charconv>

#include "json/reader.h"
#include "json/writer.h"
#include "shards/segment.h"

namespace ctk::coordination {

namespace {

bool is_file(dynamodb::VersionKind kind) {
  return kind == dynamodb::VersionKind::file_sequence || kind == dynamodb::VersionKind::file_time;
}

/// Files of a source table are one source, whichever form their records have: the table's form stands.
bool same_kind(dynamodb::VersionKind stored, dynamodb::VersionKind wanted) {
  return stored == wanted || (is_file(stored) && is_file(wanted));
}

TableRecord first_record(const TableRegistration& registration) {
  TableRecord record;
  record.table = registration.table;
  record.source_table = registration.source_table;
  record.incarnation = registration.incarnation;
  record.kind = registration.kind;
  record.keys = registration.keys;
  record.form = registration.form;
  record.since = registration.since;
  return record;
}

void register_relay(TableRecord& record, const std::optional<RelayName>& relay) {
  if (!relay || is_filled_by(record, *relay)) return;
  record.relays.push_back(*relay);
  // Its shards may bring changes from before a watermark that was noted without them.
  record.sweep.reset();
}

constexpr Epoch kLastEpoch = 99'999'999;

/// Another life of the source: nothing that was known of the old one holds, and its relays will not write again.
Result<TableRecord> next_epoch(const TableRecord& existing, const TableRegistration& registration) {
  if (existing.epoch >= kLastEpoch) return fail(ErrorKind::refused, "the table's epochs are used up");
  TableRecord record = first_record(registration);
  record.epoch = existing.epoch + 1;
  record.names = existing.names;
  register_relay(record, registration.relay);
  return record;
}

std::unexpected<Error> mismatch(const TableRecord& existing, const TableRegistration& registration) {
  const bool moved = existing.incarnation != registration.incarnation;
  std::string message = "table " + existing.table + " holds ";
  message += moved ? "source " + existing.incarnation.str() : "versions of kind " + std::string(to_string(*existing.kind));
  message += ", this run reads ";
  message += moved ? registration.incarnation.str() : std::string(to_string(*registration.kind));
  std::string hint = "the versions of the two cannot be compared";
  if (!registration.reset_command.empty()) hint += "; to begin anew on this table: " + registration.reset_command;
  return fail(ErrorKind::mismatch, std::move(message), {}, std::move(hint));
}

/// The record without a look at loads. `begun` tells whether it starts an epoch.
Result<TableRecord> decide_stream(const std::optional<TableRecord>& existing, const TableRegistration& registration,
                                  bool& begun) {
  begun = true;
  if (!existing) {
    TableRecord record = first_record(registration);
    register_relay(record, registration.relay);
    return record;
  }
  if (existing->source_table != registration.source_table) {
    return fail(ErrorKind::refused,
                "table " + existing->table + " is kept from source table " + existing->source_table + ", not from " +
                    registration.source_table,
                {}, "name another target table with table=NAME");
  }
  if (existing->form != registration.form && !existing->form.empty() && !registration.form.empty()) {
    return fail(ErrorKind::refused,
                "table " + existing->table + " is written with " + existing->form + ", and this run would write it with " +
                    registration.form,
                {}, "say " + existing->form + ", or name another target table with table=NAME");
  }
  begun = false;
  TableRecord record = *existing;
  if (record.keys.attributes.empty()) record.keys = registration.keys;
  if (record.form.empty()) record.form = registration.form;
  if (!registration.kind) {
    // No stream: whatever feeds the table goes on to.
    if (!record.kind) record.incarnation = registration.incarnation;
    return record;
  }
  if (!record.kind) {
    // A finished load left the table open: the first stream says what it is.
    record.kind = registration.kind;
    record.incarnation = registration.incarnation;
  }
  if (record.incarnation != registration.incarnation || !same_kind(*record.kind, *registration.kind)) {
    if (!registration.reset) return mismatch(record, registration);
    begun = true;
    return next_epoch(record, registration);
  }
  // Positions are forgotten: what was read may be read again, older changes included.
  if (registration.reset) record.sweep.reset();
  if (registration.reset && record.load == LoadState::none) record.since = registration.since;
  register_relay(record, registration.relay);
  return record;
}

/// What is still true of a table whose rows are gone.
TableRecord without_rows(TableRecord record) {
  record.load = LoadState::none;
  record.cut.reset();
  record.loaded.reset();
  record.sweep.reset();
  record.since.reset();
  record.witnesses.clear();
  return record;
}

/// Whether going on with the table as it is would hide what it has lost.
bool would_hide(const TableRecord& existing, const TableRegistration& registration) {
  if (registration.load || registration.reset) return false;
  return registration.goes_on || !existing.relays.empty() || existing.load != LoadState::none;
}

std::string how_to_begin_anew(const TableRegistration& registration) {
  const std::string reset =
      registration.reset_command.empty() ? "--reset begins anew" : "to begin anew: " + registration.reset_command;
  return reset + "; with snapshot=initial the table is loaded again";
}

std::unexpected<Error> lost(const TableRecord& existing, const TableRegistration& registration, TableFound sight) {
  Error error = lost_table_error(existing.table, sight);
  error.hint = how_to_begin_anew(registration);
  return std::unexpected(std::move(error));
}

bool wants_load(const std::optional<TableRecord>& existing, const TableRegistration& registration, TableFound sight) {
  if (!registration.load) return false;
  if (!existing || registration.reset || sight != TableFound::as_recorded) return true;
  switch (registration.load->kind) {
    case LoadRequest::Kind::initial:
      if (existing->load == LoadState::running) return false;
      // A load that no stream has followed may lie before everything that the stream still has.
      return existing->load == LoadState::none || !existing->kind;
    case LoadRequest::Kind::again: return existing->load != LoadState::running;
    case LoadRequest::Kind::restart: return existing->epoch <= registration.load->seen;
  }
  return false;
}

}  // namespace

bool is_filled_by(const TableRecord& record, const RelayName& relay) {
  return std::ranges::find(record.relays, relay) != record.relays.end();
}

std::string describe_sight(const std::string& table, TableFound sight) {
  switch (sight) {
    case TableFound::as_recorded: break;
    case TableFound::gone: return "table " + table + " was dropped";
    case TableFound::emptied:
      return "table " + table +
             " does not hold the rows that it held: it was emptied, made anew, or restored from an older backup";
  }
  return "";
}

Error lost_table_error(const std::string& table, TableFound sight) {
  return {ErrorKind::mismatch, describe_sight(table, sight) + ", and what is recorded of it holds no longer", "", ""};
}

Result<TableRecord> decide_registration(const std::optional<TableRecord>& existing, const TableRegistration& registration,
                                        TableFound sight) {
  bool begun = false;
  const bool whole = !existing || sight == TableFound::as_recorded;
  Result<TableRecord> record = decide_stream(whole ? existing : without_rows(*existing), registration, begun);
  if (record && !whole && would_hide(*existing, registration)) return lost(*existing, registration, sight);
  if (!record || !wants_load(existing, registration, sight)) return record;
  if (!begun) {
    if (record->epoch >= kLastEpoch) return fail(ErrorKind::refused, "the table's epochs are used up");
    ++record->epoch;
  }
  record->load = LoadState::running;
  record->since.reset();
  record->cut = registration.load->cut;
  record->loaded.reset();
  record->sweep.reset();
  return record;
}

Result<TableRecord> decide_first_registration(const TableRegistration& registration, std::string_view highest) {
  const bool forgets = registration.load || registration.reset;
  if (highest.empty() && registration.goes_on && !forgets) {
    Error error = lost_table_error(registration.table, TableFound::gone);
    error.hint = how_to_begin_anew(registration);
    return std::unexpected(std::move(error));
  }
  if (highest.empty() && registration.record_lost && !forgets) {
    Error error{ErrorKind::mismatch,
                "positions of this relay are stored, but nothing is on record of table " + registration.table +
                    ", and it has no rows: what was read before would be missing from it",
                "", ""};
    error.hint = how_to_begin_anew(registration);
    return std::unexpected(std::move(error));
  }
  Result<TableRecord> record = decide_registration(std::nullopt, registration);
  if (!record) return record;
  Epoch epoch = 0;
  // The number ends at the version's first dot.
  std::from_chars(highest.begin(), highest.end(), epoch);
  if (registration.load) epoch = std::max(epoch, registration.lost_epoch);
  if (epoch == 0) return record;
  if (epoch >= kLastEpoch) return fail(ErrorKind::refused, "the table's epochs are used up");
  record->epoch = std::max(record->epoch, epoch + 1);
  return record;
}

bool prove_rows_written(const std::vector<StoredPosition>& rows) {
  return std::ranges::any_of(rows,
                             [](const StoredPosition& row) { return row.epoch > 0 && !shards::is_segment(row.shard); });
}

Timestamp watermark(const std::vector<StoredPosition>& rows) {
  std::optional<Timestamp> lowest;
  for (const StoredPosition& row : rows) {
    if (row.position.ended() || shards::is_segment(row.shard)) continue;
    if (!lowest || row.read_to < *lowest) lowest = row.read_to;
  }
  return lowest.value_or(kNoTime);
}

SweepPlan plan_sweep(const TableRecord& record, Timestamp watermark, Timestamp server_time, Duration grace,
                     Duration floor) {
  SweepPlan plan;
  if (record.load == LoadState::running || grace == Duration::max() || watermark == kNoTime) return plan;
  if (floor <= Duration::zero()) {
    plan.before = watermark - grace;
    return plan;
  }
  const SweepPair here{watermark, server_time};
  // A pair from the future, or above what holds now, says nothing any more.
  if (!record.sweep || record.sweep->watermark > watermark || record.sweep->server_time > server_time) {
    plan.remember = here;
    return plan;
  }
  if (server_time - record.sweep->server_time < floor) return plan;
  plan.before = record.sweep->watermark - grace;
  if (watermark > record.sweep->watermark) plan.remember = here;
  return plan;
}

std::optional<Epoch> older_epochs_due(const TableRecord& record, Timestamp server_time, Duration floor) {
  if (record.load != LoadState::loaded || !record.loaded || server_time - *record.loaded < floor) return std::nullopt;
  return record.epoch;
}

bool is_load_complete(const TableRecord& record) { return record.load == LoadState::complete && record.loaded; }

bool are_past_load(const TableRecord& record, const std::vector<StoredPosition>& rows) {
  return is_load_complete(record) && watermark(rows) >= *record.loaded;
}

std::string_view to_string(LoadState state) {
  switch (state) {
    case LoadState::none: return "none";
    case LoadState::running: return "running";
    case LoadState::loaded: return "loaded";
    case LoadState::complete: return "complete";
  }
  return "none";
}

LoadState parse_load_state(std::string_view text) {
  for (LoadState state : {LoadState::running, LoadState::loaded, LoadState::complete}) {
    if (text == to_string(state)) return state;
  }
  return LoadState::none;
}

std::string relays_json(const std::vector<RelayName>& relays) {
  std::string out;
  json::Writer writer(out);
  writer.begin_array();
  for (const RelayName& relay : relays) writer.string(relay.str());
  writer.end_array();
  return out;
}

std::vector<RelayName> parse_relays(const std::string& json) {
  std::vector<RelayName> relays;
  json::Parser parser;
  Result<json::Element> element = parser.parse(json);
  if (!element || !element->is_array()) return relays;
  for (json::Element item : element->get_array()) {
    if (item.is_string()) relays.emplace_back(std::string(item.get_string().value_unsafe()));
  }
  return relays;
}

std::string names_json(const std::map<std::string, std::string>& names) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  for (const auto& [attribute, column] : names) {
    writer.key(attribute);
    writer.string(column);
  }
  writer.end_object();
  return out;
}

std::map<std::string, std::string> parse_names(const std::string& json) {
  std::map<std::string, std::string> names;
  json::Parser parser;
  Result<json::Element> element = parser.parse(json);
  if (!element || !element->is_object()) return names;
  for (auto [attribute, column] : element->get_object()) {
    if (column.is_string()) names.emplace(std::string(attribute), std::string(column.get_string().value_unsafe()));
  }
  return names;
}

std::string keys_json(const dynamodb::KeySchema& keys, const std::string& form) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  for (const auto& [attribute, type] : keys.attributes) {
    writer.key(attribute);
    writer.string(dynamodb::to_string(type));
  }
  if (!form.empty()) {
    writer.key("");
    writer.string(form);
  }
  writer.end_object();
  return out;
}

dynamodb::KeySchema parse_keys(const std::string& json) {
  dynamodb::KeySchema keys;
  json::Parser parser;
  const Result<json::Element> element = parser.parse(json);
  if (!element || !element->is_object()) return keys;
  for (auto [attribute, letter] : element->get_object()) {
    if (attribute.empty()) continue;
    if (!letter.is_string()) return {};
    const std::optional<dynamodb::Type> type = dynamodb::parse_type(letter.get_string().value_unsafe());
    if (!type) return {};
    keys.attributes.emplace_back(std::string(attribute), *type);
  }
  return keys;
}

std::string parse_form(const std::string& json) {
  const std::map<std::string, std::string> members = parse_names(json);
  const auto form = members.find("");
  return form == members.end() ? "" : form->second;
}

}  // namespace ctk::coordination
