#include "simulation/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "coordination/table_witnesses.h"
#include "sink/candidates.h"
#include "table/history.h"

namespace ctk::simulation {
namespace {

using coordination::Acquired;
using coordination::AcquireRequest;
using coordination::Fence;
using coordination::NewShard;
using coordination::PositionMove;
using coordination::RelayName;
using coordination::StoredPosition;
using sink::ChangeOutcome;

constexpr table::TargetTraits kFencedTarget = {.product = "the simulated target",
                                               .data = table::DataColumn::json,
                                               .transactions = true,
                                               .stale_rows = table::StaleRows::counted};
constexpr table::TargetTraits kUnfencedTarget = {.product = "the simulated target", .data = table::DataColumn::json};

class SimTarget final : public SimDatabase, public coordination::PositionStore {
 public:
  SimTarget(TargetState& state, TargetKnobs& knobs, TargetEnvironment environment)
      : state_(state), knobs_(knobs), env_(std::move(environment)) {}

  const table::TargetTraits& traits() const override { return knobs_.transactional ? kFencedTarget : kUnfencedTarget; }
  sink::WriteBounds bounds() const override { return {.connections = knobs_.connections, .batch_rows = knobs_.batch_rows}; }

  void connect(Done<bool> done) override {
    answer<bool>(std::move(done), [] { return Result<bool>(true); });
  }

  void open(const table::TableSpec& spec, const coordination::TableRegistration& registration,
            Done<sink::OpenTable> done) override {
    answer<sink::OpenTable>(std::move(done), [this, spec, registration]() -> Result<sink::OpenTable> {
      const auto found = state_.records.find(registration.table);
      std::optional<coordination::TableRecord> existing;
      if (found != state_.records.end()) existing = found->second;
      const coordination::TableFound sight = existing ? look_at(*existing) : coordination::TableFound::as_recorded;
      Result<coordination::TableRecord> record = coordination::decide_registration(existing, registration, sight);
      if (!record) return std::unexpected(std::move(record).error());
      state_.records[registration.table] = *record;
      state_.tables.try_emplace(registration.table);
      renderers_[registration.table] = std::make_shared<const table::Renderer>(spec);
      if (spec.options.history) state_.histories.try_emplace(registration.table);
      return sink::OpenTable{*record, renderers_[registration.table], sight};
    });
  }

  void records(Done<std::vector<coordination::TableRecord>> done) override {
    answer<std::vector<coordination::TableRecord>>(std::move(done), [this] {
      std::vector<coordination::TableRecord> all;
      for (const auto& [name, record] : state_.records) all.push_back(record);
      return Result<std::vector<coordination::TableRecord>>(std::move(all));
    });
  }

  void exists(const table::QualifiedName& name, Done<bool> done) override {
    answer<bool>(std::move(done), [this, name] { return Result<bool>(state_.tables.contains(name.str())); });
  }

  void apply(std::shared_ptr<const sink::Batch> batch, Done<sink::BatchOutcome> done) override {
    if (closed_) throw std::logic_error("a batch is given to a target that was closed");
    if (env_.on_send) env_.on_send(*batch);
    const bool lost_request = knobs_.down || env_.random.fraction() < knobs_.lost_request;
    const bool lost_reply = env_.random.fraction() < knobs_.lost_reply;
    const bool torn = !knobs_.transactional && env_.random.fraction() < knobs_.torn_write;
    if (lost_request) {
      observe("lost request");
    } else if (torn) {
      observe("torn write");
    } else if (lost_reply) {
      observe("lost reply");
    }
    if (!lost_request && env_.random.fraction() < knobs_.straggler) return straggle(batch, std::move(done));
    env_.loop.after(knobs_.write_time + knobs_.row_time,
                    [this, batch, lost_request, lost_reply, torn, done = std::move(done)]() mutable {
                      if (lost_request)
                        return reply<sink::BatchOutcome>(done, fail(ErrorKind::unreachable, "the connection broke"));
                      if (knobs_.full)
                        return reply<sink::BatchOutcome>(done, fail(ErrorKind::throttled, "the disk is full"));
                      Result<sink::BatchOutcome> outcome = write(*batch, torn);
                      if (lost_reply || torn) outcome = fail(ErrorKind::unreachable, "no answer");
                      reply(done, std::move(outcome));
                    });
  }

