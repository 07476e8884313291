// Routing: decoded changes go to their tables; once those are open, the rows are folded and rendered on the worker.
#include <algorithm>
#include <utility>

#include "relay/writing.h"

namespace ctk::relay {

void Writing::route(InFlightBatch& write) {
  std::vector<RoutedChange> changes = std::move(write.decoded.changes);
  const size_t tables = write.decoded.tables.size();
  std::vector<std::optional<Destination>> destinations(tables);
  for (RoutedChange& routed : changes) {
    if (repeats(write, routed)) continue;
    std::optional<Destination>& destination = destinations[routed.table];
    if (!destination) destination = destination_of(write, *routed.change, changes.size() / tables);
    if (!destination) return;
    send(write, std::move(routed), *destination);
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

void Writing::on_table_open() {
  for (InFlightBatch* write : writes_.routing()) render_if_open(*write);
}

bool Writing::repeats(InFlightBatch& write, const RoutedChange& routed) {
  if (!parts_.tables.repeats(routed.event, routed.change->position)) return false;
  ++write.repeated;
  if (routed.change->operation == dynamodb::Operation::remove) ++write.repeated_deletes;
  return true;
}

/// Of the change and all others of its table, of which there are about `changes`; nothing if the run has ended because of
/// it.
std::optional<Writing::Destination> Writing::destination_of(InFlightBatch& write, const dynamodb::Change& change,
                                                            size_t changes) {
  Route route = parts_.tables.route(change.table);
  if (auto* error = std::get_if<Error>(&route)) {
    if (error->kind == ErrorKind::corrupt) return std::move(*error);
    parts_.course.fail_run(*error);
    return std::nullopt;
  }
  if (std::holds_alternative<FilteredOut>(route)) return FilteredOut{};
  const table::QualifiedName& name = std::get<table::QualifiedName>(route);
  const std::string key = name.str();
  if (parts_.tables.find(key) == nullptr && !parts_.opener.add_of(change, name)) return std::nullopt;
  return write.share_of(key, changes);
}

void Writing::send(InFlightBatch& write, RoutedChange&& routed, const Destination& destination) {
  if (const auto* share = std::get_if<size_t>(&destination)) {
    write.share(*share).changes.push_back(std::move(routed));
    return;
  }
  const dynamodb::Change& change = *routed.change;
  if (const auto* error = std::get_if<Error>(&destination)) {
    dynamodb::Undecodable bad{change.index_in_record,    error->message,
                              std::string(change.table), std::string(change.key),
                              std::string(change.order), change.shared_record()};
    write.decoded.undecodable.push_back(
        {std::move(bad), aws::ShardId(std::string(change.shard)), std::string(change.position), routed.ordinal});
    return;
  }
  ++write.filtered;
  parts_.counters.note_filtered(change.table);
}

/// What happened before the cut is in the load; it may come later than what the load has seen, and must not win over it.
void Writing::drop_older_than_cut(InFlightBatch& write, TableShare& share, std::optional<Timestamp> cut) {
  if (!cut) return;
  std::erase_if(share.changes, [&](const RoutedChange& routed) {
    const dynamodb::Change& change = *routed.change;
    if (change.from_load() || change.time >= *cut) return false;
    ++write.repeated;
    if (change.operation == dynamodb::Operation::remove) ++write.repeated_deletes;
    return true;
  });
}

void Writing::render_if_open(InFlightBatch& write) {
  const bool folds = run_.sink.traits().folds, stops = run_.options.on_error == OnError::stop;
  for (TableShare& share : std::get<InFlightBatch::Routing>(write.state).shares) {
    const Table& table = *parts_.tables.find(share.table);
    if (!table.is_open()) return;
    share.epoch = table.opened.record.epoch;
    share.renderer = table.opened.renderer;
    share.folds = folds;
    drop_older_than_cut(write, share, table.opened.record.cut);
    if (!stops) share.spare = spare_rows_->take();
  }
  auto shares = std::make_shared<std::vector<TableShare>>(write.begin_rendering());
  run_on(
      run_.env.worker,
      [shares, stops] {
        if (stops) return fold_and_render_prefix(std::move(*shares));
        return RenderedPrefix{fold_and_render(std::move(*shares)), {}, {}};
      },
      state_.guarded([this, id = write.id](RenderedPrefix prefix) { on_rendered(id, std::move(prefix)); }));
}

sink::DeadLetter Writing::dead_letter(const RoutedUndecodable& bad) const {
  sink::DeadLetterOrigin origin{
      run_.name.str(), run_.dead_letter_source(),      run_.identity.incarnation, bad.undecodable.table, bad.shard.str(),
      bad.position,    bad.undecodable.index_in_record};
  if (origin.source_table.empty()) origin.source_table = run_.identity.source_table.value_or("");
  sink::DeadLetter letter = sink::make_dead_letter(origin, run_.env.clock.now(), "undecodable", bad.undecodable.reason,
                                                   bad.undecodable.record.view());
  letter.key = bad.undecodable.key;
  if (!bad.undecodable.order.empty()) letter.version = table::version_text(1, bad.undecodable.order);
  return letter;
}

void Writing::on_rendered(uint64_t id, RenderedPrefix prefix) {
  InFlightBatch* write = writes_.find(id);
  if (write == nullptr) return;
  stop_at(*write, prefix.bad);
  if (writes_.find(id) == nullptr) return;
  std::shared_ptr<sink::Batch> batch = spare_rows_->new_batch();
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
