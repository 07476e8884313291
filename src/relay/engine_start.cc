// Start: open the source, reach the target, claim positions, list the shards.
#include <utility>

#include "relay/engine_attempt.h"

namespace ctk::relay {
namespace {

std::string relay_name(const RelayOptions& options, const SourceIdentity& identity) {
  if (options.positions_name) return *options.positions_name;
  const std::string target = options.schema.empty()      ? options.table.value_or("")
                             : options.table.has_value() ? options.schema + "." + *options.table
                                                         : options.schema;
  return identity.service + ":" + identity.name + "@" + target;
}

WriteQueue::Rules write_rules(const RelayOptions& options, const sink::Capabilities& can) {
  WriteQueue::Rules rules;
  rules.limits.rows = options.batch_rows.value_or(can.batch_rows);
  rules.limits.bytes = options.batch_bytes.value_or(can.batch_bytes);
  rules.limits.age = options.batch_age.value_or(can.batch_age);
  if (!options.batch_age) rules.age_while_busy = sink::Capabilities().batch_age;
  rules.connections = static_cast<size_t>(std::max(1, can.connections));
  // A second write of a shard is prepared while the first is under way; transactional targets apply them in turn.
  rules.limits.writes_per_shard = can.transactional ? 2 : rules.connections + 1;
  rules.in_turn = can.transactional || options.on_error == OnError::stop;
  return rules;
}

}  // namespace

Positions positions_of(sink::Sink& sink) {
  using Kept = Positions::Kept;
  return {sink.positions(), sink.capabilities().transactional ? Kept::with_rows : Kept::apart};
}

Relay::Relay(RelayOptions options, Source& source, sink::Sink& sink, Positions positions, RelayEnvironment environment)
    : engine_(std::make_unique<Engine>(std::move(options), source, sink, positions, environment)) {}
Relay::~Relay() = default;
void Relay::run(Done<RelayStats> done) { engine_->run(std::move(done)); }
void Relay::stop() { engine_->stop(); }
RelayStats Relay::stats() const { return engine_->stats(); }

Relay::Engine::Engine(RelayOptions options, Source& source, sink::Sink& sink, Positions positions,
                      RelayEnvironment environment)
    : options_(std::move(options)),
      source_(source),
      sink_(sink),
      positions_(positions),
      env_(environment),
      cadence_(shards::make_cadence(options_.idle_poll, options_.max_lag)),
      budget_(options_.max_memory),
      tables_({{options_.source_table, options_.schema, options_.table, options_.target}, options_.tables, options_.reset}),
      writes_(write_rules(options_, sink_.capabilities())),
      counters_(sink_.capabilities().tells_stale),
      outages_(env_.log) {
  start_.begin(now());  // stats() may be asked for before run()
  const sink::Capabilities can = sink_.capabilities();
  transactional_ = can.transactional;
}

void Relay::Engine::run(Done<RelayStats> done) {
  done_ = std::move(done);
  phase_ = Phase::starting;
  start_.begin(now());
  starting_.emplace(env_.loop);
  starting_->start(start(), [](bool) {});
}

/// A life that follows another one.
void Relay::Engine::restart() {
  starting_.emplace(env_.loop);
  starting_->start(start_life(), [](bool) {});
}

/// A run begins. What cannot be had ends it.
Task<bool> Relay::Engine::start() {
  Status ready = co_await open_source();
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
  if (ready && wants_load()) ready = co_await open_target(rows.empty());
  if (ready) ready = co_await claim(rows);
  if (ready) co_return true;
  fail_run(std::move(ready).error());
  co_return false;
}

Task<Status> Relay::Engine::open_source() {
  auto opening = attempt<SourceIdentity>("opening the source", kSource,
                                         [this](Done<SourceIdentity> done) { source_.open(std::move(done)); });
  Result<SourceIdentity> identity = co_await opening;
  if (!identity) co_return forward_error(std::move(identity));
  identity_ = std::move(*identity);
  opened_at_ = now();
  if (is_bounded()) outages_.give_up_after(options_.give_up);
  if (identity_.service != "file" && identity_.has_stream) kind_ = options_.kind;
  co_return know_source_table();
}

/// Records of a table's own stream do not name it.
Status Relay::Engine::know_source_table() {
  tables_.know_source(identity_);
  if (!identity_.source_table) return {};
  if (options_.source_table && options_.source_table != identity_.source_table) {
    return fail(ErrorKind::refused,
                "the stream is that of table '" + *identity_.source_table + "', but source-table names '" +
                    *options_.source_table + "'",
                "", "leave source-table out");
  }
  options_.source_table = identity_.source_table;
  return {};
}

Task<Status> Relay::Engine::reach_target() {
  auto connecting =
      attempt<bool>("reaching the target", kTarget, [this](Done<bool> done) { sink_.connect(std::move(done)); });
  Result<bool> connected = co_await connecting;
  if (!connected) co_return forward_error(std::move(connected));
  if (!options_.table || options_.tables.create_table) co_return Status{};
  const Result<bool> exists = co_await find_named_table();
  if (!exists) co_return std::unexpected(exists.error());
  if (*exists) co_return Status{};
  const table::QualifiedName name{options_.schema, *options_.table};
  co_return fail(ErrorKind::not_found, "table " + name.str() + " is not there, and create-table=false forbids to make it");
}

Task<Result<bool>> Relay::Engine::find_named_table() {
  const table::QualifiedName name{options_.schema, *options_.table};
  return attempt<bool>("looking for the table", kTarget,
                       [this, name](Done<bool> done) { sink_.exists(name, std::move(done)); });
}

Task<Status> Relay::Engine::find_tables() {
  using Records = std::vector<coordination::TableRecord>;
  auto reading =
      attempt<Records>("reading ctk_tables", kTarget, [this](Done<Records> done) { sink_.records(std::move(done)); });
  Result<Records> records = co_await reading;
  if (!records) co_return forward_error(std::move(records));
  tables_.know(std::move(*records));
  // All files of a source table go by sequence number, or all by time.
  if (!kind_ && options_.table) kind_ = tables_.kind_of(identity_.incarnation);
  co_return Status{};
}

Task<Status> Relay::Engine::load_positions(std::vector<coordination::StoredPosition>& rows) {
  relay_ = coordination::RelayName(relay_name(options_, identity_));
  if (positions_in_memory() && !start_.is_again() && !identity_.bounded)
    env_.log.info("positions are kept in memory: a restart begins at `start`");
  using Rows = std::vector<coordination::StoredPosition>;
  auto reading = attempt<Rows>("reading positions", kTarget,
                               [this](Done<Rows> done) { positions_.store.load(relay_, std::move(done)); });
  Result<Rows> stored = co_await reading;
  if (!stored) co_return forward_error(std::move(stored));
  rows = std::move(*stored);
  co_return accept_positions(rows);
}

Error Relay::Engine::other_incarnation(const Incarnation& stored, const Incarnation& found) const {
  return Error{ErrorKind::mismatch,
               "the stored positions of relay '" + relay_.str() + "' belong to another incarnation of the stream: stored " +
                   stored.str() + ", found " + found.str(),
               "", options_.reset_command.empty() ? "--reset forgets them" : "to begin anew: " + options_.reset_command};
}

/// Those that are of this stream and still there, or the error that ends the run.
Status Relay::Engine::accept_positions(std::vector<coordination::StoredPosition>& rows) {
  if (options_.reset && !start_.has_claimed()) rows.clear();
  for (const coordination::StoredPosition& row : rows) {
    if (row.incarnation == identity_.incarnation) continue;
    return std::unexpected(other_incarnation(row.incarnation, identity_.incarnation));
  }
  if (!rows.empty() && options_.start.given)
    env_.log.warn("start is ignored: stored positions are used (--reset forgets them)");
  const Error ended{ErrorKind::stopped, "the run has ended", "", ""};
  for (const coordination::StoredPosition& row : rows) {
    if (start_.is_again() && row.fence > start_.fence())
      return std::unexpected(coordination::fenced_error(relay_, row.worker, row.updated));
    std::optional<Error> gap = find_gap(row);
    if (gap && !note_gap(row.shard, {row.position, row.read_to}, std::move(*gap))) return std::unexpected(ended);
  }
  std::optional<Error> gap = lost_since_load(rows);
  if (gap && !note_gap({}, {}, std::move(*gap))) return std::unexpected(ended);
  return {};
}

/// Where the relay has written rows, and no table of its is on record, that record is lost; with its table, if that is
/// gone.
Task<Status> Relay::Engine::check_records(const std::vector<coordination::StoredPosition>& rows) {
  start_.compare(rows, tables_.has_records(relay_));
  if (!start_.record_lost() || !options_.table || wants_load()) co_return Status{};
  const Result<bool> exists = co_await find_named_table();
  if (!exists) co_return std::unexpected(exists.error());
  if (*exists) co_return Status{};
  coordination::TableClaim claim;
  claim.table = table::QualifiedName{options_.schema, *options_.table}.str();
  claim.reset_command = options_.reset_command;
  claim.record_lost = true;
  co_return std::unexpected(coordination::decide_first_claim(claim, "").error());
}

std::optional<Error> Relay::Engine::find_gap(const coordination::StoredPosition& row) const {
  if (shards::is_segment(row.shard) || gaps_.lost().contains(row.shard)) return {};
  // An epoch has begun meanwhile: the shard is read again from its cut on.
  if (const coordination::TableRecord record = epoch_record(); row.epoch < record.epoch && record.cut) return {};
  if (identity_.tells_trimming && row.position.kind != Position::Kind::at_timestamp) return {};
  if (row.position.ended() || identity_.retention == Duration{} || identity_.server_time == kNoTime) return {};
  const Timestamp read_to = row.read_to != kNoTime                              ? row.read_to
                            : row.position.kind == Position::Kind::at_timestamp ? row.position.time
                                                                                : kNoTime;
  if (read_to == kNoTime || identity_.server_time - read_to <= identity_.retention) return {};
  return Error{ErrorKind::gap,
               "shard " + row.shard.str() + " was read up to " + format_iso8601(read_to) + ", but the stream keeps only " +
                   format_duration(identity_.retention) + ": what lies between is lost",
               "", "on-gap=skip goes on without it, on-gap=resnapshot loads the table again, --reset begins anew"};
}

Result<shards::StartRule> Relay::Engine::start_rule(const std::vector<ListedShard>& listed) const {
  using Kind = StartPoint::Kind;
  shards::StartRule rule;
  rule.time = server_now();
  // From before what the stream keeps there is nothing to read, and nothing to miss.
  const auto begin_at = [&rule, this](Timestamp time) {
    if (identity_.retention > Duration{} && rule.time - time > identity_.retention) return;
    rule.kind = shards::StartRule::Kind::at_timestamp;
    rule.time = time;
  };
  if (life_->load && life_->load->record().cut) {
    begin_at(*life_->load->record().cut);
    return rule;
  }
  switch (options_.start.kind) {
    case Kind::earliest: return rule;
    case Kind::latest:
      rule.kind = shards::StartRule::Kind::at_timestamp;
      rule.time = identity_.server_time;
      // One that closed just after that moment may hold records of then.
      rule.closed_are_finished = !identity_.seeks_time;
      return rule;
    case Kind::timestamp: begin_at(options_.start.at); return rule;
    case Kind::sequence_at:
    case Kind::sequence_after: break;
  }
  rule.kind = shards::StartRule::Kind::sequences;
  for (const auto& [named, sequence] : options_.start.sequences) {
    if (named.empty() && listed.size() != 1) {
      return fail(ErrorKind::usage,
                  "seqno without a shard needs a stream of one shard, this one has " + std::to_string(listed.size()), "",
                  "write seqno=SHARD:NUMBER,…");
    }
    const ShardId shard = named.empty() ? listed.front().id : named;
    const bool known = std::ranges::any_of(listed, [&](const ListedShard& one) { return one.id == shard; });
    if (!known) return fail(ErrorKind::usage, "seqno names shard '" + shard.str() + "', which the stream does not have");
    const bool at = options_.start.kind == Kind::sequence_at;
    rule.positions[shard] = at ? Position::at_sequence(sequence) : Position::after(sequence);
  }
  return rule;
}

/// Lists the shards and makes their positions this run's own. From then on they are read.
Task<Status> Relay::Engine::claim(const std::vector<coordination::StoredPosition>& rows) {
  using Shards = std::vector<ListedShard>;
  auto listing =
      attempt<Shards>("listing the shards", kSource, [this](Done<Shards> done) { source_.list(std::move(done)); });
  Result<Shards> listed = co_await listing;
  if (!listed) co_return forward_error(std::move(listed));
  const Result<shards::StartRule> rule = start_rule(*listed);
  if (!rule) co_return std::unexpected(rule.error());
  const coordination::ClaimRequest request = claim_request(*listed, rows, *rule);
  using Claim = coordination::Claim;
  auto claiming = attempt<Claim>("claiming the positions", kTarget,
                                 [this, request](Done<Claim> done) { positions_.store.claim(request, std::move(done)); });
  Result<Claim> claimed = co_await claiming;
  if (!claimed) co_return forward_error(std::move(claimed));
  // The claim's rows are the truth: another relay may have moved them until a moment ago.
  start_.claimed(claimed->fence);
  gaps_.load_begun();
  note_segments(claimed->positions);
  life_->lineage.claimed(*rule, *claimed);
  if (phase_ == Phase::starting) phase_ = Phase::running;
  perform(life_->lineage.walk().listed(with_segments(std::move(*listed))));
  begin();
  co_return Status{};
}

void Relay::Engine::begin() {
  if (phase_ == Phase::ended) return;
  const auto streamed = std::ranges::count_if(life_->shards, [](const auto& entry) { return !entry.second->segment; });
  env_.log.info("reading", {{"relay", relay_.str()}, {"shards", streamed}});
  rounds_.begin(now());
  if (!std::exchange(ticking_, true)) env_.loop.after(std::chrono::seconds(1), guarded([this] { every_second(); }));
  open_known_tables();
  begin_load();
  if (phase_ == Phase::ended) return;
  check_suspects();
  pump();
}

}  // namespace ctk::relay