  coordination::PositionStore& positions() override { return *this; }

  void finish_load(const sink::LoadEnd& load, Done<sink::LoadEnding> done) override {
    answer<sink::LoadEnding>(std::move(done), [this, load]() -> Result<sink::LoadEnding> {
      coordination::TableRecord& record = state_.records[load.table];
      if (record.epoch != load.epoch) return fail(ErrorKind::stale_epoch, "the epoch of " + load.table + " was raised");
      sink::LoadEnding ending{record, 0};
      if (record.load != coordination::LoadState::running) return ending;
      if (Status whole = check_table(record); !whole) return forward_error(std::move(whole));
      record.load = knobs_.transactional ? coordination::LoadState::complete : coordination::LoadState::loaded;
      record.loaded = env_.clock.now();
      if (knobs_.transactional) ending.swept = sweep_older(load.table, load.epoch);
      note_witnesses(record);
      ending.record = record;
      return ending;
    });
  }

  void sweep(const sink::SweepRequest& request, Done<sink::SweepOutcome> done) override {
    answer<sink::SweepOutcome>(std::move(done), [this, request]() -> Result<sink::SweepOutcome> {
      sink::SweepOutcome outcome;
      coordination::TableRecord& record = state_.records[request.table];
      if (Status whole = check_table(record); !whole) return forward_error(std::move(whole));
      if (const auto epoch = coordination::older_epochs_due(record, env_.clock.now(), request.floor)) {
        outcome.older_swept = sweep_older(request.table, *epoch);
        record.load = coordination::LoadState::complete;
      }
      outcome.load = record.load;
      outcome.swept = sweep_marks(record, request);
      note_witnesses(record);
      for (const auto& [key, row] : state_.tables[request.table]) {
        if (row.deleted)
          ++outcome.tombstones_left;
        else
          ++outcome.living;
      }
      return Result<sink::SweepOutcome>(outcome);
    });
  }

  void close(Done<bool> done) override {
    closed_ = true;
    if (knobs_.never_closes) return;
    env_.loop.post([done = std::move(done)]() mutable { done(true); });
  }

  // rows

  void read_rows(Spec spec, std::vector<std::vector<table::KeyCell>> keys, Done<sink::RowReader::Rows> done) override {
    answer<sink::RowReader::Rows>(std::move(done), [this, spec = std::move(spec), keys = std::move(keys)] {
      const auto& table = state_.tables[spec->name.str()];
      sink::RowReader::Rows found;
      for (const std::vector<table::KeyCell>& key : keys) {
        const auto row = table.find(key_of(*spec, key));
        found.push_back(row == table.end() ? std::nullopt : std::optional(held(row->second)));
      }
      return Result<sink::RowReader::Rows>(std::move(found));
    });
  }

  void read_keys(Spec spec, std::vector<std::string> from, size_t limit, Done<sink::KeyPage> done) override {
    answer<sink::KeyPage>(std::move(done), [this, spec = std::move(spec), from = std::move(from), limit] {
      const auto& table = state_.tables[spec->name.str()];
      sink::KeyPage page;
      for (auto row = from.empty() ? table.begin() : table.upper_bound(from.front()); row != table.end(); ++row) {
        if (row->second.deleted) continue;
        page.keys.push_back({text_of(row->first)});
        if (page.keys.size() < limit) continue;
        page.next = {row->first};
        break;
      }
      return Result<sink::KeyPage>(std::move(page));
    });
  }

  /// As of one moment, and told of some time later.
  void walk_rows(Spec spec, sink::RowVisit visit, Done<bool> done) override {
    answer<bool>(std::move(done), [this, spec = std::move(spec), visit = std::move(visit)] {
      for (const auto& [key, row] : state_.tables[spec->name.str()]) {
        if (row.deleted) continue;
        const sink::HeldRow shown = held(row);
        if (!visit({text_of(key)}, shown.data, shown.aux)) return Result<bool>(false);
      }
      return Result<bool>(true);
    });
  }

