// Writing: cuts batches, has them decoded and rendered, applies them, acknowledges.
#include <algorithm>
#include <utility>

#include "relay/engine.h"

namespace ctk::relay {
namespace {

/// A cut batch holds its records, their changes and their rows: about this many times the queued bytes.
constexpr size_t kPreparedFactor = 4;
/// Where writes are not fenced, nothing held for longer than half of the 15 minutes' floor may still be sent.
constexpr Duration kLongestHold = std::chrono::minutes(15) / 2;
constexpr uint64_t kKeyRefusalsThatEndARun = 100;

}  // namespace

Relay::Engine::Flight* Relay::Engine::find_flight(uint64_t id) {
  for (const auto& flight : flights_) {
    if (flight->id == id) return flight.get();
  }
  return nullptr;
}

void Relay::Engine::pump() {
  while (cut()) {
  }
  apply_ready();
}

std::vector<QueueView> Relay::Engine::queue_views() const {
  std::vector<QueueView> views;
  views.reserve(shards_.size());
  size_t index = 0;
  for (const auto& [id, one] : shards_) {
    const bool end = one->end_ready && !one->end_cut;
    if (!one->queue.empty() || end) {
      const Duration oldest = one->queue.empty() ? Duration{} : one->queue.front().read_at;
      views.push_back({index, one->queue.size(), one->queue_bytes, oldest, one->writes, one->may_send, end});
    }
    ++index;
  }
  return views;
}

/// Cuts one batch if one is due. Returns whether it did.
bool Relay::Engine::cut() {
  if ((phase_ != Phase::running && phase_ != Phase::stopping) || dropping_) return false;
  if (flights_.size() > static_cast<size_t>(sink_.capabilities().connections)) return false;
  std::vector<QueueView> views = queue_views();
  const bool nothing_more_comes = std::ranges::all_of(
      shards_, [](const auto& entry) { return entry.second->at_tip || entry.second->end_read || entry.second->finished; });
  const bool flush = phase_ == Phase::stopping || nothing_more_comes;
  const std::vector<Pick> picks = plan_cut(views, limits_, now(), flush);
  if (picks.empty() && gap_letters_.empty()) {
    if (!views.empty() && cut_timer_ == 0) {
      cut_timer_ = env_.loop.after(limits_.age, guarded([this] {
                                     cut_timer_ = 0;
                                     pump();
                                   }));
    }
    return false;
  }
  auto flight = std::make_unique<Flight>();
  flight->id = next_flight_++;
  flight->oldest = now();
  std::vector<Shard*> by_index;
  for (const auto& [id, one] : shards_) by_index.push_back(one.get());
  for (const Pick& pick : picks) {
    flight->slices.push_back(cut_slice(*by_index[pick.index], pick.records, flight->id));
    flight->bytes += flight->slices.back().queued_bytes;
  }
  budget_.correct(flight->bytes, flight->bytes * kPreparedFactor);
  flight->bytes *= kPreparedFactor;

  auto slices = std::make_shared<std::vector<Slice>>(std::move(flight->slices));
  const uint64_t id = flight->id;
  flights_.push_back(std::move(flight));
  const bool old_images = options_.tables.deletes == table::Deletes::soft;
  run_on(
      env_.worker, [this, slices, kind = kind_, old_images] { return decode_slices(*slices, decoder_, kind, old_images); },
      guarded([this, id, slices](DecodedBatch decoded) { on_decoded(id, std::move(*slices), std::move(decoded)); }));
  for (const Pick& pick : picks) consider_reading(*by_index[pick.index]);
  return true;
}

Slice Relay::Engine::cut_slice(Shard& shard, size_t records, uint64_t write) {
  Slice slice;
  slice.shard = shard.id;
  slice.records.reserve(records);
  for (size_t i = 0; i < records; ++i) {
    Queued& queued = shard.queue.front();
    slice.queued_bytes += queued.bytes;
    slice.to = Position::after(queued.record.sequence);
    slice.last_arrival = queued.record.arrival;
    if (Flight* flight = find_flight(write)) flight->oldest = std::min(flight->oldest, queued.read_at);
    slice.records.push_back(std::move(queued.record));
    shard.queue.pop_front();
  }
  shard.queue_bytes -= slice.queued_bytes;
  if (shard.end_ready && !shard.end_cut && shard.queue.empty()) {
    slice.has_end = shard.end_cut = true;
    slice.to = Position::shard_end();
  }
  ++shard.writes;
  shard.frontier.add(write, slice.to, slice.last_arrival);
  return slice;
}

void Relay::Engine::on_decoded(uint64_t id, std::vector<Slice> slices, DecodedBatch decoded) {
  Flight* flight = find_flight(id);
  if (flight == nullptr || phase_ == Phase::ended) return;
  flight->slices = std::move(slices);
  flight->decoded = std::move(decoded);
  if (!kind_) kind_ = flight->decoded.kind;
  route(*flight);
}

void Relay::Engine::route(Flight& flight) {
  std::vector<RoutedChange> changes = std::move(flight.decoded.changes);
  for (RoutedChange& routed : changes) {
    if (!route_change(flight, std::move(routed))) return;
  }
  flight.undecodable = flight.decoded.undecodable.size();
  if (flight.undecodable > 0 && options_.on_error == OnError::stop) {
    const RoutedUndecodable& bad = flight.decoded.undecodable.front();
    return fail_run(Error{ErrorKind::corrupt,
                          "a change cannot be decoded: " + bad.undecodable.reason + " (shard " + bad.shard.str() +
                              ", position " + bad.position + ")",
                          "", "on-error=park keeps it as a dead letter and goes on"});
  }
  render_if_open(flight);
}

/// Returns false if the run has ended because of it.
bool Relay::Engine::route_change(Flight& flight, RoutedChange&& routed) {
  const dynamodb::Change& change = *routed.change;
  if (kind_ == dynamodb::VersionKind::kinesis && duplicates_.repeats(change, aws::SequenceNumber(routed.position))) {
    ++flight.repeated;
    if (change.operation == dynamodb::Operation::remove) ++flight.repeated_deletes;
    return true;
  }
  Route destination = routes_.route(change.table);
  if (std::holds_alternative<FilteredOut>(destination)) {
    ++flight.filtered;
    return true;
  }
  if (const auto* error = std::get_if<Error>(&destination)) {
    if (error->kind != ErrorKind::corrupt) {
      fail_run(*error);
      return false;
    }
    dynamodb::Undecodable bad{change.index_in_record, error->message, change.table, change.key,
                              change.order,           change.record};
    flight.decoded.undecodable.push_back({std::move(bad), routed.shard, routed.position});
    return true;
  }
  const table::QualifiedName& name = std::get<table::QualifiedName>(destination);
  const std::string key = name.str();
  if (table_for(name, change) == nullptr) return false;
  auto share = std::ranges::find(flight.shares, key, &TableShare::table);
  if (share == flight.shares.end()) {
    flight.shares.push_back({key, 1, nullptr, {}});
    share = flight.shares.end() - 1;
  }
  share->changes.push_back(std::move(routed));
  return true;
}

Relay::Engine::Table* Relay::Engine::table_for(const table::QualifiedName& name, const dynamodb::Change& change) {
  const std::string key = name.str();
  const auto found = tables_.find(key);
  if (found != tables_.end()) return &found->second;
  const std::string source = change.table.empty() ? options_.source_table.value_or("") : change.table;
  Result<table::TableSpec> spec =
      table::make_spec(options_.target, name, source, table::key_schema_of(change), options_.tables);
  if (!spec) {
    fail_run(std::move(spec).error());
    return nullptr;
  }
  Table& table = tables_[key];
  table.spec = std::move(*spec);
  stats_.tables.push_back(key);
  open_table(key);
  return &table;
}

void Relay::Engine::open_table(const std::string& name) {
  Table& table = tables_.at(name);
  if (table.opening || table.open) return;
  table.opening = true;
  coordination::TableClaim claim;
  claim.table = table.spec.name.str();
  claim.source_table = table.spec.source_table;
  claim.incarnation = identity_.incarnation;
  claim.kind = kind_.value_or(options_.kind);
  if (!memory_store_) claim.relay = relay_;
  claim.reset = options_.reset;
  claim.reset_command = options_.reset_command;
  sink_.open(table.spec, claim,
             guarded([this, name](Result<sink::OpenTable> result) { on_table_open(name, std::move(result)); }));
}

void Relay::Engine::on_table_open(const std::string& name, Result<sink::OpenTable> result) {
  if (phase_ == Phase::ended) return;
  const auto found = tables_.find(name);
  if (found == tables_.end()) return;
  Table& table = found->second;
  table.opening = false;
  if (!result) {
    const bool retry = result.error().kind == ErrorKind::unreachable || result.error().kind == ErrorKind::throttled;
    if (!retry) return fail_run(std::move(result).error());
    trouble(kTarget, result.error(), "opening table " + name);
    if (phase_ == Phase::ended) return;
    env_.loop.after(apply_retry_.failed(now(), env_.random).value_or(std::chrono::seconds(30)), guarded([this, name] {
                      if (tables_.contains(name)) open_table(name);
                    }));
    return;
  }
  no_trouble(kTarget);
  table.open = true;
  table.opened = std::move(*result);
  for (const auto& flight : flights_) {
    if (!flight->shares.empty()) render_if_open(*flight);
  }
}

void Relay::Engine::render_if_open(Flight& flight) {
  for (TableShare& share : flight.shares) {
    const Table& table = tables_.at(share.table);
    if (!table.open) return;
    share.epoch = table.opened.record.epoch;
    share.renderer = table.opened.renderer;
  }
  auto shares = std::make_shared<std::vector<TableShare>>(std::move(flight.shares));
  flight.shares.clear();
  run_on(
      env_.worker, [shares] { return fold_and_render(std::move(*shares)); },
      guarded([this, id = flight.id](std::vector<sink::TableWrites> writes) { on_rendered(id, std::move(writes)); }));
}

sink::DeadLetter Relay::Engine::letter(const RoutedUndecodable& bad) const {
  const std::string empty;
  sink::DeadLetter letter = sink::make_dead_letter(
      relay_.str(), identity_.incarnation, bad.shard.str(), bad.position, bad.undecodable.index_in_record, env_.clock.now(),
      "undecodable", bad.undecodable.reason, bad.undecodable.record ? *bad.undecodable.record : empty);
  letter.source_table = bad.undecodable.table;
  letter.key = bad.undecodable.key;
  if (!bad.undecodable.order.empty()) letter.version = table::version_text(1, bad.undecodable.order);
  return letter;
}

void Relay::Engine::on_rendered(uint64_t id, std::vector<sink::TableWrites> writes) {
  Flight* flight = find_flight(id);
  if (flight == nullptr || phase_ == Phase::ended) return;
  flight->batch = std::make_shared<sink::Batch>();
  sink::Batch& batch = *flight->batch;
  batch.relay = relay_;
  batch.incarnation = identity_.incarnation;
  batch.fence = fence_;
  batch.stop_on_refusal = options_.on_error == OnError::stop;
  batch.tables = std::move(writes);
  for (const RoutedUndecodable& bad : flight->decoded.undecodable) batch.dead_letters.push_back(letter(bad));
  std::ranges::move(gap_letters_, std::back_inserter(batch.dead_letters));
  gap_letters_.clear();
  flight->undecodable = flight->decoded.undecodable.size();
  flight->ready = true;
  apply_ready();
}

bool Relay::Engine::may_apply(const Flight& flight) const {
  if (!transactional_) return true;
  // The writes of one shard follow each other: each compares with the position that the one before has left.
  for (const auto& earlier : flights_) {
    if (earlier.get() == &flight) return true;
    for (const Slice& mine : flight.slices) {
      if (std::ranges::any_of(earlier->slices, [&](const Slice& theirs) { return theirs.shard == mine.shard; }))
        return false;
    }
    if (earlier->slices.empty() && !earlier->ready) return false;  // Not decoded yet: its shards are with the worker.
  }
  return true;
}

void Relay::Engine::apply_ready() {
  if (apply_timer_ != 0 || dropping_) return;
  const auto connections = static_cast<size_t>(std::max(1, sink_.capabilities().connections));
  for (const auto& flight : flights_) {
    if (applying_ >= connections) return;
    if (flight->ready && !flight->applying && may_apply(*flight)) apply(*flight);
  }
}

std::vector<coordination::PositionMove> Relay::Engine::moves_of(const Flight& flight) {
  std::vector<coordination::PositionMove> moves;
  for (const Slice& slice : flight.slices) {
    const Shard& one = shard(slice.shard);
    coordination::PositionMove move{slice.shard, one.frontier.acknowledged(), slice.to, one.stored_read_to, {}};
    const bool everything = one.queue.empty() && one.writes == 1;
    move.read_to = std::max(move.read_to, everything && one.read_to != kNoTime ? one.read_to : slice.last_arrival);
    if (slice.has_end) {
      for (const ShardId& child : walk_->children_of(slice.shard))
        move.children.push_back({child, Position::trim_horizon()});
    }
    moves.push_back(std::move(move));
  }
  return moves;
}

void Relay::Engine::apply(Flight& flight) {
  flight.applying = true;
  ++applying_;
  if (positions_with_rows()) flight.batch->moves = moves_of(flight);
  if (flight.batch->tables.empty() && flight.batch->dead_letters.empty() && flight.batch->moves.empty()) {
    env_.loop.post(guarded([this, id = flight.id] { on_applied(id, sink::BatchOutcome{}); }));
    return;
  }
  sink_.apply(flight.batch,
              guarded([this, id = flight.id](Result<sink::BatchOutcome> result) { on_applied(id, std::move(result)); }));
}

void Relay::Engine::on_applied(uint64_t id, Result<sink::BatchOutcome> result) {
  Flight* flight = find_flight(id);
  if (flight == nullptr) return;
  flight->applying = false;
  --applying_;
  if (phase_ == Phase::ended) return;
  if (!result) {
    on_apply_error(result.error());
  } else {
    no_trouble(kTarget);
    apply_retry_.succeeded();
    for (auto& [name, renderer] : result->renderers) {
      const auto table = tables_.find(name);
      if (table != tables_.end()) table->second.opened.renderer = std::move(renderer);
    }
    count(*flight, *result);
    acknowledge(*flight);
  }
  if (phase_ == Phase::ended) return;
  if (dropping_ && applying_ == 0) return drop_and_read_again("");
  feed_hungry();
  pump();
  consider_finishing();
}

void Relay::Engine::count(const Flight& flight, const sink::BatchOutcome& outcome) {
  uint64_t applied = flight.repeated, stale = flight.repeated, parked = 0, deleted = flight.repeated_deletes;
  const auto& tables = flight.batch->tables;
  for (size_t t = 0; t < outcome.tables.size() && t < tables.size(); ++t) {
    for (size_t c = 0; c < outcome.tables[t].size(); ++c) {
      const sink::FoldedChange& folded = tables[t].changes[c];
      const sink::ChangeOutcome& one = outcome.tables[t][c];
      const auto lost = static_cast<size_t>(one.parked);
      const size_t kept = folded.changes.size() - lost;
      applied += kept;
      parked += lost;
      if (one.kind == sink::ChangeOutcome::Kind::stale) stale += kept;
      for (size_t i = lost; i < folded.changes.size(); ++i) {
        if (folded.changes[i]->operation == dynamodb::Operation::remove) ++deleted;
      }
      if (one.key_refused) key_refusals_in_a_row_ += lost;
      if (kept > 0) any_change_kept_ = true;
    }
  }
  stats_.applied += applied;
  if (stats_.stale) *stats_.stale += stale;
  stats_.deleted += deleted;
  stats_.dead_letters += parked + flight.undecodable;
  stats_.filtered += flight.filtered;
  stats_.read += applied + parked + flight.undecodable + flight.filtered;
  stats_.bytes += flight.decoded.payload_bytes;
  if (!any_change_kept_ && key_refusals_in_a_row_ >= kKeyRefusalsThatEndARun) {
    const std::string reason = outcome.dead_letters.empty() ? "" : outcome.dead_letters.front().reason;
    fail_run(
        Error{ErrorKind::refused,
              "the first " + std::to_string(key_refusals_in_a_row_) + " changes were all refused for their key: " + reason,
              "", "the dead letters hold them"});
  }
}

void Relay::Engine::acknowledge(Flight& flight) {
  if (phase_ == Phase::ended) return;
  budget_.release(flight.bytes);
  std::vector<ShardId> ended;
  for (const Slice& slice : flight.slices) {
    Shard& one = shard(slice.shard);
    one.frontier.acknowledge(flight.id);
    --one.writes;
    if (!positions_with_rows()) continue;
    one.stored = one.frontier.acknowledged();
    for (const coordination::PositionMove& move : flight.batch->moves) {
      if (move.shard == slice.shard) one.stored_read_to = move.read_to;
    }
    if (one.stored.ended()) ended.push_back(slice.shard);
  }
  const uint64_t id = flight.id;
  std::erase_if(flights_, [id](const std::unique_ptr<Flight>& one) { return one->id == id; });
  for (const ShardId& shard_id : ended) {
    shard(shard_id).finished = true;
    perform(walk_->finished(shard_id));
  }
  if (!positions_with_rows()) settle_ends();
}

void Relay::Engine::on_apply_error(const Error& error) {
  switch (error.kind) {
    case ErrorKind::fenced:
    case ErrorKind::internal:
    case ErrorKind::stopped:
    case ErrorKind::usage:
    case ErrorKind::mismatch: return fail_run(error);
    case ErrorKind::stale_epoch: return drop_and_read_again("the table's epoch was raised");
    case ErrorKind::refused:
      if (options_.on_error == OnError::stop) return fail_run(error);
      break;
    default: break;
  }
  trouble(kTarget, error, "writing");
  if (phase_ == Phase::ended) return;
  Duration oldest = now();
  for (const auto& flight : flights_) oldest = std::min(oldest, flight->oldest);
  if (!transactional_ && now() - oldest > kLongestHold)
    return drop_and_read_again("it was held for too long to be sent safely");
  if (apply_timer_ != 0) return;
  apply_timer_ =
      env_.loop.after(apply_retry_.failed(now(), env_.random).value_or(std::chrono::seconds(30)), guarded([this] {
                        apply_timer_ = 0;
                        apply_ready();
                      }));
}

/// Drops everything that is read and not acknowledged, once nothing is being applied, and reads on from the positions.
void Relay::Engine::drop_and_read_again(const std::string& why) {
  if (!why.empty()) env_.log.warn("dropping what is held, to read it again", {{"why", why}});
  dropping_ = true;
  if (applying_ > 0) return;
  ++generation_;
  for (const auto& flight : flights_) budget_.release(flight->bytes);
  flights_.clear();
  tables_.clear();
  stats_.tables.clear();
  duplicates_.clear();
  for (auto& [id, one] : shards_) {
    budget_.release(one->queue_bytes);
    one->queue.clear();
    one->queue_bytes = 0;
    one->writes = 0;
  }
  reload_positions();
}

/// The store's positions are the truth: the reply to a write that moved them may have been lost.
void Relay::Engine::reload_positions() {
  store().load(relay_, guarded([this](Result<std::vector<coordination::StoredPosition>> rows) {
                 if (phase_ == Phase::ended) return;
                 if (!rows) {
                   trouble(kTarget, rows.error(), "reading positions");
                   env_.loop.after(apply_retry_.failed(now(), env_.random).value_or(std::chrono::seconds(30)),
                                   guarded([this] { reload_positions(); }));
                   return;
                 }
                 no_trouble(kTarget);
                 dropping_ = false;
                 for (const coordination::StoredPosition& row : *rows) read_again_from(row);
                 pump();
                 consider_finishing();
               }));
}

void Relay::Engine::read_again_from(const coordination::StoredPosition& row) {
  const auto found = shards_.find(row.shard);
  if (found == shards_.end() || found->second->finished) return;
  Shard& one = *found->second;
  one.frontier.restart(row.position);
  one.stored = one.read_position = row.position;
  one.stored_read_to = row.read_to;
  one.at_tip = false;
  one.end_read = one.end_ready = one.end_cut = false;
  source_.forget(row.shard);
  if (row.position.ended()) {
    one.end_read = one.finished = true;
    perform(walk_->finished(row.shard));
    return;
  }
  consider_reading(one);
}

}  // namespace ctk::relay
