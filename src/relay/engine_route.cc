// Routing: sends decoded changes to their tables, opens those, has the rows folded and rendered on the worker.
#include <algorithm>
#include <utility>

#include "relay/engine.h"

namespace ctk::relay {

void Relay::Engine::route(InFlightBatch& write) {
  std::vector<RoutedChange> changes = std::move(write.decoded.changes);
  for (RoutedChange& routed : changes) {
    if (!route_change(write, std::move(routed))) return;
  }
  if (run_.options.on_error == OnError::stop) {
    const uint64_t id = write.id;
    ChangeLists lists;
    for (TableShare& share : std::get<InFlightBatch::Routing>(write.state).shares) lists.push_back(&share.changes);
    stop_at(write, take_undecodable(write, lists));
    if (writes_.find(id) == nullptr) return;
  }
  render_if_open(write);
}

/// With on-error=stop: what cannot be decoded, and all that follows it, leaves the batch.
std::vector<BadChange> Relay::Engine::take_undecodable(InFlightBatch& write, const ChangeLists& lists) {
  const std::vector<RoutedUndecodable> undecodable = std::exchange(write.decoded.undecodable, {});
  return cut_at_undecodable(undecodable, lists);
}

/// With on-error=stop: the batch ends before the first bad change of each shard, and the run once it is applied. Where an
/// earlier one is the last already, this one is dropped.
void Relay::Engine::stop_at(InFlightBatch& write, const std::vector<BadChange>& found) {
  for (const BadChange& bad : found) {
    Slice& slice = *std::ranges::find(write.slices, bad.shard, &Slice::shard);
    slice.to = bad.before.value_or(slice.from);
    slice.has_end = false;
    slice.arrivals = {};
    shard(bad.shard).progress.shorten(write.id, slice.to);
    writes_.stop_behind(write.id, Error{ErrorKind::corrupt,
                                        "a change cannot be applied: " + bad.reason + " (shard " + bad.shard.str() +
                                            ", position " + bad.position + "); what came before it is",
                                        "", "on-error=park keeps it as a dead letter and goes on"});
  }
  if (!found.empty()) budget_.release(writes_.drop_behind_stop());
}

/// Whether the run has ended because all is applied that comes before its first bad change.
bool Relay::Engine::stops_now() {
  if (phase_ == Phase::ended) return false;
  std::optional<Error> why = writes_.stops_now();
  if (why) fail_run(std::move(*why));
  return why.has_value();
}

/// Returns false if the run has ended because of it.
bool Relay::Engine::route_change(InFlightBatch& write, RoutedChange&& routed) {
  const dynamodb::Change& change = *routed.change;
  if (run_.identity.traits.repeats_records && !change.from_load() && tables_.repeats(change, routed.position)) {
    ++write.repeated;
    if (change.operation == dynamodb::Operation::remove) ++write.repeated_deletes;
    return true;
  }
  Route destination = tables_.route(change.table);
  if (std::holds_alternative<FilteredOut>(destination)) {
    ++write.filtered;
    if (counters_.stats().filtered_table.empty()) counters_.stats().filtered_table = change.table;
    return true;
  }
  if (const auto* error = std::get_if<Error>(&destination)) {
    if (error->kind != ErrorKind::corrupt) {
      fail_run(*error);
      return false;
    }
    dynamodb::Undecodable bad{change.index_in_record,    error->message, std::string(change.table), std::string(change.key),
                              std::string(change.order), change.record};
    write.decoded.undecodable.push_back({std::move(bad), routed.shard, routed.position, routed.ordinal});
    return true;
  }
  const table::QualifiedName& name = std::get<table::QualifiedName>(destination);
  const std::string key = name.str();
  if (tables_.find(key) == nullptr && !add_table_of(change, name)) return false;
  write.share_of(key).changes.push_back(std::move(routed));
  return true;
}

bool Relay::Engine::add_table_of(const dynamodb::Change& change, const table::QualifiedName& name) {
  const std::string source = change.table.empty() ? run_.options.source_table.value_or("") : std::string(change.table);
  return add_table(name, source, table::key_schema_of(change));
}

/// Adds a table and begins to open it; false if the run has ended because of it.
bool Relay::Engine::add_table(const table::QualifiedName& name, const std::string& source, const table::KeySchema& keys) {
  const Result<Table*> added = tables_.add(name, source, keys, now());
  if (!added) {
    fail_run(added.error());
    return false;
  }
  counters_.add_table(name.str());
  open_table(name.str());
  return true;
}

/// Opens the tables that this relay filled before: their marks are swept although no change comes.
void Relay::Engine::open_known_tables() {
  if (run_.options.reset) return;
  for (const coordination::TableRecord* record : tables_.filled_by(run_.name)) {
    if (record->keys.attributes.empty() || tables_.find(record->table) != nullptr) continue;
    add_table(*tables_.own_table(record->table), record->source_table, record->keys);
  }
}

coordination::TableClaim Relay::Engine::table_claim(const Table& table) const {
  coordination::TableClaim claim;
  claim.table = table.spec.name.str();
  claim.source_table = table.spec.source_table;
  claim.incarnation = run_.identity.incarnation;
  claim.kind.reset();
  if (run_.identity.has_stream) claim.kind = run_.kind.value_or(run_.identity.traits.version_kind);
  claim.keys = table.keys;
  claim.form = table::form_of(table.spec.options);
  if (!run_.positions_in_memory() && run_.identity.has_stream) claim.relay = run_.name;
  claim.reset = run_.options.reset && !tables_.opened_before(claim.table);
  claim.reset_command = run_.options.reset_command;
  claim.since = reads_since();
  claim.goes_on = tables_.opened_before(claim.table);
  claim.record_lost = start_.record_lost() && !tables_.any_opened_before();
  claim.lost_epoch = start_.lost_epoch();
  return claim;
}

void Relay::Engine::open_table(const std::string& name) {
  Table& table = *tables_.find(name);
  if (table.state != Table::State::closed) return;
  table.state = Table::State::opening;
  const coordination::TableClaim claim = table_claim(table);
  run_.sink.open(table.spec, claim,
                 guarded([this, name](Result<sink::OpenTable> result) { on_table_open(name, std::move(result)); }));
}

void Relay::Engine::on_table_open(const std::string& name, Result<sink::OpenTable> result) {
  if (phase_ == Phase::ended) return;
  Table* table = tables_.find(name);
  if (table == nullptr) return;
  table->state = Table::State::closed;
  if (!result) {
    const std::string doing = "opening table " + name;
    const bool young = table->wanted_since - start_.began() < run_.options.deadlines.start_timeout;
    const OpenStanding standing{tables_.opened_before(name), !tables_.any_opened_before() && young,
                                now() - table->wanted_since, run_.options.deadlines.start_timeout};
    if (after_failed_open(result.error().kind, standing) == Patience::give_up) return fail_run(std::move(result).error());
    report_outage(kTarget, result.error(), doing);
    if (phase_ == Phase::ended) return;
    run_.env.loop.after(attempts_.pause(now(), run_.env.random), guarded([this, name] {
                          if (tables_.find(name) != nullptr) open_table(name);
                        }));
    return;
  }
  if (run_.kind && result->record.kind && result->record.kind != run_.kind) {
    return fail_run(Error{ErrorKind::mismatch,
                          "table " + name + " goes by versions of kind " + std::string(to_string(*result->record.kind)) +
                              ", the other tables of this run by " + std::string(to_string(*run_.kind)),
                          "", "load it in a run of its own, with table=" + table->spec.name.table});
  }
  report_working(kTarget);
  attempts_.answered();
  counters_.add_view(result->view);
  tables_.remember(name);
  warn_of_sight(*result);
  // Rows of an older epoch have moved on without the new one's cut.
  if (result->record.epoch > life_->epoch && result->record.cut)
    return start_over("an epoch of table " + name + " has begun");
  if (life_->load && life_->load->table() == name) life_->load->take_record(result->record);
  warn_of_missing_load(result->record);
  say_what_a_file_does(name);
  tables_.opened(name, std::move(*result));
  for (InFlightBatch* write : writes_.routing()) render_if_open(*write);
  consider_finishing();
}

/// Of a table that is filled already: playing a file, the same or another, is no loading anew.
void Relay::Engine::say_what_a_file_does(const std::string& name) const {
  const bool is_played = run_.identity.traits.bounded && run_.identity.has_stream;
  if (!is_played || run_.options.reset) return;
  if (tables_.known(name) == nullptr) return;
  run_.env.log.info(
      "the table is filled already: a change counts only where it is later than its row, so that files can be "
      "played again, and in any order",
      {{"table", name}});
}

/// What happened before the cut is in the load; it may come later than what the load has seen, and must not win over it.
void Relay::Engine::drop_older_than_cut(InFlightBatch& write, TableShare& share, std::optional<Timestamp> cut) {
  if (!cut) return;
  std::erase_if(share.changes, [&](const RoutedChange& routed) {
    const dynamodb::Change& change = *routed.change;
    if (change.from_load() || change.time >= *cut) return false;
    ++write.repeated;
    if (change.operation == dynamodb::Operation::remove) ++write.repeated_deletes;
    return true;
  });
}

void Relay::Engine::render_if_open(InFlightBatch& write) {
  const bool folds = run_.sink.traits().folds;
  for (TableShare& share : std::get<InFlightBatch::Routing>(write.state).shares) {
    const Table& table = *tables_.find(share.table);
    if (!table.is_open()) return;
    share.epoch = table.opened.record.epoch;
    share.renderer = table.opened.renderer;
    share.folds = folds;
    drop_older_than_cut(write, share, table.opened.record.cut);
  }
  auto shares = std::make_shared<std::vector<TableShare>>(write.begin_rendering());
  const bool stops = run_.options.on_error == OnError::stop;
  run_on(
      run_.env.worker,
      [shares, stops] {
        if (stops) return fold_and_render_prefix(std::move(*shares));
        return RenderedPrefix{fold_and_render(std::move(*shares)), {}, {}};
      },
      guarded([this, id = write.id](RenderedPrefix prefix) { on_rendered(id, std::move(prefix)); }));
}

/// With on-error=stop, where the target refuses changes: what comes before them is the batch.
void Relay::Engine::render_before(InFlightBatch& write, std::vector<sink::RefusedChange> refused) {
  auto shares = std::make_shared<std::vector<TableShare>>(write.begin_rendering_again());
  run_on(
      run_.env.worker,
      [shares, refused = std::move(refused)] { return fold_and_render_prefix(std::move(*shares), refused); },
      guarded([this, id = write.id](RenderedPrefix prefix) { on_rendered(id, std::move(prefix)); }));
}

sink::DeadLetter Relay::Engine::dead_letter(const RoutedUndecodable& bad) const {
  const std::string empty;
  sink::DeadLetterOrigin origin{
      run_.name.str(), run_.dead_letter_source(),      run_.identity.incarnation, bad.undecodable.table, bad.shard.str(),
      bad.position,    bad.undecodable.index_in_record};
  if (origin.source_table.empty()) origin.source_table = run_.identity.source_table.value_or("");
  sink::DeadLetter letter = sink::make_dead_letter(origin, run_.env.clock.now(), "undecodable", bad.undecodable.reason,
                                                   bad.undecodable.record ? *bad.undecodable.record : empty);
  letter.key = bad.undecodable.key;
  if (!bad.undecodable.order.empty()) letter.version = table::version_text(1, bad.undecodable.order);
  return letter;
}

void Relay::Engine::on_rendered(uint64_t id, RenderedPrefix prefix) {
  InFlightBatch* write = writes_.find(id);
  if (write == nullptr || phase_ == Phase::ended) return;
  stop_at(*write, prefix.bad);
  if (writes_.find(id) == nullptr) return;
  auto batch = std::make_shared<sink::Batch>();
  batch->relay = run_.name;
  batch->incarnation = run_.identity.incarnation;
  batch->source = run_.dead_letter_source();
  batch->stop_on_refusal = run_.options.on_error == OnError::stop;
  batch->tables = std::move(prefix.writes);
  for (const RoutedUndecodable& bad : write->decoded.undecodable) batch->dead_letters.push_back(dead_letter(bad));
  writes_.take_dead_letters(*write);
  std::ranges::copy(write->dead_letters, std::back_inserter(batch->dead_letters));
  write->undecodable = write->decoded.undecodable.size();
  write->take_rendered(std::move(batch), std::move(prefix.shares));
  apply_ready();
}

}  // namespace ctk::relay