  void learned_types(Spec /*spec*/, Done<table::LearnedTypes> done) override {
    answer<table::LearnedTypes>(std::move(done), [] { return Result<table::LearnedTypes>(table::LearnedTypes{}); });
  }

  void repair_rows(Spec spec, coordination::Epoch epoch, std::vector<sink::RowRepair> repairs, Done<bool> done) override {
    answer<bool>(std::move(done), [this, spec = std::move(spec), epoch, repairs = std::move(repairs)] {
      const table::Renderer renderer(*spec);
      for (const sink::RowRepair& repair : repairs) repair_row(renderer, epoch, repair);
      return Result<bool>(true);
    });
  }

  // positions

  void read(const RelayName& relay, Done<std::vector<StoredPosition>> done) override {
    answer<std::vector<StoredPosition>>(std::move(done),
                                        [this, relay] { return Result<std::vector<StoredPosition>>(rows_of(relay)); });
  }

  void acquire(const AcquireRequest& request, Done<Acquired> done) override {
    answer<Acquired>(std::move(done), [this, request] {
      auto& rows = state_.positions[request.relay];
      if (request.forget) rows.clear();
      const Fence fence = ++state_.last_fence;
      for (auto& [shard, row] : rows) {
        if (!request.takes(shard)) continue;
        row.fence = fence;
        row.worker = request.worker;
        if (!request.only) row.epoch = request.epoch;
      }
      for (const coordination::Rewind& rewind : request.rewound) {
        const auto row = rows.find(rewind.shard);
        if (row == rows.end()) continue;  // a finished one, that was removed meanwhile
        row->second.position = rewind.position;
        row->second.read_to = rewind.read_to;
      }
      for (const aws::ShardId& shard : request.dropped) rows.erase(shard);
      for (const NewShard& shard : request.shards) {
        rows.try_emplace(shard.shard, StoredPosition{shard.shard, shard.position, request.incarnation, request.epoch,
                                                     kNoTime, fence, request.worker, env_.clock.now()});
      }
      return Result<Acquired>(Acquired{fence, rows_of(request.relay)});
    });
  }

  void add(const RelayName& relay, Fence fence, std::vector<NewShard> shards, Done<bool> done) override {
    answer<bool>(std::move(done), [this, relay, fence, shards] {
      for (const NewShard& shard : shards) add_row(relay, fence, shard);
      return Result<bool>(true);
    });
  }

  void move(const RelayName& relay, std::vector<PositionMove> moves, Done<bool> done) override {
    answer<bool>(std::move(done), [this, relay, moves]() -> Result<bool> {
      if (Status moved = move_all(relay, moves); !moved) return std::unexpected(moved.error());
      return true;
    });
  }

  void remove_finished(const RelayName& relay, Fence fence, std::vector<aws::ShardId> shards, Done<size_t> done) override {
    answer<size_t>(std::move(done), [this, relay, fence, shards]() -> Result<size_t> {
      auto& rows = state_.positions[relay];
      for (const auto& [shard, row] : rows) {
        if (row.fence > fence) return std::unexpected(coordination::fenced_error(relay, row.worker, row.updated));
      }
      const size_t removed = std::erase_if(rows, [&](const auto& row) {
        return row.second.position.ended() && std::ranges::find(shards, row.first) != shards.end();
      });
      state_.pruned += removed;
      return removed;
    });
  }
  void relays(Done<std::vector<RelayName>> done) override {
    answer<std::vector<RelayName>>(std::move(done), [this] {
      std::vector<RelayName> names;
      for (const auto& [name, rows] : state_.positions) names.push_back(name);
      return Result<std::vector<RelayName>>(std::move(names));
    });
  }
  void remove(const RelayName&, bool, Done<size_t> done) override { unsupported(std::move(done)); }

