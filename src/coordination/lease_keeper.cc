#include "coordination/lease_keeper.h"

#include <algorithm>
#include <utility>

namespace ctk::coordination {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kSoon = milliseconds(500);  // between Scans, while something is to be shared out
constexpr Duration kLookEvery = seconds(1);    // at a lease that was asked for

bool is_shared(const Lease& lease) { return lease.stream.empty(); }

}  // namespace

HeldLease* LeaseKeeper::find_held(const aws::ShardId& shard, Fence fence) {
  const auto found = held_.find(shard);
  return found == held_.end() || found->second.fence() != fence ? nullptr : &found->second;
}

bool LeaseKeeper::is_busy(const aws::ShardId& shard) const {
  return held_.contains(shard) || taking_.contains(shard) || asking_.contains(shard);
}

bool LeaseKeeper::is_expired(const LeaseView::Sight& sight, Duration now) const {
  return now > settings_.expiry(sight.since);
}

bool LeaseKeeper::may_write(const aws::ShardId& shard, Fence fence, Duration now) const {
  const auto found = held_.find(shard);
  return found != held_.end() && found->second.fence() == fence && found->second.may_write(now);
}

Duration LeaseKeeper::since_renewal(Duration now) const {
  Duration longest{};
  for (const auto& [shard, lease] : held_) longest = std::max(longest, now - lease.renewed());
  return longest;
}

/// By a leader who did not wait any longer for its holder, who may not know yet. He waits for `hand_over_timeout` and the
/// time to fail over, which is seen to begin a little later.
bool LeaseKeeper::was_forced(const LeaseView::Sight& sight) const {
  return sight.waited >= settings_.hand_over_timeout - settings_.failover;
}

/// For a leader, who moves nothing where no lease carries anything. This worker measures none: what the others carry on the
/// average, else as much as any other.
std::optional<double> LeaseKeeper::usual_throughput() const {
  if (part_ != Part::led) return std::nullopt;
  double sum = 0;
  int count = 0;
  for (const auto& [shard, sight] : view_.rows()) {
    const double carries = sight.lease.throughput.value_or(0);
    if (sight.lease.finished() || carries <= 0) continue;
    sum += carries;
    ++count;
  }
  return count == 0 ? 1 : sum / count;
}

LeaseLoad LeaseKeeper::load(Duration now) const {
  LeaseLoad load;
  for (const auto& [shard, sight] : view_.rows()) {
    const Lease& lease = sight.lease;
    // A row of this worker that it does not hold, of before its parent's row was made anew, is nobody's work.
    const bool is_held = !lease.owner.empty() && (lease.owner != settings_.worker || is_busy(shard));
    if (lease.finished() || (!is_held && waits_for_parents(lease, view_.rows()))) continue;
    ++load.leases;
    if (is_busy(shard) || lease.owner == settings_.worker) {
      ++load.mine;
    } else if (is_somebody(lease.owner) && !is_expired(sight, now)) {
      ++load.others[lease.owner];
    }
  }
  return load;
}

void LeaseKeeper::scan_after(Duration now, Duration pause) {
  const double spread = 0.9 + 0.2 * random_.fraction();
  rounds_.scan_at = now + Duration(static_cast<int64_t>(spread * static_cast<double>(pause.count())));
}

// Events.

LeaseActions LeaseKeeper::advance(Duration now) {
  LeaseActions actions;
  std::vector<aws::ShardId> shards;
  for (const auto& [shard, lease] : held_) {
    if (now >= lease.due()) shards.push_back(shard);
  }
  for (const aws::ShardId& shard : shards) advance_one(actions, shard, now);
  advance_creating(actions, now);
  for (auto& [shard, asking] : asking_) {
    if (now < asking.look_at) continue;
    asking.look_at = now + kLookEvery;
    read(actions, shard);
  }
  if (!is_stopping() && now >= rounds_.expiry_at) {
    take_free(actions, now);
    note_next_expiry(now);
  }
  if (!is_stopping() && !rounds_.scanning && now >= rounds_.scan_at) {
    rounds_.scanning = true;
    actions.emplace_back(ScanLeases{});
  }
  return actions;
}

LeaseActions LeaseKeeper::scanned(std::vector<Lease> rows, Duration sent, Duration now) {
  LeaseActions actions;
  rounds_.scanning = false;
  std::erase_if(rows, [](const Lease& lease) { return !is_shared(lease); });
  remember_what_goes(rows);
  view_.scanned(std::move(rows), sent, now);
  std::erase_if(gone_, [&](const aws::ShardId& parent) { return view_.find(parent) != nullptr; });
  std::erase_if(tried_, [&](const auto& tried) { return view_.find(tried.first) == nullptr; });
  round(actions, now);
  scan_after(now, rounds_.unsettled ? kSoon : settings_.scan_every());
  return actions;
}

