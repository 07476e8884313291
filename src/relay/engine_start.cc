// Start: open the source, reach the target, claim positions, list the shards.
#include <utility>

#include "coordination/memory_store.h"
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

Relay::Relay(RelayOptions options, Source& source, sink::Sink& sink, RelayEnvironment environment)
    : engine_(std::make_unique<Engine>(std::move(options), source, sink, environment)) {}
Relay::~Relay() = default;
void Relay::run(Done<RelayStats> done) { engine_->run(std::move(done)); }
void Relay::stop() { engine_->stop(); }
RelayStats Relay::stats() const { return engine_->stats(); }

Relay::Engine::Engine(RelayOptions options, Source& source, sink::Sink& sink, RelayEnvironment environment)
    : options_(std::move(options)),
      source_(source),
      sink_(sink),
      env_(environment),
      cadence_(shards::make_cadence(options_.idle_poll, options_.max_lag)),
      budget_(options_.max_memory),
      tables_({{options_.source_table, options_.schema, options_.table, options_.target}, options_.tables, options_.reset}),
      writes_(write_rules(options_, sink_.capabilities())),
      counters_(sink_.capabilities().tells_stale),
      outages_(env_.log) {
  started_at_ = now();  // stats() may be asked for before run()
  const sink::Capabilities can = sink_.capabilities();
  transactional_ = can.transactional;
}

void Relay::Engine::run(Done<RelayStats> done) {
  done_ = std::move(done);
  phase_ = Phase::starting;
  started_at_ = now();
  open_source();
}

void Relay::Engine::open_source() {
  attempt<SourceIdentity>(
      "opening the source", [this](Done<SourceIdentity> done) { source_.open(std::move(done)); },
      [this](SourceIdentity identity) {
        identity_ = std::move(identity);
        opened_at_ = now();
        if (is_bounded()) outages_.give_up_after(options_.give_up);
        if (identity_.service != "file" && identity_.has_stream) kind_ = options_.kind;
        if (!know_source_table()) return;
        tables_.know_source(identity_);
        connect_target();
      },
      kSource);
}

/// Records of a table's own stream do not name it. Returns false if the run has ended because of it.
bool Relay::Engine::know_source_table() {
  if (!identity_.source_table) return true;
  if (options_.source_table && options_.source_table != identity_.source_table) {
    fail_run(Error{ErrorKind::refused,
                   "the stream is that of table '" + *identity_.source_table + "', but source-table names '" +
                       *options_.source_table + "'",
                   "", "leave source-table out"});
    return false;
  }
  options_.source_table = identity_.source_table;
  return true;
}

void Relay::Engine::connect_target() {
  attempt<bool>(
      "reaching the target", [this](Done<bool> done) { sink_.connect(std::move(done)); }, [this](bool) { check_target(); });
}

void Relay::Engine::check_target() {
  if (!options_.table || options_.tables.create_table) return find_tables();
  const table::QualifiedName name{options_.schema, *options_.table};
  attempt<bool>(
      "looking for the table", [this, name](Done<bool> done) { sink_.exists(name, std::move(done)); },
      [this, name](bool exists) {
        if (exists) return find_tables();
        fail_run(Error{ErrorKind::not_found,
                       "table " + name.str() + " is not there, and create-table=false forbids to make it", "", ""});
      });
}

void Relay::Engine::find_tables() {
  attempt<std::vector<coordination::TableRecord>>(
      "reading ctk_tables", [this](Done<std::vector<coordination::TableRecord>> done) { sink_.records(std::move(done)); },
      [this](std::vector<coordination::TableRecord> records) {
        tables_.know(std::move(records));
        // All files of a source table go by sequence number, or all by time.
        if (!kind_ && options_.table) kind_ = tables_.kind_of(identity_.incarnation);
        load_positions();
      });
}

void Relay::Engine::load_positions() {
  relay_ = coordination::RelayName(relay_name(options_, identity_));
  const bool in_memory = options_.positions_in_memory || !identity_.stores_positions || !sink_.capabilities().holds_tables;
  if (in_memory && !memory_store_) {
    memory_store_ = coordination::make_memory_store(env_.loop, env_.clock);
    if (identity_.stores_positions) env_.log.info("positions are kept in memory: a restart begins at `start`");
  }
  attempt<std::vector<coordination::StoredPosition>>(
      "reading positions",
      [this](Done<std::vector<coordination::StoredPosition>> done) { store().load(relay_, std::move(done)); },
      [this](std::vector<coordination::StoredPosition> rows) { accept_positions(std::move(rows)); });
}