 private:
  using Rows = std::map<std::string, TargetRow>;

  static bool holds(const Rows& rows, const std::pair<const std::string, std::string>& witness) {
    const auto row = rows.find(witness.first);
    return row != rows.end() && row->second.version >= witness.second;
  }

  coordination::TableFound look_at(const coordination::TableRecord& record) const {
    const auto table = state_.tables.find(record.table);
    if (table == state_.tables.end()) return coordination::TableFound::gone;
    coordination::WitnessRows found{record.witnesses, {}};
    for (const auto& [key, version] : record.witnesses) {
      const auto row = table->second.find(key);
      if (row != table->second.end()) found.rows.push_back({key, row->second.version, row->second.deleted});
    }
    return coordination::judge_witnesses(found);
  }

  Status check_table(const coordination::TableRecord& record) const {
    const coordination::TableFound sight = look_at(record);
    if (sight == coordination::TableFound::gone)
      return fail(ErrorKind::not_found, "table " + record.table + " is not there");
    if (sight == coordination::TableFound::emptied)
      return std::unexpected(coordination::lost_table_error(record.table, sight));
    return {};
  }

  /// Those that are swept go, and some living rows come.
  void note_witnesses(coordination::TableRecord& record) {
    const Rows& rows = state_.tables[record.table];
    std::erase_if(record.witnesses, [&](const auto& witness) { return !holds(rows, witness); });
    for (const auto& [key, row] : rows) {
      if (record.witnesses.size() >= coordination::kMostWitnesses) break;
      if (!row.deleted) record.witnesses.try_emplace(key, row.version);
    }
  }

  /// Keys are one text.
  static std::string key_of(const table::TableSpec& spec, const std::vector<table::KeyCell>& cells) {
    return fmt::format(R"({{"{}":{{"S":"{}"}}}})", spec.keys.front().attribute, cells.front().text);
  }
  static std::string text_of(const std::string& key) {
    const size_t begin = key.find(R"("S":")") + 5;
    return key.substr(begin, key.rfind('"') - begin);
  }
  static sink::HeldRow held(const TargetRow& row) {
    const auto text = [](const std::string& cell) { return cell.empty() ? std::nullopt : std::optional(cell); };
    return {text(row.data), text(row.aux), row.version, row.deleted};
  }
  static void fill(TargetRow& row, const table::Rendered& rendered) {
    const auto* content = std::get_if<table::Row>(&rendered);
    row.data = content == nullptr ? "" : content->data.value_or("");
    row.aux = content == nullptr ? "" : content->aux.value_or("");
  }

  void repair_row(const table::Renderer& renderer, coordination::Epoch epoch, const sink::RowRepair& repair) {
    const std::string table = renderer.spec().name.str();
    auto& rows = state_.tables[table];
    const std::string key = key_of(renderer.spec(), repair.key);
    auto row = rows.find(key);
    if (!repair.version) {
      if (!repair.item) return;
      const std::string version = rules().version(*repair.item, epoch);
      if (row != rows.end() && !rules().may_write(row->second, version)) return;
      row = rows.insert_or_assign(key, TargetRow{version, false, "", "", repair.item->time}).first;
    } else if (row == rows.end() || !rules().may_repair(row->second, *repair.version)) {
      return;
    }
    row->second.deleted = !repair.item;
    fill(row->second, repair.item ? renderer.render(*repair.item, epoch) : table::Rendered{});
    if (env_.on_row) env_.on_row(table, key, &row->second);
  }

  void observe(std::string_view what) const {
    if (env_.on_fault) env_.on_fault("target", what);
  }

  uint64_t sweep_older(const std::string& table, coordination::Epoch epoch) {
    const std::string bound = table::version_text(epoch, "");
    return std::erase_if(state_.tables[table], [&](const auto& entry) {
      if (entry.second.version >= bound || has_open_letter(entry.first)) return false;
      note_swept(table, entry.first, entry.second);
      return true;
    });
  }

