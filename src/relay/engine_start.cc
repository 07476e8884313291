// Start: open the source, reach the target, acquire positions, list the shards.
#include <utility>

#include "relay/engine_attempt.h"

namespace ctk::relay {
namespace {

WriteQueue::Rules write_rules(const RelayOptions& options, const sink::Sink& sink) {
  const sink::WriteBounds can = sink.bounds();
  WriteQueue::Rules rules;
  rules.limits.rows = options.batch.rows.value_or(can.batch_rows);
  rules.limits.bytes = options.batch.bytes.value_or(can.batch_bytes);
  rules.limits.age = options.batch.age.value_or(can.batch_age);
  if (!options.batch.age) rules.age_while_busy = sink::WriteBounds().batch_age;
  rules.connections = static_cast<size_t>(std::max(1, can.connections));
  // A second write of a shard is prepared while the first is under way; transactional targets apply them in turn.
  rules.limits.writes_per_shard = sink.traits().transactions ? 2 : rules.connections + 1;
  rules.in_turn = sink.traits().transactions || options.on_error == OnError::stop;
  return rules;
}

}  // namespace

Relay::Relay(RelayOptions options, source::Sources sources, sink::Sink& sink, Positions positions,
             RelayEnvironment environment)
    : engine_(std::make_unique<Engine>(std::move(options), sources, sink, positions, environment)) {}
Relay::~Relay() = default;
void Relay::run(Done<RelayStats> done) { engine_->run(std::move(done)); }
void Relay::stop() { engine_->stop(); }
RelayStats Relay::stats() const { return engine_->stats(); }

Relay::Engine::Engine(RelayOptions options, source::Sources sources, sink::Sink& sink, Positions positions,
                      RelayEnvironment environment)
    : run_{std::move(options), source::SourceRouter(sources, environment.loop), sink, positions, environment},
      budget_(run_.options.max_memory, environment.memory),
      tables_({{run_.options.source_table, run_.options.schema, run_.options.table, run_.options.target},
               run_.options.tables,
               run_.options.reset}),
      counters_(sink.traits().reports_stale()),
      outages_(run_.env.log),
      opener_(run_, state_, tables_, counters_, start_, attempts_, *this),
      reading_({run_, state_, budget_, tables_, standing_, gaps_, counters_, outages_, *this, *this}),
      writing_({run_, state_, budget_, tables_, opener_, counters_, keeper_, attempts_, *this, *this},
               write_rules(run_.options, sink)),
      sweeping_(run_, state_, tables_, counters_, outages_, *this) {
  opener_.on_open([this] { writing_.on_table_open(); });
  start_.begin(now());  // stats() may be asked for before run()
}

void Relay::Engine::run(Done<RelayStats> done) {
  done_ = std::move(done);
  state_.phase = Phase::starting;
  start_.begin(now());
  starting_.emplace(run_.env.loop);
  starting_->start(start(), [](bool) {});
}

/// A life that follows another one.
void Relay::Engine::restart() {
  starting_.emplace(run_.env.loop);
  starting_->start(start_life(), [](bool) {});
}

/// A run begins. What cannot be had ends it.
Task<bool> Relay::Engine::start() {
  run_.source.when_ready(state_.guarded([this](const ShardId& shard) { reading_.read_early(shard); }));
  Status ready = co_await open_source();
  if (ready && run_.is_shared() && !may_share_load())
    ready = fail(ErrorKind::usage, "many workers cannot load this table", "", "load it with one that is alone");
  if (ready) ready = co_await reach_target();
  if (!ready) {
    fail_run(std::move(ready).error());
    co_return false;
  }
  co_return co_await start_life();
}

/// A life begins, up to where its shards are read.
Task<bool> Relay::Engine::start_life() {
  Status ready = co_await find_tables();
  std::vector<coordination::StoredPosition> rows;
  if (ready) ready = co_await load_positions(rows);
  if (ready) ready = co_await check_records(rows);
  if (ready && wants_load()) ready = co_await open_target(rows);
  if (ready) ready = co_await acquire(rows);
  if (ready) co_return true;
  fail_run(std::move(ready).error());
  co_return false;
}

Task<Status> Relay::Engine::open_source() {
  auto opening = attempt<source::SourceIdentity>(
      "opening the source", kSource, [this](Done<source::SourceIdentity> done) { run_.source.open(std::move(done)); });
  Result<source::SourceIdentity> identity = co_await opening;
  if (!identity) co_return forward_error(std::move(identity));
  run_.opened(std::move(*identity));
  if (run_.is_bounded()) outages_.give_up_after(run_.options.deadlines.give_up);
  co_return know_source_table();
}

/// Records of a table's own stream do not name it.
Status Relay::Engine::know_source_table() {
  if (Status possible = tables_.know_source(run_.identity); !possible) return possible;
  if (!run_.identity.source_table) return {};
  if (run_.options.source_table && run_.options.source_table != run_.identity.source_table) {
    return fail(ErrorKind::refused,
                "the stream is that of table '" + *run_.identity.source_table + "', but source-table names '" +
                    *run_.options.source_table + "'",
                "", "leave source-table out");
  }
  run_.options.source_table = run_.identity.source_table;
  return {};
}

Task<Status> Relay::Engine::reach_target() {
  auto connecting =
      attempt<bool>("reaching the target", kTarget, [this](Done<bool> done) { run_.sink.connect(std::move(done)); });
  Result<bool> connected = co_await connecting;
  if (!connected) co_return forward_error(std::move(connected));
  if (!run_.options.table || run_.options.tables.create_table) co_return Status{};
  const Result<bool> exists = co_await find_named_table();
  if (!exists) co_return std::unexpected(exists.error());
  if (*exists) co_return Status{};
  const table::QualifiedName name{run_.options.schema, *run_.options.table};
  co_return fail(ErrorKind::not_found, "table " + name.str() + " is not there, and create-table=false forbids to make it");
}

Task<Result<bool>> Relay::Engine::find_named_table() {
  const table::QualifiedName name{run_.options.schema, *run_.options.table};
  return attempt<bool>("looking for the table", kTarget,
                       [this, name](Done<bool> done) { run_.sink.exists(name, std::move(done)); });
}

Task<Status> Relay::Engine::find_tables() {
  using Records = std::vector<coordination::TableRecord>;
  auto reading =
      attempt<Records>("reading ctk_tables", kTarget, [this](Done<Records> done) { run_.sink.records(std::move(done)); });
  Result<Records> records = co_await reading;
  if (!records) co_return forward_error(std::move(records));
  tables_.know(std::move(*records));
  // All files of a source table go by sequence number, or all by time.
  if (!run_.kind && run_.options.table) run_.kind = tables_.kind_of(run_.identity.incarnation);
  co_return Status{};
}

Task<Status> Relay::Engine::load_positions(std::vector<coordination::StoredPosition>& rows) {
  if (run_.positions.kept == Positions::Kept::in_memory && !start_.is_again() && !run_.identity.traits.bounded)
    run_.env.log.info("positions are kept in memory: a restart begins at `start`");
  using Rows = std::vector<coordination::StoredPosition>;
  auto reading = attempt<Rows>("reading positions", kTarget,
                               [this](Done<Rows> done) { run_.positions.store.read(run_.name, std::move(done)); });
  Result<Rows> stored = co_await reading;
  if (!stored) co_return forward_error(std::move(stored));
  rows = std::move(*stored);
  co_return accept_positions(rows);
}

/// Those that are of this stream and still there, or the error that ends the run.
Status Relay::Engine::accept_positions(std::vector<coordination::StoredPosition>& rows) {
  if (run_.options.reset && !start_.has_acquired()) rows.clear();
  for (const coordination::StoredPosition& row : rows) {
    // Other libraries' rows do not say whose they are.
    if (row.incarnation == run_.identity.incarnation || row.incarnation.empty()) continue;
    return std::unexpected(run_.other_incarnation(row.incarnation, run_.identity.incarnation));
  }
  if (!rows.empty() && run_.options.start.given)
    run_.env.log.warn("start is ignored: stored positions are used (--reset forgets them)");
  const Error ended{ErrorKind::stopped, "the run has ended", "", ""};
  for (const coordination::StoredPosition& row : rows) {
    if (run_.is_shared()) continue;  // what became of a shard is asked when it is taken
    if (start_.is_again() && row.fence > start_.fence())
      return std::unexpected(coordination::fenced_error(run_.name, row.worker, row.updated));
    std::optional<Error> gap = reading_.find_gap(row);
    if (gap && !reading_.note_gap(row.shard, {row.position, row.read_to}, std::move(*gap))) return std::unexpected(ended);
  }
  std::optional<Error> gap = lost_since_load(rows);
  if (gap && !reading_.note_gap({}, {}, std::move(*gap))) return std::unexpected(ended);
  return {};
}

/// Where the relay has written rows, and no table of its is on record, that record is lost; with its table, if that is
/// gone.
Task<Status> Relay::Engine::check_records(const std::vector<coordination::StoredPosition>& rows) {
  start_.compare(rows, tables_.has_records(run_.name));
  if (start_.record_lost() && run_.is_shared()) {
    // Another worker may have opened it between that look and this one.
    Status known = co_await find_tables();
    if (!known) co_return known;
    start_.compare(rows, tables_.has_records(run_.name));
  }
  if (!start_.record_lost() || !run_.options.table || wants_load()) co_return Status{};
  const Result<bool> exists = co_await find_named_table();
  if (!exists) co_return std::unexpected(exists.error());
  if (*exists) co_return Status{};
  coordination::TableRegistration registration;
  registration.table = table::QualifiedName{run_.options.schema, *run_.options.table}.str();
  registration.reset_command = run_.options.reset_command;
  registration.record_lost = true;
  co_return std::unexpected(coordination::decide_first_registration(registration, "").error());
}

Result<shards::StartRule> Relay::Engine::start_rule(const std::vector<ListedShard>& listed) const {
  using Kind = StartPoint::Kind;
  shards::StartRule rule;
  rule.time = run_.server_now();
  // From before what the stream keeps there is nothing to read, and nothing to miss.
  const auto begin_at = [&rule, this](Timestamp time) {
    if (run_.identity.traits.retention > Duration{} && rule.time - time > run_.identity.traits.retention) return;
    rule.kind = shards::StartRule::Kind::at_timestamp;
    rule.time = time;
  };
  if (life().load && life().load->record().cut) {
    begin_at(*life().load->record().cut);
    return rule;
  }
  switch (run_.options.start.kind) {
    case Kind::earliest: return rule;
    case Kind::latest:
      rule.kind = shards::StartRule::Kind::at_timestamp;
      rule.time = run_.identity.server_time;
      // One that closed just after that moment may hold records of then.
      rule.closed_are_finished = !run_.identity.traits.seeks_time;
      return rule;
    case Kind::timestamp: begin_at(run_.options.start.at); return rule;
    case Kind::sequence_at:
    case Kind::sequence_after: break;
  }
  rule.kind = shards::StartRule::Kind::sequences;
  for (const auto& [named, sequence] : run_.options.start.sequences) {
    if (named.empty() && listed.size() != 1) {
      return fail(ErrorKind::usage,
                  "seqno without a shard needs a stream of one shard, this one has " + std::to_string(listed.size()), "",
                  "write seqno=SHARD:NUMBER,…");
    }
    const ShardId shard = named.empty() ? listed.front().id : named;
    const bool known = std::ranges::any_of(listed, [&](const ListedShard& one) { return one.id == shard; });
    if (!known) return fail(ErrorKind::usage, "seqno names shard '" + shard.str() + "', which the stream does not have");
    const bool at = run_.options.start.kind == Kind::sequence_at;
    rule.positions[shard] = at ? Position::at_sequence(sequence) : Position::after(sequence);
  }
  return rule;
}

/// Lists the shards and makes their positions this run's own. From then on they are read.
Task<Status> Relay::Engine::acquire(const std::vector<coordination::StoredPosition>& rows) {
  using Shards = std::vector<ListedShard>;
  const Timestamp begun = run_.server_now();
  auto listing =
      attempt<Shards>("listing the shards", kSource, [this](Done<Shards> done) { run_.source.list(std::move(done)); });
  Result<Shards> listed = co_await listing;
  if (!listed) co_return forward_error(std::move(listed));
  const Result<shards::StartRule> rule = start_rule(*listed);
  if (!rule) co_return std::unexpected(rule.error());
  const coordination::AcquireRequest request = acquire_request(*listed, rows, *rule);
  using Acquired = coordination::Acquired;
  auto acquiring = attempt<Acquired>("acquiring the positions", kTarget, [this, request](Done<Acquired> done) {
    run_.positions.store.acquire(request, std::move(done));
  });
  Result<Acquired> acquired = co_await acquiring;
  if (!acquired) co_return forward_error(std::move(acquired));
  // The acquisition's rows are the truth: another relay may have moved them until a moment ago.
  start_.acquired(acquired->fence);
  keeper_.still_held(now());
  gaps_.load_begun();
  if (Status shared = join_shared_load(request, rows, acquired->positions); !shared) co_return shared;
  note_segments(acquired->positions);
  // Another load may have begun since its table was looked at: its segments are not ours to miss.
  std::erase_if(acquired->positions, [this](const coordination::StoredPosition& row) {
    const std::optional<shards::Segment> segment = shards::parse_segment(row.shard);
    return segment && segment->epoch != life().epoch;
  });
  life().lineage.acquired(*rule, *acquired);
  run_.is_shared() ? life().held.share() : life().held.acquired(*acquired);
  if (state_.phase == Phase::starting) state_.phase = Phase::running;
  reading_.take_listing(std::move(*listed), begun);
  begin();
  co_return Status{};
}

void Relay::Engine::begin() {
  if (state_.ended()) return;
  const auto streamed = std::ranges::count_if(life().shards, [](const auto& entry) { return !entry.second->segment; });
  run_.env.log.info("reading", {{"relay", run_.name.str()}, {"shards", streamed}});
  rounds_.begin(now());
  if (!start_.is_again()) run_.env.loop.after(std::chrono::seconds(1), state_.guarded([this] { every_second(); }));
  opener_.open_known();
  begin_load();
  if (state_.ended()) return;
  begin_sharing();
  reading_.check_suspects();
  writing_.pump();
}

}  // namespace ctk::relay
