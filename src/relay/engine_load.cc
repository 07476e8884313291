// A load begins: the target is opened before anything is read, so that epoch, cut and start positions are durable before
// the first page of the Scan. Its segments are shards from then on.
#include <algorithm>
#include <utility>

#include "load/shared_load.h"
#include "load/start.h"
#include "relay/acquisition.h"
#include "relay/engine_attempt.h"

namespace ctk::relay {
namespace {

constexpr Duration kAskRelaysEvery = std::chrono::seconds(1);

}  // namespace

bool Relay::Engine::wants_load() const {
  return run_.options.load.snapshot != Snapshot::none || gaps_.wants_load() || resumes_load_of_gap();
}

bool Relay::Engine::resumes_load_of_gap() const {
  return run_.options.on_gap == OnGap::resnapshot && run_.identity.scan &&
         epoch_record(run_, tables_, life()).load == coordination::LoadState::running;
}

bool Relay::Engine::may_share_load() const {
  if (!wants_load()) return true;
  // What tells all workers which load runs is the target's record of the table.
  return run_.options.load.snapshot == Snapshot::initial && run_.options.on_gap != OnGap::resnapshot &&
         run_.sink.traits().holds_own_tables;
}

/// A table that was loaded longer ago than the stream keeps, and that no stored position has followed since.
std::optional<Error> Relay::Engine::lost_since_load(const std::vector<coordination::StoredPosition>& rows) const {
  const bool followed =
      std::ranges::any_of(rows, [](const coordination::StoredPosition& row) { return !shards::is_segment(row.shard); });
  const coordination::TableRecord record = epoch_record(run_, tables_, life());
  if (followed || run_.options.load.snapshot != Snapshot::initial || run_.options.reset || !record.cut) return std::nullopt;
  if (run_.identity.traits.retention == Duration{} || run_.server_now() - *record.cut <= run_.identity.traits.retention)
    return std::nullopt;
  return Error{ErrorKind::gap,
               "table " + record.table + " was loaded at " + format_iso8601(*record.cut) +
                   ", no position of this relay is stored, and the stream keeps only " +
                   format_duration(run_.identity.traits.retention),
               "", "on-gap=resnapshot or --reset loads the table again"};
}

/// The table to be loaded, closed.
Result<Table*> Relay::Engine::add_loaded_table() {
  if (!run_.identity.scan)
    return fail(ErrorKind::usage, "this source cannot load a table", "", "name its table with source-table");
  const source::ScannedTable& scan = *run_.identity.scan;
  Route route = tables_.route(scan.name);
  if (const auto* error = std::get_if<Error>(&route)) return std::unexpected(*error);
  const auto* name = std::get_if<table::QualifiedName>(&route);
  if (name == nullptr)
    return fail(ErrorKind::refused, "source-table leaves out table '" + scan.name + "', which is to be loaded");
  return tables_.add(*name, scan.name, scan.keys, now());
}

/// Before anything is read the target's table is open: so epoch and cut are durable before the first page of the Scan.
Task<Status> Relay::Engine::open_target(const std::vector<coordination::StoredPosition>& rows) {
  Result<Table*> table = add_loaded_table();
  if (!table) co_return forward_error(std::move(table));
  const std::string name = (*table)->spec.name.str();
  const coordination::TableRecord* known = tables_.known(name);
  const bool has_pending_sweep = known != nullptr && known->load == coordination::LoadState::loaded;
  if (has_pending_sweep && start_.begin_pending_sweep()) {
    co_await sweep_for_last_load(**table);
    if (state_.ended()) co_return fail(ErrorKind::stopped, "the run has ended");
    table = add_loaded_table();
    if (!table) co_return forward_error(std::move(table));
  }
  coordination::TableRegistration registration = opener_.registration_of(**table);
  using Kind = coordination::LoadRequest::Kind;
  const Kind kind = gaps_.wants_load()                                                   ? Kind::restart
                    : run_.options.load.snapshot == Snapshot::only && !start_.is_again() ? Kind::again
                                                                                         : Kind::initial;
  const bool begins_none = run_.is_shared() && load::has_read_stream(rows);
  if (!begins_none) registration.load = coordination::LoadRequest{kind, run_.source.cut(run_.server_now()), gaps_.seen()};
  using Opened = sink::OpenTable;
  auto opening =
      attempt<Opened>("opening table " + name, kTarget, [this, spec = (*table)->spec, registration](Done<Opened> done) {
        run_.sink.open(spec, registration, std::move(done));
      });
  Result<Opened> opened = co_await opening;
  if (!opened) co_return forward_error(std::move(opened));
  counters_.add_table(name);
  counters_.add_view(opened->view);
  opener_.warn_of_sight(*opened);
  life().load.emplace(name, opened->record);
  tables_.opened(name, std::move(*opened));
  if (run_.options.start.given && rows.empty())
    run_.env.log.warn("start is ignored: the load decides where the stream begins");
  co_return Status{};
}

/// A new load would forget that the last one has a pending sweep: bounded runs would never do it. Where that cannot be done
/// now, whatever is in the way is met again by the load itself.
Task<bool> Relay::Engine::sweep_for_last_load(const Table& table) {
  const table::TableSpec spec = table.spec;
  // It says nothing of the stream: that one may have to begin with a load of its own.
  coordination::TableRegistration registration = opener_.registration_of(table);
  registration.kind.reset();
  registration.relay.reset();
  registration.reset = false;
  const Result<sink::OpenTable> opened = co_await starting_->answer<sink::OpenTable>(
      [&](Done<sink::OpenTable> done) { run_.sink.open(spec, registration, std::move(done)); });
  if (!opened || state_.ended()) co_return false;
  const Result<sink::SweepOutcome> swept =
      co_await starting_->answer<sink::SweepOutcome>([&](Done<sink::SweepOutcome> done) {
        run_.sink.sweep(sweep_request(run_, life(), registration.table), std::move(done));
      });
  if (!swept || state_.ended()) co_return false;
  sweeping_.take_sweep_of_load(registration.table, *swept);
  co_return true;
}

coordination::AcquireRequest Relay::Engine::acquire_request(const std::vector<ListedShard>& listed,
                                                            const std::vector<coordination::StoredPosition>& rows,
                                                            const shards::StartRule& rule) const {
  const coordination::TableRecord record = epoch_record(run_, tables_, life());
  const int segments = run_.is_shared() ? load::choose_shared_segments(run_.options.load.segments)
                                        : run_.source.segments(run_.options.load.segments);
  load::StartPlan plan = load::plan_start(
      rows, record, segments, run_.identity.traits.seeks_time && run_.identity.traits.repeats_records, gaps_.lost());
  if (run_.is_shared())
    std::erase_if(plan.dropped, [&](const ShardId& shard) { return !load::is_left_of_older_load(shard, record); });
  // Those who read them would not know of it.
  if (run_.is_shared() && life().load) plan.rewound.clear();
  coordination::AcquireRequest request{
      run_.name,   run_.options.worker, run_.identity.incarnation, {}, run_.options.reset && !start_.has_acquired(),
      record.epoch};
  if (run_.is_shared()) request.only.emplace();
  if (!life().load && !tables_.has_records(run_.name))
    request.epoch = rows.empty() ? 0 : std::ranges::max(rows, {}, &coordination::StoredPosition::epoch).epoch;
  std::map<ShardId, Position> stored;
  for (const coordination::StoredPosition& row : rows) {
    // What is gone from the stream is in the new load.
    const bool gone = !gaps_.lost().empty() && !row.position.ended() && !shards::is_segment(row.shard) &&
                      std::ranges::find(listed, row.shard, &ListedShard::id) == listed.end();
    if (gone) plan.dropped.push_back(row.shard);
    if (!gone && !shards::is_segment(row.shard)) stored[row.shard] = row.position;
  }
  std::erase_if(plan.rewound, [&](const coordination::Rewind& one) { return !stored.contains(one.shard); });
  shards::ShardWalk draft(rule);
  draft.restore(stored);
  for (const shards::WalkAction& action : draft.listed(listed)) {
    if (const auto* row = std::get_if<shards::AddRow>(&action)) request.shards.push_back({row->shard, row->position});
  }
  std::ranges::move(plan.segments, std::back_inserter(request.shards));
  request.rewound = std::move(plan.rewound);
  request.dropped = std::move(plan.dropped);
  return request;
}

Status Relay::Engine::join_shared_load(const coordination::AcquireRequest& request,
                                       const std::vector<coordination::StoredPosition>& rows,
                                       std::vector<coordination::StoredPosition>& acquired) const {
  if (!run_.is_shared() || !life().load) return {};
  const coordination::TableRecord& record = life().load->record();
  // A life that follows another one is not told the rows anew.
  std::vector<coordination::StoredPosition> known = rows;
  std::ranges::copy(acquired, std::back_inserter(known));
  if (std::optional<Error> why = load::refuse_shared_load(known, record)) return std::unexpected(std::move(*why));
  std::erase_if(acquired, [](const coordination::StoredPosition& row) { return shards::is_segment(row.shard); });
  std::ranges::move(load::segments_to_read(known, request.shards, record), std::back_inserter(acquired));
  return {};
}

/// After an acquisition: the segments of the load that is running.
void Relay::Engine::note_segments(const std::vector<coordination::StoredPosition>& rows) {
  life().epoch = epoch_record(run_, tables_, life()).epoch;
  if (!life().load || !life().load->running()) return;
  for (const coordination::StoredPosition& row : rows) {
    const std::optional<shards::Segment> segment = shards::parse_segment(row.shard);
    if (!segment || segment->epoch != life().epoch) continue;
    life().load->add_segment(row.shard, row.position);
  }
}

void Relay::Engine::begin_load() {
  if (!life().load || !life().load->running()) return;
  run_.env.log.info(life().load->resumed() ? "going on with the load" : "loading the table",
                    {{"table", life().load->table()},
                     {"epoch", life().load->record().epoch},
                     {"segments", life().load->segments().size()},
                     {"items", run_.identity.scan ? run_.identity.scan->items : 0}});
  if (life().load->resumed() && !run_.is_shared()) count_loaded_before();
  std::vector<coordination::RelayName> others = life().load->record().relays;
  std::erase(others, run_.name);
  if (run_.is_transactional()) others.clear();
  await_other_relays(std::move(others));
  consider_load_end();
}

/// A resumed load goes on counting where an earlier run was: at the table's rows, for nothing else tells. A later epoch's
/// are not to be told from those of the load before.
void Relay::Engine::count_loaded_before() {
  if (life().epoch > 1) return;
  sink::SweepRequest request = sweep_request(run_, life(), life().load->table());
  request.grace = Duration::max();
  run_.sink.sweep(request, state_.in_life([this](Result<sink::SweepOutcome> counted) {
    if (!counted) return;
    const uint64_t rows = counted->living + counted->tombstones_left;
    life().load->count_before(rows - std::min(rows, counters_.loaded_items()));
  }));
}

/// A write of an older epoch must not come after the Scan has passed its item. Where nothing rolls it back, the first page
/// waits until every other relay of the table stamps the new one, or has been silent for long.
void Relay::Engine::await_other_relays(std::vector<coordination::RelayName> relays) {
  if (relays.empty()) {
    life().load->begin_reading();
    for (const ListedShard& segment : life().load->segments()) {
      if (life().shards.contains(segment.id)) reading_.consider(shard(segment.id));
    }
    return;
  }
  const coordination::RelayName relay = relays.back();
  // The others' are the target's, wherever ours are.
  run_.sink.positions().read(relay, state_.in_life([this, relay, relays = std::move(relays)](
                                                       Result<std::vector<coordination::StoredPosition>> rows) mutable {
    if (!state_.is_running()) return;
    const bool stamps =
        rows && std::ranges::all_of(*rows, [this](const coordination::StoredPosition& row) {
          return row.position.ended() || shards::is_segment(row.shard) || row.epoch >= life().load->record().epoch ||
                 (row.updated != kNoTime && run_.env.clock.now() - row.updated > run_.options.sweep.unfenced_floor());
        });
    if (stamps) relays.pop_back();
    if (stamps) return await_other_relays(std::move(relays));
    if (life().load->report_waiting()) {
      run_.env.log.info("the load waits for another relay to learn of its epoch, or to have been silent for " +
                            format_duration(run_.options.sweep.unfenced_floor()),
                        {{"relay", relay.str()}});
    }
    run_.env.loop.after(kAskRelaysEvery, state_.in_life([this, relays = std::move(relays)]() mutable {
      await_other_relays(std::move(relays));
    }));
  }));
}

}  // namespace ctk::relay