  /// All that a watermark asks for: of a long life most rows are of shards that have ended.
  void add_unfinished(const RelayName& relay, std::vector<StoredPosition>& rows) const {
    const auto found = state_.positions.find(relay);
    if (found == state_.positions.end()) return;
    for (const auto& [shard, row] : found->second) {
      if (!row.position.ended()) rows.push_back(row);
    }
  }

  uint64_t sweep_marks(coordination::TableRecord& record, const sink::SweepRequest& request) {
    std::vector<StoredPosition> rows;
    if (!request.watermark) add_unfinished(request.relay, rows);
    if (request.watermark) rows.emplace_back().read_to = *request.watermark;
    for (const RelayName& relay : record.relays) {
      if (relay != request.relay) add_unfinished(relay, rows);
    }
    const Timestamp watermark = coordination::watermark(rows);
    const coordination::SweepPlan plan = rules().plan_sweep(record, watermark, env_.clock.now(), request);
    if (plan.remember) record.sweep = plan.remember;
    if (!plan.before) return 0;
    return std::erase_if(state_.tables[request.table], [&](const auto& entry) {
      const auto& [key, row] = entry;
      if (!row.deleted || row.time >= *plan.before || has_open_letter(key)) return false;
      note_swept(request.table, key, row);
      return true;
    });
  }

  void note_swept(const std::string& table, const std::string& key, const TargetRow& row) {
    std::string& swept = state_.swept[table][key];
    swept = std::max(swept, row.version);
    if (env_.on_row) env_.on_row(table, key, nullptr);
  }

  bool has_open_letter(const std::string& key) const {
    return std::ranges::any_of(state_.dead_letters, [&](const auto& letter) { return letter.second.key == key; });
  }

  const TargetRules& rules() const {
    static const TargetRules kRight;
    return env_.rules != nullptr ? *env_.rules : kRight;
  }

