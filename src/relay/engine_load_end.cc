// A load ends: the target is told, the table is ready once the stream is past that. Also what a run says of its load
// meanwhile.
#include <algorithm>
#include <utility>

#include "load/shared_load.h"
#include "relay/engine.h"

namespace ctk::relay {

void Relay::Engine::consider_load_end() {
  if (!life().load || !life().load->running() || !state_.is_running() || state_.is_dropping()) return;
  if (!life().load->begin_ending([this](const ShardId& segment) { return is_stored(segment); })) return;
  run_.sink.finish_load({life().load->table(), life().load->record().epoch},
                        state_.in_life([this](Result<sink::LoadEnding> ending) { on_load_end(std::move(ending)); }));
}

bool Relay::Engine::is_stored(const ShardId& segment) const {
  if (run_.is_shared()) return life().lineage.walk().is_finished(segment);
  const auto found = life().shards.find(segment);
  return found == life().shards.end() || found->second->reading.finished();
}

void Relay::Engine::on_load_end(Result<sink::LoadEnding> ending) {
  if (!ending) {
    life().load->ending_failed();
    if (ending.error().kind == ErrorKind::stale_epoch) return begin_next_life("another load of the table has begun");
    if (ending.error().kind == ErrorKind::mismatch) return lost_table(ending.error());
    if (!report_outage(kTarget, ending.error(), "ending the load")) return;
    run_.env.loop.after(attempts_.pause(now(), run_.env.random), state_.guarded([this] { consider_load_end(); }));
    return;
  }
  report_working(kTarget);
  life().load->take_record(ending->record);
  if (Table* table = tables_.find(life().load->table())) table->opened.record = ending->record;
  // What an earlier run has read of it is known of a first load only.
  const bool all = !run_.is_shared() && (!life().load->resumed() || life().load->items_before() > 0);
  run_.env.log.info("the load is complete",
                    {{"table", life().load->table()},
                     {all ? "items" : "items_of_this_run", life().load->items_before() + counters_.loaded_items()},
                     {"swept", ending->swept}});
  if (life().load->record().load == coordination::LoadState::loaded)
    run_.env.log.info("rows that the load has not seen are swept " +
                      format_duration(sweep_request(run_, life(), life().load->table()).floor) +
                      " from now, by this run or a later one");
  share_known_shards();
  consider_end();
}

/// Ready: the stream is past the load's end, whatever it was at then: every shard is known that was there at that time, and
/// is finished, or was itself read up to then. What is being dropped was read, and is not written.
void Relay::Engine::consider_ready() {
  if (counters_.stats().table_ready || !life().load || !run_.identity.has_stream) return;
  if (!state_.is_running() || state_.is_dropping()) return;
  if (!coordination::is_load_complete(life().load->record())) return;
  if (run_.is_shared() ? !are_all_past_load() : !are_own_past_load()) return;
  // A child that no listing has shown yet may hold changes from before that.
  if (!life().lineage.knows_all_of(*life().load->record().loaded)) {
    if (!life().lineage.lists_again_soon()) reading_.relist();
    return;
  }
  counters_.set_table_ready(true);
  run_.env.log.info("ready: the table holds what its source held at the load's end, and later",
                    {{"table", life().load->table()}});
}

/// Of others' shards, their rows tell; its own this worker knows sooner, since the rows of idle ones are stored once a
/// minute.
bool Relay::Engine::are_all_past_load() {
  std::vector<coordination::StoredPosition> rows = life().shared_rows;
  for (coordination::StoredPosition& own : rows_as_read()) {
    own.epoch = life().load->record().epoch;  // none of an older one is ever taken
    rows.push_back(std::move(own));
  }
  const coordination::TableRecord& record = life().load->record();
  const std::vector<shards::KnownShard> known = life().lineage.walk().known();
  life().past_load = load::shards_past_load(record, known, rows, std::move(life().past_load));
  return load::are_all_past_load(known, life().past_load);
}

bool Relay::Engine::are_own_past_load() const {
  return life().lineage.walk().waiting() == 0 && coordination::are_past_load(life().load->record(), rows_as_read());
}

/// The rows of the shards that are read here, as they would be stored now.
std::vector<coordination::StoredPosition> Relay::Engine::rows_as_read() const {
  std::vector<coordination::StoredPosition> rows;
  for (const auto& [id, one] : life().shards) {
    coordination::StoredPosition row;
    row.shard = id;
    if (one->reading.finished()) row.position = Position::shard_end();
    const Timestamp stored = one->progress.stored_read_to();
    row.read_to = one->reading.found(one->caught_up() ? std::max(stored, one->reading.read_to()) : stored);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::optional<LoadProgress> Relay::Engine::load_progress() const {
  if (!life().load) {
    if (run_.options.load.snapshot != Snapshot::only) return std::nullopt;
    LoadProgress not_begun;
    not_begun.running = true;
    return not_begun;
  }
  LoadProgress progress = life().load->progress([this](const ShardId& segment) { return is_stored(segment); });
  progress.items = counters_.loaded_items();
  progress.bytes = counters_.loaded_bytes();
  if (run_.identity.scan) {
    progress.expected_items = run_.identity.scan->items;
    progress.expected_bytes = run_.identity.scan->bytes;
  }
  return progress;
}

}  // namespace ctk::relay
