// A round of a worker: what is to be done about the lease table as it is. Rows that are missing are made, free leases
// taken, others asked for, and those of finished shards removed.
#include <algorithm>
#include <utility>

#include "coordination/lease_keeper.h"
#include "shards/segment.h"

namespace ctk::coordination {
namespace {

using std::chrono::seconds;

constexpr Duration kEvenOutEvery = seconds(60);   // between moves of a worker that has its share
constexpr size_t kRowsAtOnce = 25;                // made by a worker at first: others make some, too
constexpr size_t kTakenAtOnce = 8;                // taken by a worker that has none: how many others come is not known yet
constexpr size_t kAskedAtOnce = 16;               // requests of a worker that has none
constexpr Duration kKeepFinished = seconds(300);  // a request to make its row that is still on its way arrives before
constexpr int kVeryOld = 3;                       // times the time to fail over
constexpr int64_t kFarApart = 1000;  // counters of two rows, at least: more writes than are on their way for one of them
constexpr uint64_t kManyCounters = 1'000'000'000;  // of rows of one shard, no two draw the same one

WantedLease as_last_seen(WantedLease wanted, const Lease& row) {
  const std::optional<Position> position = position_of(row);
  if (!position) return wanted;
  wanted.position = *position;
  wanted.read_to = row.own.read_to;
  wanted.epoch = row.own.epoch;
  wanted.incarnation = row.own.incarnation;
  return wanted;
}

}  // namespace

void LeaseKeeper::round(LeaseActions& actions, Duration now) {
  rounds_.unsettled = false;
  if (is_stopping()) return;
  rounds_.lacks_rows = make_rows(actions, now);
  tell_of_readable(actions, now);
  take_free(actions, now);
  if (!rounds_.unsettled && part_ == Part::sharing) ask_others(actions, now);
  remove_finished(actions, now);
  note_next_expiry(now);
}

bool LeaseKeeper::make_rows(LeaseActions& actions, Duration now) {
  look_for_missing(now);
  std::vector<WantedLease> missing;
  std::ranges::copy_if(wanted_, std::back_inserter(missing),
                       [&](const WantedLease& lease) { return missing_since_.contains(lease.shard); });
  std::vector<WantedLease> first = leases_to_make(missing);
  std::erase_if(first, [&](const WantedLease& lease) { return now < to_be_made_at(lease, now); });
  // Who takes what is there while others make rows takes too much.
  const auto is_new = [this](const WantedLease& lease) { return !last_seen_.contains(lease.shard); };
  if (first.empty()) return std::ranges::any_of(missing, is_new);
  shuffle(first, random_);
  first.resize(std::min(first.size(), std::max(kRowsAtOnce, 2 * counts_.created)));
  for (WantedLease& wanted : first) create(row_for(std::move(wanted), now), now);
  advance_creating(actions, now);
  return true;
}

void LeaseKeeper::look_for_missing(Duration now) {
  std::set<aws::ShardId> missing;
  for (const WantedLease& lease : missing_leases(wanted_, view_.rows())) {
    // The listing may be older than a row that was removed since, with those of its descendants.
    if (!was_finished(lease.shard)) missing.insert(lease.shard);
  }
  // What was seen unfinished was deleted, whatever rows at their beginning there are below it.
  if (!last_seen_.empty()) {
    for (const WantedLease& lease : unread_leases(wanted_, view_.rows())) {
      if (last_seen_.contains(lease.shard) && !was_finished(lease.shard)) missing.insert(lease.shard);
    }
  }
  std::erase_if(missing_since_, [&](const auto& each) { return !missing.contains(each.first); });
  for (const aws::ShardId& shard : missing) missing_since_.try_emplace(shard, now);
}

/// Somebody may hold a lease although its row was deleted, and writes until he finds that he cannot renew it. He cannot
/// where a parent is not finished, nor where there was no table just now. Of a segment that nobody has seen two would write
/// the same. Where the shard was being read, a parent's open row was made anew as well, and says nothing.
bool LeaseKeeper::cannot_be_held(const WantedLease& lease, Duration now) const {
  const auto is_open = [this](const aws::ShardId& parent) {
    const LeaseView::Sight* sight = view_.find(parent);
    return sight != nullptr && !sight->lease.finished();
  };
  const auto seen = last_seen_.find(lease.shard);
  const bool was_read = seen != last_seen_.end() && (!seen->second.owner.empty() || !is_at_beginning(seen->second));
  if (!was_read && std::ranges::any_of(lease.parents, is_open)) return true;
  return seen == last_seen_.end() && (now < alone_until_ || shards::is_segment(lease.shard));
}

/// Who knows where the shard stood comes first, and who can make its row so that it may be taken at once before all.
Duration LeaseKeeper::to_be_made_at(const WantedLease& lease, Duration now) const {
  if (cannot_be_held(lease, now)) return now;
  const Duration patience = last_seen_.contains(lease.shard) ? settings_.failover / 4 : settings_.failover / 2;
  return missing_since_.at(lease.shard) + patience;
}

Lease LeaseKeeper::row_for(WantedLease wanted, Duration now) {
  const bool is_free = cannot_be_held(wanted, now);
  const auto seen = last_seen_.find(wanted.shard);
  if (seen != last_seen_.end()) wanted = as_last_seen(std::move(wanted), seen->second);
  Lease lease = new_lease(wanted);
  if (!is_free) lease.owner = nobody();
  return lease;
}

bool LeaseKeeper::was_finished(const aws::ShardId& shard) const {
  const auto seen = last_seen_.find(shard);
  return seen != last_seen_.end() && seen->second.finished();
}

bool LeaseKeeper::lacks_row(const aws::ShardId& shard) const {
  if (view_.find(shard) != nullptr) return false;
  return missing_since_.contains(shard) || (last_seen_.contains(shard) && !was_finished(shard));
}

/// The target may have a shard's end before its row does, which is not made anew if it goes then. Remembered as unfinished
/// it would be waited for, and its children never be read.
void LeaseKeeper::forget_what_has_ended() {
  for (const WantedLease& lease : wanted_) {
    if (lease.position.ended() && !was_finished(lease.shard)) last_seen_.erase(lease.shard);
  }
}

void LeaseKeeper::remember(const std::vector<aws::ShardId>& shards) {
  for (const aws::ShardId& shard : shards) {
    const LeaseView::Sight* sight = view_.find(shard);
    if (sight == nullptr) continue;
    const auto held = held_.find(shard);
    last_seen_[shard] = held == held_.end() ? sight->lease : held->second.row();
  }
  forget_what_has_ended();
}

void LeaseKeeper::remember_what_goes(const std::vector<Lease>& rows) {
  std::set<aws::ShardId> there;
  for (const Lease& row : rows) there.insert(row.shard);
  std::vector<aws::ShardId> gone;
  for (const auto& [shard, sight] : view_.rows()) {
    if (!there.contains(shard)) gone.push_back(shard);
  }
  if (!gone.empty()) remember(gone);
  std::erase_if(last_seen_, [&](const auto& row) { return there.contains(row.first); });
}

void LeaseKeeper::create(Lease lease, Duration now) {
  const aws::ShardId shard = lease.shard;
  creating_.try_emplace(shard, Creating{.lease = std::move(lease), .try_at = now});
}

/// The counter is all that tells a row from the one that was there before, and was deleted: a write on its way for that
/// one, or somebody's watch of it, must not meet this one. Each request has one of its own, since one that is late makes
/// another row than the one that came first, and two workers that saw the same row make two.
int64_t LeaseKeeper::counter_of_new_row() { return kFarApart * static_cast<int64_t>(1 + random_.below(kManyCounters)); }

void LeaseKeeper::advance_creating(LeaseActions& actions, Duration now) {
  std::set<aws::ShardId> children;
  for (const auto& [shard, lease] : held_) {
    children.insert(lease.waits_for_children().begin(), lease.waits_for_children().end());
  }
  // Only who holds the parent tries again by itself: for others it may be done, and over, by now.
  std::erase_if(creating_, [&](const auto& each) {
    return !each.second.in_flight && each.second.was_tried && !children.contains(each.first);
  });
  if (creating_.empty()) return;
  // The library reads a child's row beside no row of a parent as if the parent was read to its end.
  look_for_missing(now);
  for (auto& [shard, creating] : creating_) {
    if (creating.in_flight || now < creating.try_at) continue;
    if (std::ranges::any_of(creating.lease.parents, [&](const aws::ShardId& parent) { return lacks_row(parent); })) {
      creating.try_at = now + settings_.retry_after();
      continue;
    }
    creating.in_flight = creating.was_tried = true;
    creating.lease.counter = counter_of_new_row();
    actions.emplace_back(LeaseWrite(CreateLease{creating.lease}));
  }
}

void LeaseKeeper::has_row(const aws::ShardId& shard) {
  for (auto& [held, lease] : held_) lease.child_has_row(shard);
}

bool LeaseKeeper::is_free(const LeaseView::Sight& sight, LeaseActions& actions, Duration now) {
  const Lease& lease = sight.lease;
  if (lease.finished() || is_busy(lease.shard)) return false;
  const bool orphan = lease.owner == settings_.worker && !lease.handed_over();
  // Whoever has asked for it comes first: else a holder that hangs would take back what it did not let go.
  const Duration others_turn = lease.handed_over() && lease.owner != settings_.worker ? settings_.failover / 2 : Duration{};
  if (!lease.owner.empty() && !orphan && !is_expired(sight, now - others_turn)) return false;
  // What a leader has given must be renewed from then on, whether it can be read yet or not. All else is his to give.
  return part_ == Part::led ? orphan : is_readable(lease, actions);
}

/// Whether its parents lack rows that they need is not known before the stream is listed again.
bool LeaseKeeper::is_younger_than_listing(const aws::ShardId& shard) const {
  const bool is_listed = std::ranges::find(wanted_, shard, &WantedLease::shard) != wanted_.end();
  return !is_listed && !not_listed_.contains(shard);
}

bool LeaseKeeper::is_readable(const Lease& lease, LeaseActions& actions) {
  if (waits_for_parents(lease, view_.rows())) return false;
  bool certain = true;
  const bool may_lack_rows = is_at_beginning(lease) && !may_lack_parents(lease) && is_younger_than_listing(lease.shard);
  for (const aws::ShardId& parent : parents_without_row(lease, view_.rows())) {
    if (was_finished(parent)) continue;
    if (may_lack_rows || (is_at_beginning(lease) && lacks_row(parent))) return false;
    if (gone_.contains(parent)) continue;
    certain = false;
    read(actions, parent);
  }
  return certain;
}

void LeaseKeeper::tell_of_readable(LeaseActions& actions, Duration now) {
  std::vector<aws::ShardId> waiting;
  for (const auto& [shard, lease] : held_) {
    if (!lease.was_told()) waiting.push_back(shard);
  }
  for (const aws::ShardId& shard : waiting) advance_one(actions, shard, now);
}

void LeaseKeeper::take_free(LeaseActions& actions, Duration now) {
  if (rounds_.lacks_rows) {  // a parent whose row is not made yet would hold nobody up
    rounds_.unsettled = true;
    return;
  }
  const LeaseLoad load = this->load(now);
  std::vector<Lease> first, others;
  for (const auto& [shard, sight] : view_.rows()) {
    if (!is_free(sight, actions, now)) continue;
    const bool mine = sight.lease.owner == settings_.worker;
    const bool very_old = now > sight.since + kVeryOld * settings_.failover;
    if (part_ == Part::led)
      take(actions, sight.lease, was_forced(sight));
    else
      (mine || very_old ? first : others).push_back(sight.lease);
  }
  shuffle(others, random_);
  const size_t share = load.share_rounded_up();
  const size_t room = load.mine < share ? share - load.mine : 0;
  const size_t at_once = std::min(room, std::max(kTakenAtOnce, 2 * load.mine));
  rounds_.unsettled = !others.empty() || !first.empty();
  others.resize(std::min(others.size(), at_once));
  for (const auto& leases : {first, others}) {
    for (const Lease& lease : leases) take(actions, lease, false);
  }
}

/// A row that names this worker, which does not hold it, is what a take or a renewal has left whose answer was lost; one
/// that was sent before may still arrive.
bool LeaseKeeper::note_take(const Lease& row, bool forced) {
  const auto [place, is_new] = tried_.try_emplace(row.shard, Tried{row.counter, forced});
  Tried& tried = place->second;
  const bool again = !is_new && tried.counter == row.counter;
  const bool was_mine = row.owner == settings_.worker || row.checkpoint_owner == settings_.worker;
  tried = {row.counter, forced || (tried.forced && (again || was_mine))};
  return !again && !was_mine;
}

void LeaseKeeper::take(LeaseActions& actions, const Lease& row, bool forced) {
  const WorkerName& holder = row.holder();
  const bool from_other = is_somebody(holder) && holder != settings_.worker;
  TakeLease write{row.shard, row.counter, settings_.worker, from_other};
  taking_[row.shard] = Taking{.write = write, .by_force = forced, .is_alone = note_take(row, forced)};
  actions.emplace_back(LeaseWrite(std::move(write)));
}

void LeaseKeeper::ask_others(LeaseActions& actions, Duration now) {
  const LeaseLoad load = this->load(now);
  std::vector<MovableLease> movable;
  for (const auto& [shard, sight] : view_.rows()) {
    const Lease& lease = sight.lease;
    const bool owned = is_somebody(lease.owner) && lease.owner != settings_.worker;
    if (owned && !lease.finished() && !lease.handed_over() && !is_busy(shard) && !is_expired(sight, now))
      movable.push_back({shard, lease.owner});
  }
  MovePlan plan = plan_moves(load, std::move(movable), now >= rounds_.evened_out + kEvenOutEvery, random_);
  if (plan.evens_out) rounds_.evened_out = now;
  const size_t most = std::max(kAskedAtOnce, load.mine);
  plan.moves.resize(std::min(plan.moves.size(), most - std::min(most, asking_.size())));
  for (const MovableLease& lease : plan.moves) {
    AskForLease write{lease.shard, lease.owner, settings_.worker};
    asking_[lease.shard] = Asking{.write = write, .since = now};
    actions.emplace_back(LeaseWrite(std::move(write)));
  }
}

void LeaseKeeper::remove_finished(LeaseActions& actions, Duration now) {
  std::vector<RemoveLease> removable;
  for (const auto& [shard, sight] : view_.rows()) {
    const Lease& lease = sight.lease;
    // Whoever reads the first child does it, so that not all do.
    const bool is_over = now >= sight.since + kKeepFinished && is_removable(lease, view_.rows());
    if (is_over && held_.contains(lease.children.front())) {
      removable.push_back({shard, lease.counter});
    }
  }
  for (const RemoveLease& removal : removable) actions.emplace_back(LeaseWrite(removal));
}

void LeaseKeeper::note_next_expiry(Duration now) {
  rounds_.expiry_at = Duration::max();
  for (const auto& [shard, sight] : view_.rows()) {
    if (sight.lease.finished() || sight.lease.owner.empty() || held_.contains(shard) || is_expired(sight, now)) continue;
    rounds_.expiry_at = std::min(rounds_.expiry_at, settings_.expiry(sight.since) + Duration(1));
  }
}

}  // namespace ctk::coordination