LeaseActions LeaseKeeper::not_scanned(Duration now) {
  rounds_.scanning = false;
  scan_after(now, kSoon);
  return {};
}

LeaseActions LeaseKeeper::row_read(const aws::ShardId& shard, std::optional<Lease> row, Duration now) {
  LeaseActions actions;
  reading_.erase(shard);
  if (row && !is_shared(*row)) row.reset();
  if (row) {
    view_.saw(*row, now);
  } else {
    remember({shard});
    view_.gone(shard);
    gone_.insert(shard);
  }
  if (const auto held = held_.find(shard); held != held_.end()) held->second.row_read(row, now);
  advance_one(actions, shard, now);
  if (const auto taking = taking_.find(shard); taking != taking_.end() && taking->second.in_doubt) {
    const Taking doubtful = std::move(taking->second);
    taking_.erase(taking);
    look_at_taken(actions, doubtful, row, doubtful.sent, now);
  }
  if (asking_.contains(shard) && !taking_.contains(shard)) look_at_asked(actions, shard, now);
  if (row || is_stopping()) return actions;
  tell_of_readable(actions, now);
  take_free(actions, now);
  return actions;
}

LeaseActions LeaseKeeper::row_not_read(const aws::ShardId& shard, Duration now) {
  LeaseActions actions;
  reading_.erase(shard);
  if (const auto held = held_.find(shard); held != held_.end()) held->second.row_not_read(now);
  // Whether it was taken will be seen by the next Scan: then it is owned by this worker, and nobody holds it.
  if (const auto taking = taking_.find(shard); taking != taking_.end() && taking->second.in_doubt) taking_.erase(taking);
  return actions;
}

LeaseActions LeaseKeeper::written(const LeaseWrite& write, LeaseWriteAnswer answer, Duration sent, Duration now) {
  LeaseActions actions;
  if (answer.row && !is_shared(*answer.row)) answer.row.reset();
  if (answer.row) view_.saw(*answer.row, now);
  std::visit([&](const auto& each) { written_one(actions, each, answer, sent, now); }, write);
  return actions;
}

void LeaseKeeper::written_one(LeaseActions& actions, const CreateLease& write, const LeaseWriteAnswer& answer, Duration,
                              Duration now) {
  const aws::ShardId& shard = write.lease.shard;
  const auto creating = creating_.find(shard);
  if (answer.kind == LeaseWriteAnswer::Kind::refused || answer.kind == LeaseWriteAnswer::Kind::unknown) {
    if (creating == creating_.end()) return;
    creating->second.in_flight = false;
    creating->second.try_at = now + settings_.retry_after();
    return;
  }
  if (answer.kind == LeaseWriteAnswer::Kind::applied) {
    ++counts_.created;
    view_.saw(write.lease, now);
  }
  if (creating != creating_.end()) creating_.erase(creating);
  has_row(shard);
  for (const aws::ShardId& parent : write.lease.parents) advance_one(actions, parent, now);
  if (creating_.empty() && rounds_.unsettled) rounds_.scan_at = now;
}

void LeaseKeeper::written_one(LeaseActions& actions, const TakeLease& write, const LeaseWriteAnswer& answer, Duration sent,
                              Duration now) {
  const auto found = taking_.find(write.shard);
  if (found == taking_.end() || found->second.write != write) return;
  const bool shown = answer.row.has_value();
  const bool doubtful =
      answer.kind == LeaseWriteAnswer::Kind::unknown || (answer.kind != LeaseWriteAnswer::Kind::refused && !shown);
  if (doubtful) {
    found->second.in_doubt = true;
    found->second.sent = sent;
    return read(actions, write.shard);
  }
  const Taking taking = std::move(found->second);
  taking_.erase(found);
  if (answer.kind == LeaseWriteAnswer::Kind::applied) return taken(actions, taking, *answer.row, sent, now);
  look_at_taken(actions, taking, answer.row, sent, now);
}

/// The row is as the take would leave it. Where another write may have done that, earlier, the fence would run from a
/// moment that nobody knows: it is taken once more.
void LeaseKeeper::look_at_taken(LeaseActions& actions, const Taking& taking, const std::optional<Lease>& row, Duration sent,
                                Duration now) {
  if (!row || judge(taking.write, row) != WriteVerdict::applied) return;
  if (taking.is_alone) return taken(actions, taking, *row, sent, now);
  const LeaseView::Sight* sight = view_.find(row->shard);  // a leader may have given it
  take(actions, *row, sight != nullptr && was_forced(*sight));
}