Error Relay::Engine::other_incarnation(const Incarnation& stored, const Incarnation& found) const {
  return Error{ErrorKind::mismatch,
               "the stored positions of relay '" + relay_.str() + "' belong to another incarnation of the stream: stored " +
                   stored.str() + ", found " + found.str(),
               "", options_.reset_command.empty() ? "--reset forgets them" : "to begin anew: " + options_.reset_command};
}

void Relay::Engine::accept_positions(std::vector<coordination::StoredPosition> rows) {
  if (options_.reset && !claimed_) rows.clear();
  for (const coordination::StoredPosition& row : rows) {
    if (row.incarnation == identity_.incarnation) continue;
    return fail_run(other_incarnation(row.incarnation, identity_.incarnation));
  }
  if (!rows.empty() && options_.start.given)
    env_.log.warn("start is ignored: stored positions are used (--reset forgets them)");
  for (const coordination::StoredPosition& row : rows) {
    if (restarted_ && row.fence > fence_) return fail_run(coordination::fenced_error(relay_, row.worker, row.updated));
    std::optional<Error> gap = find_gap(row);
    if (gap && !note_gap(row.shard, {row.position, row.read_to}, std::move(*gap))) return;
  }
  if (std::optional<Error> gap = lost_since_load(rows); gap && !note_gap({}, {}, std::move(*gap))) return;
  check_records(std::move(rows));
}

/// Where the relay has written rows, and no table of its is on record, that record is lost; with its table, if that is
/// gone.
void Relay::Engine::check_records(std::vector<coordination::StoredPosition> rows) {
  const bool has_records = tables_.has_records(relay_);
  record_lost_ = coordination::tell_of_rows(rows) && !has_records;
  lost_epoch_ = 0;
  if (!has_records && !rows.empty()) lost_epoch_ = std::ranges::max(rows, {}, &coordination::StoredPosition::epoch).epoch;
  if (!record_lost_ || !options_.table || wants_load()) return open_target(std::move(rows));
  const table::QualifiedName name{options_.schema, *options_.table};
  attempt<bool>(
      "looking for the table", [this, name](Done<bool> done) { sink_.exists(name, std::move(done)); },
      [this, name, rows = std::move(rows)](bool exists) mutable {
        if (exists) return open_target(std::move(rows));
        coordination::TableClaim claim;
        claim.table = name.str();
        claim.reset_command = options_.reset_command;
        claim.record_lost = true;
        fail_run(coordination::decide_first_claim(claim, "").error());
      });
}

void Relay::Engine::list_shards(std::vector<coordination::StoredPosition> rows) {
  attempt<std::vector<ListedShard>>(
      "listing the shards", [this](Done<std::vector<ListedShard>> done) { source_.list(std::move(done)); },
      [this, rows = std::move(rows)](std::vector<ListedShard> listed) mutable { claim(std::move(listed), rows); }, kSource);
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

void Relay::Engine::claim(std::vector<ListedShard> listed, const std::vector<coordination::StoredPosition>& rows) {
  Result<shards::StartRule> rule = start_rule(listed);
  if (!rule) return fail_run(std::move(rule).error());
  const coordination::ClaimRequest request = claim_request(listed, rows, *rule);
  attempt<coordination::Claim>(
      "claiming the positions",
      [this, request](Done<coordination::Claim> done) { store().claim(request, std::move(done)); },
      [this, rule = *rule, listed = std::move(listed)](const coordination::Claim& claimed) mutable {
        // The claim's rows are the truth: another relay may have moved them until a moment ago.
        fence_ = claimed.fence;
        claimed_ = true;
        gaps_.load_begun();
        note_segments(claimed.positions);
        life_->lineage.claimed(rule, claimed.positions);
        if (phase_ == Phase::starting) phase_ = Phase::running;
        perform(life_->lineage.walk().listed(with_segments(std::move(listed))));
        begin();
      });
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