  template <class T>
  void reply(Done<T>& done, Result<T> result) {
    if (knobs_.hangs) {
      env_.loop.after(std::chrono::seconds(1), [this, done = std::move(done), result = std::move(result)]() mutable {
        reply(done, std::move(result));
      });
      return;
    }
    if (env_.caller == nullptr) return done(std::move(result));
    env_.caller->post([done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
  }

  /// The client hears that its connection broke; the write is done all the same, much later.
  void straggle(const std::shared_ptr<const sink::Batch>& batch, Done<sink::BatchOutcome> done) {
    observe("a write is done long after it was given up");
    const auto most = static_cast<uint64_t>(knobs_.straggle_by.count());
    env_.loop.after(Duration(static_cast<int64_t>(env_.random.below(most + 1))),
                    [this, batch] { static_cast<void>(write(*batch, false)); });
    env_.loop.after(knobs_.write_time, [this, done = std::move(done)]() mutable {
      reply<sink::BatchOutcome>(done, fail(ErrorKind::unreachable, "no answer in time"));
    });
  }

  /// One round trip that may fail because the target is down.
  template <class T>
  void answer(Done<T> done, std::move_only_function<Result<T>()> work) {
    env_.loop.after(knobs_.write_time, [this, done = std::move(done), work = std::move(work)]() mutable {
      if (knobs_.down || env_.random.fraction() < knobs_.lost_request) {
        observe("nobody answers");
        return reply<T>(done, fail(ErrorKind::unreachable, "nobody answers"));
      }
      reply(done, work());
    });
  }

  template <class T>
  void unsupported(Done<T> done) {
    env_.loop.post(
        [done = std::move(done)]() mutable { done(fail(ErrorKind::internal, "the simulated target has no such call")); });
  }

  std::vector<StoredPosition> rows_of(const RelayName& relay) const {
    std::vector<StoredPosition> rows;
    const auto found = state_.positions.find(relay);
    if (found == state_.positions.end()) return rows;
    for (const auto& [shard, row] : found->second) rows.push_back(row);
    return rows;
  }

  void add_row(const RelayName& relay, Fence fence, const NewShard& shard) {
    auto& rows = state_.positions[relay];
    // Whose acquisition it is, the rows say that are there.
    StoredPosition row = rows.empty() ? StoredPosition{} : rows.begin()->second;
    row.shard = shard.shard;
    row.position = shard.position;
    row.read_to = kNoTime;
    row.fence = fence;
    row.updated = env_.clock.now();
    rows.try_emplace(shard.shard, std::move(row));
  }

  /// Compare-and-set of all, or of none.
  Status move_all(const RelayName& relay, const std::vector<PositionMove>& moves) {
    auto& rows = state_.positions[relay];
    for (const PositionMove& move : moves) {
      const auto row = rows.find(move.shard);
      if (row == rows.end()) return fail(ErrorKind::fenced, "the row of shard " + move.shard.str() + " was removed");
      if (row->second.fence != move.fence)
        return std::unexpected(coordination::fenced_error(relay, row->second.worker, row->second.updated));
      // The reply to this very move may have been lost.
      if (row->second.position != move.from && row->second.position != move.to) {
        return fail(ErrorKind::internal, "shard " + move.shard.str() + " stands at " +
                                             shards::to_string(row->second.position) + ", not at " +
                                             shards::to_string(move.from));
      }
    }
    for (const PositionMove& move : moves) {
      for (const NewShard& child : move.children) add_row(relay, move.fence, child);
      StoredPosition& row = rows[move.shard];
      row.position = move.to;
      row.read_to = std::max(row.read_to, move.read_to);
      row.updated = env_.clock.now();
    }
    return {};
  }

  /// Whether this very write was done already, and only its reply was lost: its transaction has moved the positions.
  bool is_done(const sink::Batch& batch) {
    const auto& rows = state_.positions[batch.relay];
    return !batch.moves.empty() && std::ranges::all_of(batch.moves, [&](const PositionMove& move) {
      const auto row = rows.find(move.shard);
      return row != rows.end() && row->second.position == move.to && move.from != move.to;
    });
  }

  Result<sink::BatchOutcome> write(const sink::Batch& batch, bool torn) {
    ++state_.writes;
    if (env_.on_write) env_.on_write(batch);
    for (const sink::TableWrites& writes : batch.tables) {
      if (state_.records[writes.table].epoch != writes.epoch)
        return fail(ErrorKind::stale_epoch, "the epoch of " + writes.table + " was raised");
      if (!state_.tables.contains(writes.table))
        return fail(ErrorKind::not_found, "table " + writes.table + " is not there");
    }
    const bool done_before = knobs_.transactional && is_done(batch);
    if (knobs_.transactional) {
      if (Status moved = move_all(batch.relay, batch.moves); !moved) return std::unexpected(moved.error());
    }
    sink::BatchOutcome outcome;
    if (done_before) {
      for (const sink::TableWrites& writes : batch.tables) outcome.tables.emplace_back(writes.changes.size());
      return outcome;
    }
    for (const sink::TableWrites& writes : batch.tables) {
      auto& outcomes = outcome.tables.emplace_back();
      for (const sink::FoldedChange& folded : writes.changes) {
        if (torn && env_.random.fraction() < 0.5) return outcome;
        outcomes.push_back(write_folded(batch, writes, folded, outcome));
      }
    }
    for (const sink::DeadLetter& letter : batch.dead_letters) keep(letter);
    for (const sink::TableWrites& writes : batch.tables) {
      coordination::TableRecord& record = state_.records[writes.table];
      if (record.witnesses.empty()) note_witnesses(record);
    }
    return outcome;
  }

  void keep(const sink::DeadLetter& letter) {
    const auto [stored, fresh] = state_.dead_letters.emplace(letter.id, letter);
    if (!fresh && !sink::is_same_dead_letter(stored->second, letter)) ++state_.regressions;
  }

  ChangeOutcome write_folded(const sink::Batch& batch, const sink::TableWrites& writes, const sink::FoldedChange& folded,
                             sink::BatchOutcome& outcome) {
    const table::Renderer& renderer = *renderers_.at(writes.table);
    sink::Candidates candidates(folded, writes.epoch);
    while (!candidates.exhausted() && is_poisoned(candidates.current())) {
      candidates.park("the target refuses this row", false);
    }
    const size_t first = outcome.dead_letters.size();
    candidates.append_dead_letters(outcome.dead_letters, batch, renderer.spec().source_table, env_.clock.now());
    for (size_t i = first; i < outcome.dead_letters.size(); ++i) keep(outcome.dead_letters[i]);
    if (candidates.exhausted()) return candidates.outcome();
    const dynamodb::Change& change = candidates.current();
    const table::Rendered rendered = candidates.refused() ? renderer.render(change, writes.epoch) : folded.rendered;
    const bool stale = !write_row(writes, change, rendered);
    ChangeOutcome written = candidates.outcome(stale);
    if (renderer.spec().options.history)
      written.parked_below = keep_history(batch, writes, folded, candidates, stale, outcome);
    return written;
  }

  /// The history of the change that was written, and of those that it hides. How many of these are refused.
  int keep_history(const sink::Batch& batch, const sink::TableWrites& writes, const sink::FoldedChange& folded,
                   const sink::Candidates& candidates, bool stale, sink::BatchOutcome& outcome) {
    const table::Renderer& renderer = *renderers_.at(writes.table);
    std::vector<KeptEvent> events;
    int refused = 0;
    for (size_t level = candidates.level(); level < candidates.count(); ++level) {
      const dynamodb::Change& change = *folded.changes[level];
      if (is_poisoned(change)) {
        ++refused;
        outcome.dead_letters.push_back(
            candidates.letter(level, batch, renderer.spec().source_table, env_.clock.now(), "the target refuses this row"));
        keep(outcome.dead_letters.back());
      } else if (rules().keeps(level > candidates.level(), stale)) {
        events.push_back(event_of(change, renderer, writes.epoch));
      }
    }
    KeptEvents& kept = state_.histories[writes.table][std::string(candidates.current().key)];
    if (!events.empty()) keep_events(kept, writes.epoch, events);
    return refused;
  }

  KeptEvent event_of(const dynamodb::Change& change, const table::Renderer& renderer, coordination::Epoch epoch) const {
    KeptEvent event{{rules().version(change, epoch), change.time},
                    std::string(table::history_operation(change)),
                    change.by_time_to_live,
                    ""};
    const table::Rendered rendered = renderer.render(change, epoch);
    const auto* row = std::get_if<table::Row>(&rendered);
    if (row != nullptr && change.operation != dynamodb::Operation::remove) event.data = row->data.value_or("");
    return event;
  }

  bool is_poisoned(const dynamodb::Change& change) const {
    if (knobs_.poison.empty() || !change.has_new_image()) return false;
    for (const dynamodb::Value value : change.new_image()) {
      if (value.type() == dynamodb::Type::S && value.text().contains(knobs_.poison)) return true;
    }
    return false;
  }

  bool write_row(const sink::TableWrites& writes, const dynamodb::Change& change, const table::Rendered& rendered) {
    TargetRow row{rules().version(change, writes.epoch), change.operation == dynamodb::Operation::remove, "", "",
                  change.time};
    fill(row, rendered);
    auto& table = state_.tables[writes.table];
    const auto [place, fresh] = table.try_emplace(std::string(change.key), row);
    if (!fresh && !rules().may_write(place->second, row.version)) return false;
    if (!fresh && place->second.version > row.version) ++state_.regressions;
    if (!fresh) place->second = std::move(row);
    if (env_.on_row) env_.on_row(writes.table, place->first, &place->second);
    return true;
  }

  std::map<std::string, std::shared_ptr<const table::Renderer>> renderers_;
  TargetState& state_;
  TargetKnobs& knobs_;
  TargetEnvironment env_;
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<SimDatabase> connect_target(TargetState& state, TargetKnobs& knobs, TargetEnvironment environment) {
  return std::make_unique<SimTarget>(state, knobs, std::move(environment));
}

}  // namespace ctk::simulation
