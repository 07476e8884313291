#include "coordination/leased_shards.h"

#include <algorithm>
#include <utility>

#include "base/answer_later.h"
#include "base/deadline.h"
#include "coordination/lease_reset.h"
#include "shards/segment.h"

namespace ctk::coordination {

using std::chrono::seconds;

/// For that which is good to have before leases go: whoever waits for them, and for the end of this worker, waits for it.
constexpr Duration kBeforeRelease = seconds(2);

// What the leases tell.

void LeasedShards::lease_gained(const Lease& lease, Fence fence) {
  held_[lease.shard] = {fence, 0};
  copied_.erase(lease.shard);
  share_segments();
  report_gained({lease.shard});
}

/// What is left of an older load ends with whoever takes it, and so does the row of a shard that was read to its end, made
/// anew by somebody who did not know.
void LeasedShards::report_gained(std::vector<aws::ShardId> shards) {
  if (!listener_.gained) return;
  std::erase_if(shards, [this](const aws::ShardId& shard) {
    const auto held = held_.find(shard);
    const auto known = known_.find(shard);
    const bool is_over = known != known_.end() && known->second.position.ended();
    const bool is_left = (is_over || is_of_older_load(shard)) && held != held_.end();
    if (is_left) store(shard, held->second.lease, Position::shard_end(), kNoTime, [](const Result<bool>&) {});
    return is_left;
  });
  if (!shards.empty()) listener_.gained(std::move(shards));
}

bool LeasedShards::is_of_older_load(const aws::ShardId& shard) const {
  const std::optional<shards::Segment> segment = shards::parse_segment(shard);
  return segment && segment->epoch < last_request_.epoch;
}

void LeasedShards::lease_asked(const aws::ShardId& shard, Fence) {
  if (listener_.lost) listener_.lost({shard});
}

void LeasedShards::lease_ended(const aws::ShardId& shard, Fence fence, HeldLease::End why) {
  const auto found = held_.find(shard);
  if (found == held_.end() || found->second.lease != fence) return;
  held_.erase(found);
  const bool is_lost = why == HeldLease::End::expired || why == HeldLease::End::taken;
  if (is_lost && listener_.lost) listener_.lost({shard});
}

void LeasedShards::leases_failed(const Error& error) {
  log_.error("the lease table cannot be used", {{"error", to_string(error)}});
}

void LeasedShards::leases_work(Duration after) {
  log_.info("the lease table can be used again", {{"after", format_duration(after)}});
}

// Assignment.

void LeasedShards::begin(const RelayName&, Listener listener) {
  listener_ = std::move(listener);
  std::vector<aws::ShardId> shards;
  for (const auto& [shard, held] : held_) shards.push_back(shard);
  if (shards.empty()) return;
  // The worker may have ended by then.
  loop_.post(lifeline_.guard([this, shards = std::move(shards)]() mutable { report_gained(std::move(shards)); }));
}

void LeasedShards::want(std::vector<SharedShard> shards) {
  known_.clear();
  wanted_.clear();
  load_.wanted.clear();
  load_.is_shared = false;
  for (SharedShard& one : shards) {
    (shards::is_segment(one.shard) ? load_.wanted : wanted_).push_back(wanted_lease(one));
    known_[one.shard] = std::move(one);
  }
  if (leases_) leases_->want(wanted_);
  load_.wanted.empty() ? end_load() : share_segments();
}

/// Once nothing holds up the stream's own.
void LeasedShards::share_segments() {
  if (!usable_ || !load_.leases || load_.is_over || load_.wanted.empty() || load_.is_shared) return;
  if (!missing_leases(wanted_, leases_->seen()).empty()) return;
  load_.is_shared = true;
  load_.leases->want(load_.wanted);
}

/// Nobody is to look at its leases any more: what is held was read to its end, whether the lease says so yet or not.
void LeasedShards::end_load() {
  if (!usable_ || !load_.leases || std::exchange(load_.is_over, true)) return;
  for (const auto& [shard, held] : held_) {
    if (shards::is_segment(shard)) store(shard, held.lease, Position::shard_end(), kNoTime, [](const Result<bool>&) {});
  }
  std::erase_if(held_, [](const auto& held) { return shards::is_segment(held.first); });
  load_.leases->stop([](const Result<bool>&) {});
}

WantedLease LeasedShards::wanted_lease(const SharedShard& shard) const {
  return {.shard = shard.shard,
          .parents = shard.parents,
          .position = shard.position,
          .epoch = last_request_.epoch,
          .incarnation = last_request_.incarnation};
}

bool LeasedShards::is_anothers(const aws::ShardId& shard) const {
  const LeaseTable* leases = leases_of(shard);
  if (leases == nullptr) return false;
  const auto found = leases->seen().find(shard);
  if (found == leases->seen().end()) return false;
  const LeaseView::Sight& sight = found->second;
  const WorkerName& holder = sight.lease.holder();
  // A row that names a worker may be all that is left of it.
  const LeaseSettings& settings = options_.settings;
  const bool lives = sight.has_moved && clock_.monotonic() <= settings.expiry(sight.since);
  return !holder.empty() && holder != settings.worker && lives;
}

bool LeasedShards::may_write(const aws::ShardId& shard) const {
  const auto found = held_.find(shard);
  const LeaseTable* leases = leases_of(shard);
  return found != held_.end() && leases != nullptr && leases->may_write(shard, found->second.lease);
}

void LeasedShards::let_go(const std::vector<aws::ShardId>& shards) {
  for (const aws::ShardId& shard : shards) {
    const auto found = held_.find(shard);
    if (found == held_.end()) continue;
    leases_of(shard)->let_go(shard, found->second.lease);
    held_.erase(found);
  }
}

/// What is stored by now is in the leases before they go, and no leader gives any more, where target and table answer soon.
/// A leader may have been told of a worker that cannot use its leases yet.
void LeasedShards::end(Done<bool> done) {
  listener_ = {};
  if (!leases_) return answer_later(loop_, lifeline_, std::move(done), Result<bool>(true));
  auto retired = [this, done = std::move(done)]() mutable { release_all(std::move(done)); };
  auto copied = [this, retired = std::move(retired)]() mutable {
    Done<bool> heard = lifeline_.guard([retired = std::move(retired)](const Result<bool>&) mutable { retired(); });
    leases_->retire(Deadline(loop_, clock_, kBeforeRelease, "the lease table").hold(std::move(heard)));
  };
  if (truth_ == nullptr || !usable_) return copied();
  using Rows = std::vector<StoredPosition>;
  Done<Rows> read = lifeline_.guard([this, copied = std::move(copied)](const Result<Rows>& rows) mutable {
    if (rows) copy(*rows);
    copied();
  });
  truth_->read(last_request_.relay, Deadline(loop_, clock_, kBeforeRelease, "the target").hold(std::move(read)));
}

std::optional<LeaseFigures> LeasedShards::figures() const { return leases_ ? leases_->figures() : LeaseFigures{}; }

double LeasedShards::share_of_load() const {
  return load_.leases ? 1 / static_cast<double>(load_.leases->figures().workers) : 1;
}

void LeasedShards::release_all(Done<bool> done) {
  usable_ = false;
  for (const auto& [shard, held] : held_) leases_of(shard)->let_go(shard, held.lease);
  held_.clear();
  if (!load_.leases || load_.is_over) return leases_->stop(std::move(done));
  struct Open {
    int tables = 2;
    Done<bool> done;
  };
  const auto open = std::make_shared<Open>(2, std::move(done));
  const auto stopped = [open](Result<bool> all) {
    if (--open->tables == 0) open->done(std::move(all));
  };
  load_.leases->stop(stopped);
  leases_->stop(stopped);
}

// Positions.

/// The first call makes the tables where there are none.
void LeasedShards::with_leases(const RelayName& relay, Done<bool> done) {
  if (usable_) return done(true);
  if (!options_.reset) return begin_tables(relay, std::move(done));
  forget_leases(relay, [this, relay, done = std::move(done)](Result<bool> forgotten) mutable {
    if (!forgotten) return done(std::move(forgotten));
    begin_tables(relay, std::move(done));
  });
}

/// Where there is no table there is nothing to forget.
void LeasedShards::forget_leases(const RelayName& relay, Done<bool> done) {
  const LeaseAccess access{reads_, writes_, clock_, log_, tasks_};
  auto removed = [this, table = table_of(relay), done = std::move(done)](Result<size_t> count) mutable {
    const bool has_none = !count && count.error().kind == ErrorKind::not_found;
    if (!count && !has_none) return done(forward_error(std::move(count)));
    options_.reset = false;
    is_alone_ = true;
    if (count) log_.info("leases are forgotten", {{"table", table.str()}, {"leases", *count}});
    done(true);
  };
  tasks_.spawn(reset_leases(access, table_of(relay), options_.settings), std::move(removed));
}

void LeasedShards::begin_tables(const RelayName& relay, Done<bool> done) {
  if (!leases_) make_tables(relay);
  begin_leases(*leases_, lifeline_.guard([this, done = std::move(done)](Result<bool> begun) mutable {
    auto ready = lifeline_.guard([this, done = std::move(done)](Result<bool> all) mutable {
      usable_ = all.has_value();
      done(std::move(all));
    });
    if (!begun || !load_.leases) return ready(std::move(begun));
    begin_leases(*load_.leases, std::move(ready));
  }));
}

void LeasedShards::make_tables(const RelayName& relay) {
  LeaseTableOptions options{table_of(relay), options_.settings, options_.seed};
  options.is_alone = is_alone_;
  auto& holder = static_cast<LeaseHolder&>(*this);
  leases_.emplace(loop_, clock_, reads_, writes_, log_, options, holder);
  if (!options_.loads) return;
  options.table = load_lease_table_name(options.table);
  options.is_ours = true;
  load_.leases.emplace(loop_, clock_, reads_, writes_, log_, options, holder);
}

/// The rows that are there say where the shards stand: they are known before anybody asks.
void LeasedShards::begin_leases(LeaseTable& leases, Done<bool> done) {
  leases.start(lifeline_.guard([this, &leases, done = std::move(done)](Result<bool> started) mutable {
    if (!started) return done(std::move(started));
    leases.read(lifeline_.guard(std::move(done)));
  }));
}

LeaseTable* LeasedShards::leases_of(const aws::ShardId& shard) {
  std::optional<LeaseTable>& leases = shards::is_segment(shard) ? load_.leases : leases_;
  return leases ? &*leases : nullptr;
}

const LeaseTable* LeasedShards::leases_of(const aws::ShardId& shard) const {
  const std::optional<LeaseTable>& leases = shards::is_segment(shard) ? load_.leases : leases_;
  return leases ? &*leases : nullptr;
}

StoredPosition LeasedShards::row_of(const Lease& lease) const {
  StoredPosition row;
  row.shard = lease.shard;
  // Where a row names no place that can be told, its shard is read from its start: what was read before comes twice.
  row.position = position_of(lease).value_or(Position::trim_horizon());
  row.incarnation = lease.own.incarnation;
  row.epoch = lease.own.epoch;
  row.read_to = lease.own.read_to;
  row.worker = lease.holder();
  const auto held = held_.find(lease.shard);
  if (held != held_.end()) row.fence = held->second.acquired;
  return row;
}

std::vector<StoredPosition> LeasedShards::rows_of_leases() const {
  std::map<aws::ShardId, StoredPosition> rows;
  for (const auto& [shard, sight] : leases_->seen()) rows[shard] = row_of(leases_->newest(sight.lease));
  if (load_.leases) {
    for (const auto& [shard, sight] : load_.leases->seen()) rows[shard] = row_of(load_.leases->newest(sight.lease));
  }
  // A finished shard's row goes soon; an ancestor without one, of which a descendant has one that is being read, was read
  // to its end.
  for (const auto& [shard, sight] : leases_->seen()) {
    std::vector<aws::ShardId> ancestors = sight.lease.parents;
    const Lease& child = sight.lease;
    std::erase_if(ancestors, [&](const aws::ShardId& parent) { return !leases_->is_over(child, parent); });
    while (!ancestors.empty()) {
      StoredPosition ended;
      ended.shard = ancestors.back();
      ended.position = Position::shard_end();
      ended.incarnation = sight.lease.own.incarnation;
      ended.epoch = sight.lease.own.epoch;
      ancestors.pop_back();
      const aws::ShardId parent = ended.shard;
      const auto known = known_.find(parent);
      const bool has_none = rows.try_emplace(parent, std::move(ended)).second;
      if (has_none && known != known_.end())
        ancestors.insert(ancestors.end(), known->second.parents.begin(), known->second.parents.end());
    }
  }
  std::vector<StoredPosition> list;
  for (auto& [shard, row] : rows) list.push_back(std::move(row));
  return list;
}

/// A Scan is of several moments: where it shows a shard's end and not its children, others may be further behind than it
/// says.
std::vector<StoredPosition> LeasedShards::rows_as_known() const {
  std::vector<StoredPosition> rows = rows_of_leases();
  const LeaseView::Rows& seen = leases_->seen();
  const bool complete = std::ranges::all_of(seen, [&](const auto& row) {
    return std::ranges::all_of(row.second.lease.children, [&](const aws::ShardId& child) { return seen.contains(child); });
  });
  for (StoredPosition& row : rows) {
    if (!complete && !held_.contains(row.shard)) row.read_to = kNoTime;
  }
  return rows;
}

/// The truth, and what only the leases know of.
std::vector<StoredPosition> LeasedShards::with_leases_of(std::vector<StoredPosition> rows) const {
  std::set<aws::ShardId> there;
  for (const StoredPosition& row : rows) there.insert(row.shard);
  for (StoredPosition& row : rows_of_leases()) {
    if (!there.contains(row.shard)) rows.push_back(std::move(row));
  }
  return rows;
}

void LeasedShards::read(const RelayName& relay, Done<std::vector<StoredPosition>> done) {
  using Rows = std::vector<StoredPosition>;
  with_leases(relay, [this, relay, done = std::move(done)](Result<bool> usable) mutable {
    if (!usable) return answer_later<Rows>(loop_, lifeline_, std::move(done), forward_error(std::move(usable)));
    share_segments();
    if (truth_ == nullptr) return answer_later<Rows>(loop_, lifeline_, std::move(done), rows_as_known());
    truth_->read(relay, lifeline_.guard([this, done = std::move(done)](const Result<Rows>& rows) mutable {
      if (!rows) return done(std::unexpected(rows.error()));
      copy(*rows);
      done(with_leases_of(*rows));
    }));
  });
}

void LeasedShards::acquire(const AcquireRequest& request, Done<Acquired> done) {
  // Rows are made where a shard is taken.
  const bool makes_rows_only = usable_ && request.only && request.only->empty() && last_request_.relay == request.relay;
  if (makes_rows_only) return answer_later<Acquired>(loop_, lifeline_, std::move(done), Acquired{});
  last_request_ = request;
  if (load_.leases) load_.leases->remove(request.dropped);
  with_leases(request.relay, [this, request, done = std::move(done)](Result<bool> usable) mutable {
    if (!usable) return answer_later<Acquired>(loop_, lifeline_, std::move(done), forward_error(std::move(usable)));
    if (truth_ != nullptr) return acquire_truth(request, std::move(done));
    answer_later<Acquired>(loop_, lifeline_, std::move(done), acquire_leases(request));
  });
}

/// Under a number of our own: the leases' fences tell one lease from the next, not one worker from another.
Acquired LeasedShards::acquire_leases(const AcquireRequest& request) {
  const Fence fence = ++requests_;
  for (auto& [shard, held] : held_) {
    if (request.takes(shard)) held.acquired = fence;
  }
  return {fence, rows_of_leases()};
}

/// Rows are made where a shard is taken, from its lease: until then the leases say all there is to say. Where the lease is
/// ahead, another library has read the shard meanwhile.
void LeasedShards::acquire_truth(AcquireRequest request, Done<Acquired> done) {
  using Rows = std::vector<StoredPosition>;
  request.shards.clear();
  const RelayName relay = request.relay;
  truth_->read(relay, lifeline_.guard([this, request = std::move(request),
                                       done = std::move(done)](const Result<Rows>& rows) mutable {
    if (!rows) return done(std::unexpected(rows.error()));
    std::map<aws::ShardId, Position> stored;
    for (const StoredPosition& row : *rows) stored[row.shard] = row.position;
    for (const aws::ShardId& shard : request.only.value_or(std::vector<aws::ShardId>{})) {
      const LeaseTable* leases = leases_of(shard);
      if (leases == nullptr) continue;
      const auto sight = leases->seen().find(shard);
      if (sight == leases->seen().end()) continue;
      const Lease& lease = leases->newest(sight->second.lease);
      const StoredPosition row = row_of(lease);
      const auto found = stored.find(shard);
      if (found == stored.end()) request.shards.push_back({shard, row.position});
      if (found != stored.end() && checkpoint_of(found->second) < lease.checkpoint)
        request.rewound.push_back({shard, row.position, row.read_to});
    }
    truth_->acquire(request, lifeline_.guard([this, done = std::move(done)](const Result<Acquired>& acquired) mutable {
      if (!acquired) return done(std::unexpected(acquired.error()));
      done(Acquired{acquired->fence, with_leases_of(acquired->positions)});
    }));
  }));
}

/// Rows of shards that are found later are made when they are wanted.
void LeasedShards::add(const RelayName&, Fence, std::vector<NewShard>, Done<bool> done) {
  answer_later<bool>(loop_, lifeline_, std::move(done), true);
}

OwnProgress LeasedShards::progress(Timestamp read_to) const {
  OwnProgress own;
  own.read_to = read_to;
  own.epoch = last_request_.epoch;
  own.incarnation = last_request_.incarnation;
  return own;
}

std::vector<WantedLease> LeasedShards::children_of(const aws::ShardId& shard) const {
  std::vector<WantedLease> children;
  for (const auto& [id, one] : known_) {
    if (std::ranges::find(one.parents, shard) != one.parents.end()) children.push_back(wanted_lease(one));
  }
  return children;
}

/// Into the lease that is held under `lease`.
void LeasedShards::store(const aws::ShardId& shard, Fence lease, const Position& to, Timestamp read_to, Done<bool> done) {
  LeaseTable* leases = leases_of(shard);
  if (leases == nullptr)
    return answer_later<bool>(loop_, lifeline_, std::move(done), fail(ErrorKind::fenced, shard.str() + " is no lease's"));
  if (to.ended()) return leases->store_end(shard, lease, progress(read_to), children_of(shard), std::move(done));
  leases->store(shard, lease, to, progress(read_to), std::move(done));
}

void LeasedShards::move(const RelayName& relay, std::vector<PositionMove> moves, Done<bool> done) {
  if (truth_ != nullptr) return truth_->move(relay, std::move(moves), std::move(done));
  struct Answers {
    size_t open;
    Result<bool> result = true;
    Done<bool> done;
  };
  auto answers = std::make_shared<Answers>(Answers{moves.size(), true, std::move(done)});
  if (moves.empty()) return answer_later<bool>(loop_, lifeline_, std::move(answers->done), true);
  for (const PositionMove& move : moves) {
    auto answered = lifeline_.guard([answers](Result<bool> stored) {
      if (!stored) answers->result = std::move(stored);
      if (--answers->open == 0) answers->done(std::move(answers->result));
    });
    const auto held = held_.find(move.shard);
    const Fence fence = held != held_.end() && held->second.acquired == move.fence ? held->second.lease : 0;
    store(move.shard, fence, move.to, move.read_to, std::move(answered));
  }
}

/// From the truth into the leases that are held, where it has moved on.
void LeasedShards::copy(const std::vector<StoredPosition>& rows) {
  for (const StoredPosition& row : rows) {
    const auto held = held_.find(row.shard);
    const auto before = copied_.find(row.shard);
    if (held == held_.end() || (before != copied_.end() && before->second == row.position)) continue;
    copied_[row.shard] = row.position;
    store(row.shard, held->second.lease, row.position, row.read_to, [](const Result<bool>&) {});
  }
}

/// Rows of leases go by the rule of all that share the table.
void LeasedShards::remove_finished(const RelayName& relay, Fence fence, std::vector<aws::ShardId> shards,
                                   Done<size_t> done) {
  if (truth_ != nullptr) return truth_->remove_finished(relay, fence, std::move(shards), std::move(done));
  answer_later<size_t>(loop_, lifeline_, std::move(done), size_t{0});
}

void LeasedShards::relays(Done<std::vector<RelayName>> done) {
  if (truth_ != nullptr) return truth_->relays(std::move(done));
  answer_later<std::vector<RelayName>>(loop_, lifeline_, std::move(done), std::vector<RelayName>{});
}

void LeasedShards::remove(const RelayName& relay, bool finished_only, Done<size_t> done) {
  if (truth_ != nullptr) return truth_->remove(relay, finished_only, std::move(done));
  answer_later<size_t>(loop_, lifeline_, std::move(done), size_t{0});
}

}  // namespace ctk::coordination
