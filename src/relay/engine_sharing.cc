// Shards that many workers share: those that are given to this one, those that it loses, and what others have done with
// theirs. Of a relay that is alone nothing of this happens.
//
// A shard that another worker asks for is read no further, and goes once all of it that was read is stored. One that is
// lost costs little where nothing of it is under way. Else a batch may carry it beside others, and is not to be written:
// all that is held is dropped, and read again without it.
#include <algorithm>
#include <utility>

#include "load/shared_load.h"
#include "relay/acquisition.h"
#include "relay/engine.h"

namespace ctk::relay {
namespace {

constexpr const char* kTaking = "taking shards";

/// Whoever asks waits for half a minute (the Kinesis Client Library's way, and ours).
constexpr Duration kLongestDrain = std::chrono::seconds(15);

/// Of a load's segments, dozens of which come and go, the leases tell in one line.
void report_move(Log& log, const ShardId& shard, std::string_view what, std::initializer_list<LogField> fields) {
  shards::is_segment(shard) ? log.debug(what, fields) : log.info(what, fields);
}

}  // namespace

void Relay::Engine::begin_sharing() {
  if (!run_.is_shared()) return;
  coordination::Assignment::Listener listener;
  listener.gained = state_.in_life([this](const std::vector<ShardId>& shards) {
    if (state_.is_running()) take_shards(life().held.assigned(shards));
  });
  listener.lost = state_.in_life([this](const std::vector<ShardId>& shards) { give_away(shards); });
  run_.positions.assignment.begin(run_.name, std::move(listener));
  share_known_shards();
}

/// Whenever others are found. Those that are finished begin nowhere: they only link their parents to their children.
void Relay::Engine::share_known_shards() {
  if (!run_.is_shared()) return;
  std::vector<coordination::SharedShard> shards;
  const bool loads = life().load && life().load->running();
  for (const shards::KnownShard& one : life().lineage.walk().known()) {
    if (!loads && shards::is_segment(one.id)) continue;
    // A row of it while a parent is unknown would say that the parent was read to its end.
    if (!one.finished && !life().lineage.walk().knows_parents_of(one.id)) continue;
    const Position begins = one.finished ? Position::shard_end() : life().lineage.walk().beginning_of(one.id);
    shards.push_back({one.id, one.parents, begins});
  }
  run_.positions.assignment.want(std::move(shards));
}

/// From then on whoever had them cannot write, and where they stand is the truth.
void Relay::Engine::take_shards(const std::vector<ShardId>& shards) {
  if (shards.empty()) return;
  run_.positions.store.acquire(
      acquire_request_of(run_, tables_, life(), shards),
      state_.in_life([this, shards](Result<coordination::Acquired> acquired) { on_taken(shards, std::move(acquired)); }));
}

void Relay::Engine::on_taken(const std::vector<ShardId>& shards, Result<coordination::Acquired> acquired) {
  if (!acquired) {
    if (acquired.error().kind == ErrorKind::mismatch) return fail_run(std::move(acquired).error());
    if (!report_outage(kTarget, acquired.error(), kTaking)) return;
    run_.env.loop.after(
        attempts_.pause(now(), run_.env.random), state_.in_life([this, shards = std::vector<ShardId>(shards)]() mutable {
          std::erase_if(
              shards, [this](const ShardId& id) { return life().held.standing_of(id) != HeldShards::Standing::assigned; });
          if (state_.is_running()) take_shards(shards);
        }));
    return;
  }
  report_working(kTarget, kTaking);
  for (const coordination::StoredPosition& row : acquired->positions) {
    const bool wanted =
        std::ranges::find(shards, row.shard) != shards.end() && life().held.took(row.shard, acquired->fence);
    if (wanted) go_on_with_taken(row);
    if (state_.is_over()) return;
  }
  follow_others(acquired->positions);
  writing_.pump();
  consider_end();
}

void Relay::Engine::go_on_with_taken(const coordination::StoredPosition& row) {
  report_move(run_.env.log, row.shard, "shard is ours",
              {{"shard", row.shard.str()}, {"position", shards::to_string(row.position)}});
  if (life().load) {
    if (std::optional<Error> why = load::refuse_shared_load({row}, life().load->record())) return fail_run(std::move(*why));
  }
  if (shards::is_segment(row.shard) && !take_note_of_segment(row)) return;
  shards::ShardWalk& walk = life().lineage.walk();
  life().lineage.saw_row(row);
  if (row.position.ended()) {
    if (!walk.is_finished(row.shard)) reading_.perform(walk.finished(row.shard));
    return;
  }
  walk.found_row(row.shard, row.position);
  std::optional<Error> gap = reading_.find_gap(row);
  if (gap && !reading_.note_gap(row.shard, {row.position, row.read_to}, std::move(*gap))) return;
  if (walk.is_lost(row.shard)) reading_.confirm_loss({row.shard, row.position});
  if (!walk.may_read(row.shard)) return;
  reading_.begin(row.shard, row.position);
  shard(row.shard).may_send = walk.may_send(row.shard);
}

/// Those that may still be written are only asked for. A run that closes gives all of them away soon, with what it has
/// read.
void Relay::Engine::give_away(const std::vector<ShardId>& shards) {
  std::vector<ShardId> lost;
  for (const ShardId& id : shards) {
    const bool may_drain = life().held.has(id) && run_.positions.assignment.may_write(id);
    if (may_drain && state_.is_closing()) continue;
    if (may_drain && state_.is_running())
      life().held.asked_for(id, now());
    else
      lost.push_back(id);
  }
  if (!lost.empty()) lose_shards(lost);
  if (!state_.ended()) give_what_is_drained();
}

void Relay::Engine::give_what_is_drained() {
  if (life().held.all_asked_for().empty() || !state_.is_running() || state_.is_dropping()) return;
  std::vector<ShardId> drained;
  for (const auto& [id, since] : life().held.all_asked_for()) {
    if (is_drained(id) || now() >= since + kLongestDrain) drained.push_back(id);
  }
  if (!drained.empty()) lose_shards(drained);
}

bool Relay::Engine::is_drained(const ShardId& id) const {
  const auto found = life().shards.find(id);
  if (found == life().shards.end()) return true;
  const Shard& one = *found->second;
  return one.caught_up() && !one.reading.under_way() && !is_carried(id) &&
         one.progress.stored_position() == one.progress.acknowledged();
}

void Relay::Engine::lose_shards(const std::vector<ShardId>& shards) {
  bool carried = false;
  for (const ShardId& id : shards) {
    life().lost.insert(id);
    // A segment that another worker has ended is nobody's any more, and a write may still hold what was read of it here.
    carried = carried || writing_.holds(id);
    if (life().held.lost(id) != HeldShards::Standing::held) continue;
    report_move(run_.env.log, id, "shard is another worker's", {{"shard", id.str()}});
    carried = carried || is_carried(id);
  }
  // What is being written is acknowledged yet; then everything that is held is dropped.
  if (state_.is_dropping() && !writing_.empty()) return;
  if (carried && !state_.is_dropping()) return drop_and_read_again("a shard that it carries is another worker's");
  let_go_of_lost();
  writing_.pump();
  consider_end();
}

/// Whether something that is under way would still ask for it.
bool Relay::Engine::is_carried(const ShardId& id) const {
  const auto found = life().shards.find(id);
  if (found == life().shards.end() || found->second->reading.finished()) return false;
  const Shard& one = *found->second;
  const bool ends =
      one.reading.phase() == ShardReading::Phase::end_read || one.reading.phase() == ShardReading::Phase::end_known;
  return ends || one.progress.writes() > 0 || keeper_.is_storing();
}

bool Relay::Engine::is_all_shared_out() const {
  return std::ranges::all_of(life().lineage.walk().known(), [this](const shards::KnownShard& one) {
    return one.finished || life().held.has(one.id) || run_.positions.assignment.is_anothers(one.id);
  });
}

void Relay::Engine::let_go_of_lost() {
  if (!run_.is_shared()) return;
  const auto lost = [this](const ShardId& id) {
    const auto found = life().shards.find(id);
    return found != life().shards.end() && !found->second->reading.finished() && !life().held.has(id);
  };
  std::erase_if(life().with_backlog, [&](const Shard* one) { return lost(one->id); });
  std::erase_if(life().waiting_for_budget, lost);
  std::erase_if(life().shards, [&](const auto& entry) {
    if (!lost(entry.first)) return false;
    budget_.release(entry.second->queue.bytes());
    entry.second->queue.clear();
    entry.second->reading.drop();
    run_.source.forget(entry.first);
    return true;
  });
  if (life().lost.empty()) return;
  run_.positions.assignment.let_go({life().lost.begin(), life().lost.end()});
  life().lost.clear();
}

/// A shard that has no row yet is nowhere read.
Timestamp Relay::Engine::read_to_of_all(const std::vector<coordination::StoredPosition>& rows) const {
  std::set<ShardId> known;
  for (const coordination::StoredPosition& row : rows) known.insert(row.shard);
  const bool complete = std::ranges::all_of(
      life().lineage.walk().known(), [&](const shards::KnownShard& one) { return one.finished || known.contains(one.id); });
  return complete ? coordination::watermark(rows) : kNoTime;
}

/// Where workers disagree about how many there are, all of them are read.
bool Relay::Engine::take_note_of_segment(const coordination::StoredPosition& row) {
  const std::optional<shards::Segment> segment = shards::parse_segment(row.shard);
  if (segment && segment->epoch > life().epoch) begin_next_life("another load of the table has begun");
  if (!segment || segment->epoch != life().epoch || !life().load || !life().load->running()) return false;
  const std::vector<ListedShard>& known = life().load->segments();
  if (std::ranges::find(known, row.shard, &ListedShard::id) != known.end()) return true;
  life().load->add_segment(row.shard, row.position);
  reading_.relist();
  return true;
}

/// The ends that others have stored let their children be read; shards that others have found are looked for.
void Relay::Engine::follow_others(const std::vector<coordination::StoredPosition>& rows) {
  if (!run_.is_shared() || state_.is_dropping()) return;
  life().shared_read_to = read_to_of_all(rows);
  if (life().load) life().shared_rows = rows;
  shards::ShardWalk& walk = life().lineage.walk();
  bool found = false;
  for (const coordination::StoredPosition& row : rows) {
    if (life().held.has(row.shard)) continue;
    if (shards::is_segment(row.shard) && !take_note_of_segment(row)) continue;
    life().lineage.saw_row(row);
    found = found || !walk.knows(row.shard);
    if (row.position.ended() && !walk.is_finished(row.shard)) reading_.perform(walk.finished(row.shard));
    if (state_.ended()) return;
  }
  if (found) reading_.relist();
  consider_load_end();
}

void Relay::Engine::fenced(const Error& error) {
  if (!run_.is_shared()) return fail_run(error);
  drop_and_read_again(error.message);
}

}  // namespace ctk::relay