void LeaseKeeper::taken(LeaseActions& actions, const Taking& taking, const Lease& row, Duration sent, Duration now) {
  const aws::ShardId shard = row.shard;
  asking_.erase(shard);
  if (row.finished()) return;
  ++counts_.taken;
  if (taking.by_force) ++counts_.taken_by_force;
  if (taking.write.from_other && !taking.by_force) ++counts_.taken_expired;
  const auto held = held_.try_emplace(shard, settings_, row, sent, now, tried_[shard].forced).first;
  if (is_stopping()) held->second.let_go();
  advance_one(actions, shard, now);
}

void LeaseKeeper::written_one(LeaseActions& actions, const HoldLease& write, const LeaseWriteAnswer& answer, Duration sent,
                              Duration now) {
  using Kind = LeaseWriteAnswer::Kind;
  if (answer.kind == Kind::refused || answer.kind == Kind::unknown) ++counts_.renewals_failed;
  const auto held = held_.find(write.shard);
  if (held == held_.end()) return;
  held->second.answered(write, answer, sent, now);
  advance_one(actions, write.shard, now);
}

void LeaseKeeper::written_one(LeaseActions& actions, const AskForLease& write, const LeaseWriteAnswer& answer, Duration,
                              Duration now) {
  const auto asking = asking_.find(write.shard);
  if (asking == asking_.end() || asking->second.write != write) return;
  if (answer.kind == LeaseWriteAnswer::Kind::refused) {
    asking_.erase(asking);
    return;
  }
  if (write.withdrawn) {
    if (answer.kind == LeaseWriteAnswer::Kind::conflict && answer.row) return look_at_asked(actions, write.shard, now);
    asking_.erase(asking);
    return;
  }
  if (answer.kind == LeaseWriteAnswer::Kind::applied) ++counts_.asked_for;
  const bool certain = answer.kind == LeaseWriteAnswer::Kind::applied;
  asking->second.look_at = certain ? now + kLookEvery : now;
}

void LeaseKeeper::written_one(LeaseActions&, const RemoveLease& write, const LeaseWriteAnswer& answer, Duration, Duration) {
  if (answer.kind != LeaseWriteAnswer::Kind::applied) return;
  ++counts_.removed;
  remember({write.shard});
  view_.gone(write.shard);
}

void LeaseKeeper::look_at_asked(LeaseActions& actions, const aws::ShardId& shard, Duration now) {
  const auto asking = asking_.find(shard);
  const LeaseView::Sight* sight = view_.find(shard);
  if (sight == nullptr || sight->lease.finished() || sight->lease.owner != settings_.worker) {
    asking_.erase(asking);
    return;
  }
  // A holder that listens has let it expire by then.
  const Duration patience = settings_.hand_over_timeout + settings_.failover + settings_.scan_every();
  if (!sight->lease.handed_over() || is_expired(*sight, now)) return take(actions, sight->lease, false);
  if (now >= asking->second.since + patience) take(actions, sight->lease, true);
}

void LeaseKeeper::read(LeaseActions& actions, const aws::ShardId& shard) {
  if (reading_.insert(shard).second) actions.emplace_back(ReadLease{shard});
}

void LeaseKeeper::advance_one(LeaseActions& actions, const aws::ShardId& shard, Duration now) {
  const auto found = held_.find(shard);
  if (found == held_.end()) return;
  HeldLease& lease = found->second;
  lease.advance(now);
  if (const auto stored = lease.newly_stored()) actions.emplace_back(LeaseStored{shard, lease.fence(), *stored});
  if (lease.phase() == HeldLease::Phase::gone) {
    actions.emplace_back(LeaseEnded{shard, lease.fence(), lease.end()});
    ended(lease, now);
    held_.erase(found);
    return;
  }
  const bool readable = lease.was_told() || is_readable(lease.row(), actions);
  if (readable && lease.is_new()) {
    tried_.erase(shard);
    actions.emplace_back(LeaseGained{lease.fence(), lease.row()});
  }
  if (lease.is_newly_asked_for()) {
    if (lease.was_told())
      actions.emplace_back(LeaseAsked{shard, lease.fence()});
    else
      lease.let_go();  // nobody reads it yet
  }
  if (lease.wants_row(now)) read(actions, shard);
  const bool is_measured = lease.row().throughput.has_value();
  const std::optional<double> throughput = is_measured ? std::nullopt : usual_throughput();
  if (auto write = lease.next_write(now, throughput)) actions.emplace_back(LeaseWrite(std::move(*write)));
}

