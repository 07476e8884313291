// A load ends: the target is told, the table is ready once the stream is past that; or everything begins anew, since an
// epoch has. Also what a run says of its load meanwhile.
#include <algorithm>
#include <utility>

#include "relay/engine.h"

namespace ctk::relay {

void Relay::Engine::consider_load_end() {
  if (!life_->load || !life_->load->running() || phase_ != Phase::running || is_dropping()) return;
  if (!life_->load->begin_ending([this](const ShardId& segment) { return is_stored(segment); })) return;
  run_.sink.finish_load({life_->load->table(), life_->load->record().epoch},
                        in_life([this](Result<sink::LoadEnding> ending) {
                          if (phase_ == Phase::ended) return;
                          on_load_end(std::move(ending));
                        }));
}

bool Relay::Engine::is_stored(const ShardId& segment) const {
  const auto found = life_->shards.find(segment);
  return found == life_->shards.end() || found->second->reading.finished();
}

void Relay::Engine::on_load_end(Result<sink::LoadEnding> ending) {
  if (!ending) {
    life_->load->ending_failed();
    if (ending.error().kind == ErrorKind::stale_epoch) return start_over("another load of the table has begun");
    if (ending.error().kind == ErrorKind::mismatch) return on_lost_table(ending.error());
    report_outage(kTarget, ending.error(), "ending the load");
    if (phase_ == Phase::ended) return;
    run_.env.loop.after(attempts_.pause(now(), run_.env.random), guarded([this] { consider_load_end(); }));
    return;
  }
  report_working(kTarget);
  life_->load->take_record(ending->record);
  if (Table* table = tables_.find(life_->load->table())) table->opened.record = ending->record;
  // What an earlier run has read of it is known of a first load only.
  const bool all = !life_->load->resumed() || life_->load->items_before() > 0;
  run_.env.log.info("the load is complete",
                    {{"table", life_->load->table()},
                     {all ? "items" : "items_of_this_run", life_->load->items_before() + counters_.loaded_items()},
                     {"swept", ending->swept}});
  if (life_->load->record().load == coordination::LoadState::loaded)
    run_.env.log.info("rows that the load has not seen are swept " +
                      format_duration(sweep_request(life_->load->table()).floor) + " from now, by this run or a later one");
  consider_finishing();
}

void Relay::Engine::take_sweep_of_load(const std::string& table, const sink::SweepOutcome& outcome) {
  if (outcome.older_swept > 0)
    run_.env.log.info("swept what the load has not seen", {{"table", table}, {"rows", outcome.older_swept}});
  if (life_->load && life_->load->table() == table && outcome.load) life_->load->take_state(*outcome.load);
}

/// Ready: the stream is past the load's end, whatever it was at then: every shard is known that was there at that time, and
/// is finished, or was itself read up to then.
void Relay::Engine::consider_ready() {
  if (counters_.stats().table_ready || !life_->load || phase_ != Phase::running || !run_.identity.has_stream) return;
  std::vector<coordination::StoredPosition> rows;
  for (const auto& [id, one] : life_->shards) {
    coordination::StoredPosition row;
    row.shard = id;
    if (one->reading.finished()) row.position = Position::shard_end();
    const Timestamp stored = one->progress.stored_read_to();
    row.read_to = one->reading.found(one->caught_up() ? std::max(stored, one->reading.read_to()) : stored);
    rows.push_back(std::move(row));
  }
  if (life_->lineage.walk().waiting() > 0 || !coordination::is_table_ready(life_->load->record(), rows)) return;
  // A child that no listing has shown yet may hold changes from before that.
  if (!life_->lineage.knows_all_of(*life_->load->record().loaded)) {
    if (!life_->lineage.lists_again_soon()) relist();
    return;
  }
  counters_.stats().table_ready = true;
  run_.env.log.info("ready: the table holds what its source held at the load's end, and later",
                    {{"table", life_->load->table()}});
}

/// From when on a relay that begins reads its stream, which has nothing from before it was made; nothing where it goes on,
/// or begins at a number.
std::optional<Timestamp> Relay::Engine::reads_since() const {
  if (life_->lineage.goes_on() || run_.identity.traits.bounded) return std::nullopt;
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
void Relay::Engine::warn_of_missing_load(const coordination::TableRecord& record) {
  if (run_.options.snapshot != Snapshot::none || run_.identity.traits.bounded || run_.positions_by_giver() ||
      record.load != coordination::LoadState::none)
    return;
  if (counters_.stats().changes_only_since) return;
  const bool begins = !life_->lineage.goes_on();
  counters_.stats().changes_only_since = record.since ? format_iso8601(*record.since) : "the relay's first start";
  const std::string text =
      "changes only since " + *counters_.stats().changes_only_since + "; add snapshot=initial for the whole table";
  begins ? run_.env.log.warn(text) : run_.env.log.info(text);
}

void Relay::Engine::warn_of_sight(const sink::OpenTable& opened) {
  if (opened.sight == coordination::TableFound::as_recorded) return;
  const bool loads = opened.record.load == coordination::LoadState::running;
  run_.env.log.warn(coordination::describe_sight(opened.record.table, opened.sight) +
                    (loads ? "; it is loaded again" : "; it begins anew"));
}

/// A table was emptied under this run. Opening it again decides: it is loaded again, or the run ends and says how to go on.
/// What knows its positions by heart cannot begin again by itself.
void Relay::Engine::on_lost_table(Error error) {
  if (!run_.positions_in_memory() && phase_ == Phase::running) return start_over(error.message);
  if (error.hint.empty() && run_.positions_in_memory()) error.hint = "run it again, which begins at the start";
  if (error.hint.empty() && !run_.options.reset_command.empty())
    error.hint = "to begin anew: " + run_.options.reset_command;
  is_finishing() ? end(std::unexpected(std::move(error))) : fail_run(std::move(error));
}

std::optional<LoadProgress> Relay::Engine::load_progress() const {
  if (!life_->load) {
    if (run_.options.snapshot != Snapshot::only) return std::nullopt;
    LoadProgress not_begun;
    not_begun.running = true;
    return not_begun;
  }
  LoadProgress progress = life_->load->progress([this](const ShardId& segment) { return is_stored(segment); });
  progress.items = counters_.loaded_items();
  progress.bytes = counters_.loaded_bytes();
  if (run_.identity.scan) {
    progress.expected_items = run_.identity.scan->items;
    progress.expected_bytes = run_.identity.scan->bytes;
  }
  return progress;
}

void Relay::Engine::start_over(const std::string& why) {
  if (life_->drop == Life::Drop::life) return;
  counters_.stats().table_ready = false;
  // Not from inside whatever found it out; and not once the next life has begun.
  life_->drop = Life::Drop::life;
  run_.env.loop.post(in_life([this, why] {
    if (phase_ != Phase::ended && !is_finishing()) drop_and_read_again(why);
  }));
}

/// Nothing is held any more. Reads under way come back to nobody.
void Relay::Engine::start_over_now() {
  for (const auto& [id, one] : life_->shards) run_.source.forget(id);
  life_ = std::make_unique<Life>();
  start_.begin_again();
  if (phase_ == Phase::stopping) return end(stats());
  phase_ = Phase::starting;
  restart();
}

}  // namespace ctk::relay