void LeaseKeeper::ended(const HeldLease& lease, Duration now) {
  switch (lease.end()) {
    case HeldLease::End::let_go: ++(lease.row().owner.empty() ? counts_.released : counts_.handed_over); break;
    case HeldLease::End::expired:
    case HeldLease::End::taken: ++counts_.lost; break;
    case HeldLease::End::stored_end: rounds_.scan_at = std::min(rounds_.scan_at, now); break;  // for its children
    case HeldLease::End::none: break;
  }
  const bool shown = lease.end() == HeldLease::End::let_go || lease.end() == HeldLease::End::stored_end;
  if (shown) view_.saw(lease.row(), now);
}

// Wishes.

LeaseActions LeaseKeeper::want(std::vector<WantedLease> shards, Duration now) {
  wanted_ = std::move(shards);
  std::set<aws::ShardId> listed;
  for (const WantedLease& lease : wanted_) listed.insert(lease.shard);
  std::erase_if(last_seen_, [&](const auto& row) { return !listed.contains(row.first); });
  forget_what_has_ended();
  not_listed_.clear();
  for (const auto& [shard, sight] : view_.rows()) {
    if (!listed.contains(shard)) not_listed_.insert(shard);
  }
  rounds_.scan_at = std::min(rounds_.scan_at, now);
  return advance(now);
}

std::optional<uint64_t> LeaseKeeper::store(const aws::ShardId& shard, Fence fence, const Position& position,
                                           OwnProgress own) {
  HeldLease* held = find_held(shard, fence);
  if (held == nullptr) return std::nullopt;
  own.position = shards::to_string(position);
  return held->store({.checkpoint = checkpoint_of(position), .own = std::move(own)}, {});
}

std::optional<uint64_t> LeaseKeeper::store_end(const aws::ShardId& shard, Fence fence, OwnProgress own,
                                               const std::vector<WantedLease>& children, Duration now) {
  HeldLease* held = find_held(shard, fence);
  if (held == nullptr) return std::nullopt;
  std::set<aws::ShardId> without_row;
  LeaseProgress end{.checkpoint = checkpoint_of(Position::shard_end()), .own = std::move(own)};
  end.own.position = shards::to_string(Position::shard_end());
  for (const WantedLease& child : children) {
    end.children.push_back(child.shard);
    if (view_.find(child.shard) != nullptr) continue;
    without_row.insert(child.shard);
    create(new_lease(child), now);
  }
  std::ranges::sort(end.children);
  return held->store(std::move(end), without_row);
}

void LeaseKeeper::let_go(const aws::ShardId& shard, Fence fence) {
  if (HeldLease* held = find_held(shard, fence)) held->let_go();
}

void LeaseKeeper::withdraw_requests(LeaseActions& actions) {
  for (auto& [shard, asking] : asking_) {
    if (taking_.contains(shard) || asking.write.withdrawn) continue;
    asking.write.withdrawn = true;
    asking.look_at = Duration::max();
    actions.emplace_back(LeaseWrite(asking.write));
  }
}

LeaseActions LeaseKeeper::led(bool by_others, Duration now) {
  LeaseActions actions;
  if (is_stopping()) return actions;
  part_ = by_others ? Part::led : Part::sharing;
  if (by_others) withdraw_requests(actions);
  rounds_.scan_at = std::min(rounds_.scan_at, now);
  return actions;
}

LeaseActions LeaseKeeper::stop(Duration now) {
  LeaseActions actions;
  part_ = Part::stopping;
  wanted_.clear();
  for (auto& [shard, lease] : held_) {
    if (!lease.was_told()) lease.let_go();
  }
  withdraw_requests(actions);
  for (LeaseAction& action : advance(now)) actions.push_back(std::move(action));
  return actions;
}

Duration LeaseKeeper::due() const {
  Duration due = is_stopping() ? Duration::max() : rounds_.expiry_at;
  if (!is_stopping() && !rounds_.scanning) due = std::min(due, rounds_.scan_at);
  for (const auto& [shard, lease] : held_) due = std::min(due, lease.due());
  for (const auto& [shard, asking] : asking_) due = std::min(due, asking.look_at);
  for (const auto& [shard, creating] : creating_) {
    if (!creating.in_flight) due = std::min(due, creating.try_at);
  }
  return due;
}

}  // namespace ctk::coordination
