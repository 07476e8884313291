#include "coordination/leased_shards.h"

#include <algorithm>
#include <utility>

#include "base/answer_later.h"

namespace ctk::coordination {

using std::chrono::seconds;

// What the leases tell.

void LeasedShards::lease_gained(const Lease& lease, Fence fence) {
  held_[lease.shard] = {fence, 0};
  copied_.erase(lease.shard);
  tell_gained({lease.shard});
}

void LeasedShards::tell_gained(std::vector<aws::ShardId> shards) {
  if (listener_.gained) listener_.gained(std::move(shards));
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

// Assignment.

void LeasedShards::begin(const RelayName&, Listener listener) {
  listener_ = std::move(listener);
  std::vector<aws::ShardId> shards;
  for (const auto& [shard, held] : held_) shards.push_back(shard);
  if (shards.empty()) return;
  // The worker may have ended by then.
  loop_.post(lifeline_.guard([this, shards = std::move(shards)]() mutable { tell_gained(std::move(shards)); }));
}

void LeasedShards::want(std::vector<SharedShard> shards) {
  known_.clear();
  std::vector<WantedLease> wanted;
  for (SharedShard& one : shards) {
    wanted.push_back(wanted_lease(one));
    known_[one.shard] = std::move(one);
  }
  if (leases_) leases_->want(std::move(wanted));
}

WantedLease LeasedShards::wanted_lease(const SharedShard& shard) const {
  return {.shard = shard.shard,
          .parents = shard.parents,
          .position = shard.position,
          .epoch = last_claim_.epoch,
          .incarnation = last_claim_.incarnation};
}

bool LeasedShards::is_anothers(const aws::ShardId& shard) const {
  if (!leases_) return false;
  const auto found = leases_->seen().find(shard);
  if (found == leases_->seen().end()) return false;
  const WorkerName& holder = found->second.lease.holder();
  return !holder.empty() && holder != options_.settings.worker;
}

bool LeasedShards::may_write(const aws::ShardId& shard) const {
  const auto found = held_.find(shard);
  return found != held_.end() && leases_ && leases_->may_write(shard, found->second.lease);
}

void LeasedShards::let_go(const std::vector<aws::ShardId>& shards) {
  for (const aws::ShardId& shard : shards) {
    const auto found = held_.find(shard);
    if (found == held_.end()) continue;
    leases_->let_go(shard, found->second.lease);
    held_.erase(found);
  }
}

/// What is stored by now is in the leases before they go, where the target answers soon.
void LeasedShards::end(Done<bool> done) {
  listener_ = {};
  if (!usable_) return answer_later(loop_, lifeline_, std::move(done), Result<bool>(true));
  auto once = std::make_shared<Done<bool>>(std::move(done));
  const auto release = [this, once] {
    if (*once) release_all(std::exchange(*once, nullptr));
  };
  if (truth_ == nullptr) return release();
  loop_.after(seconds(2), lifeline_.guard(release));
  truth_->load(last_claim_.relay, lifeline_.guard([this, once, release](const Result<std::vector<StoredPosition>>& rows) {
    if (rows && *once) copy(*rows);
    release();
  }));
}

void LeasedShards::release_all(Done<bool> done) {
  usable_ = false;
  for (const auto& [shard, held] : held_) leases_->let_go(shard, held.lease);
  held_.clear();
  leases_->stop(std::move(done));
}

// Positions.

/// The first call makes the table where there is none.
void LeasedShards::with_leases(const RelayName& relay, Done<bool> done) {
  if (usable_) return done(true);
  if (!leases_) {
    leases_.emplace(loop_, clock_, reads_, writes_, log_,
                    LeaseTableOptions{options_.table.value_or(lease_table_name(relay)), options_.settings, options_.seed},
                    static_cast<LeaseHolder&>(*this));
  }
  leases_->start(lifeline_.guard([this, done = std::move(done)](const Result<bool>& started) mutable {
    if (!started) return done(std::unexpected(started.error()));
    // The rows that are there say where the shards stand: they are known before anybody asks.
    leases_->read(lifeline_.guard([this, done = std::move(done)](const Result<bool>& read) mutable {
      if (!read) return done(std::unexpected(read.error()));
      usable_ = true;
      done(true);
    }));
  }));
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
  if (held != held_.end()) row.fence = held->second.claim;
  return row;
}

std::vector<StoredPosition> LeasedShards::rows_of_leases() const {
  std::map<aws::ShardId, StoredPosition> rows;
  for (const auto& [shard, sight] : leases_->seen()) rows[shard] = row_of(leases_->newest(sight.lease));
  // A finished shard's row goes soon; a parent without one, of which a child has one, was read to its end.
  for (const auto& [shard, sight] : leases_->seen()) {
    for (const aws::ShardId& parent : sight.lease.parents) {
      StoredPosition ended;
      ended.shard = parent;
      ended.position = Position::shard_end();
      ended.incarnation = sight.lease.own.incarnation;
      ended.epoch = sight.lease.own.epoch;
      rows.try_emplace(parent, std::move(ended));
    }
  }
  std::vector<StoredPosition> list;
  for (auto& [shard, row] : rows) list.push_back(std::move(row));
  return list;
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

void LeasedShards::load(const RelayName& relay, Done<std::vector<StoredPosition>> done) {
  using Rows = std::vector<StoredPosition>;
  with_leases(relay, [this, relay, done = std::move(done)](Result<bool> usable) mutable {
    if (!usable) return answer_later<Rows>(loop_, lifeline_, std::move(done), forward_error(std::move(usable)));
    if (truth_ == nullptr) return answer_later<Rows>(loop_, lifeline_, std::move(done), rows_of_leases());
    truth_->load(relay, lifeline_.guard([this, done = std::move(done)](const Result<Rows>& rows) mutable {
      if (!rows) return done(std::unexpected(rows.error()));
      copy(*rows);
      done(with_leases_of(*rows));
    }));
  });
}

void LeasedShards::claim(const ClaimRequest& request, Done<Claim> done) {
  // Rows are made where a shard is taken.
  const bool makes_rows_only = usable_ && request.only && request.only->empty() && last_claim_.relay == request.relay;
  if (makes_rows_only) return answer_later<Claim>(loop_, lifeline_, std::move(done), Claim{});
  last_claim_ = request;
  with_leases(request.relay, [this, request, done = std::move(done)](Result<bool> usable) mutable {
    if (!usable) return answer_later<Claim>(loop_, lifeline_, std::move(done), forward_error(std::move(usable)));
    if (truth_ != nullptr) return claim_truth(request, std::move(done));
    answer_later<Claim>(loop_, lifeline_, std::move(done), claim_leases(request));
  });
}

/// Under a number of our own: the leases' fences tell one lease from the next, not one worker from another.
Claim LeasedShards::claim_leases(const ClaimRequest& request) {
  const Fence fence = ++claims_;
  for (auto& [shard, held] : held_) {
    if (request.takes(shard)) held.claim = fence;
  }
  return {fence, rows_of_leases()};
}

/// Rows are made where a shard is taken, from its lease: until then the leases say all there is to say. Where the lease is
/// ahead, another library has read the shard meanwhile.
void LeasedShards::claim_truth(ClaimRequest request, Done<Claim> done) {
  using Rows = std::vector<StoredPosition>;
  request.shards.clear();
  const RelayName relay = request.relay;
  truth_->load(relay, lifeline_.guard([this, request = std::move(request),
                                       done = std::move(done)](const Result<Rows>& rows) mutable {
    if (!rows) return done(std::unexpected(rows.error()));
    std::map<aws::ShardId, Position> stored;
    for (const StoredPosition& row : *rows) stored[row.shard] = row.position;
    for (const aws::ShardId& shard : request.only.value_or(std::vector<aws::ShardId>{})) {
      const auto sight = leases_->seen().find(shard);
      if (sight == leases_->seen().end()) continue;
      const Lease& lease = leases_->newest(sight->second.lease);
      const StoredPosition row = row_of(lease);
      const auto found = stored.find(shard);
      if (found == stored.end()) request.shards.push_back({shard, row.position});
      if (found != stored.end() && checkpoint_of(found->second) < lease.checkpoint)
        request.rewound.push_back({shard, row.position, row.read_to});
    }
    truth_->claim(request, lifeline_.guard([this, done = std::move(done)](const Result<Claim>& claim) mutable {
      if (!claim) return done(std::unexpected(claim.error()));
      done(Claim{claim->fence, with_leases_of(claim->positions)});
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
  own.epoch = last_claim_.epoch;
  own.incarnation = last_claim_.incarnation;
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
  if (to.ended()) return leases_->store_end(shard, lease, progress(read_to), children_of(shard), std::move(done));
  leases_->store(shard, lease, to, progress(read_to), std::move(done));
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
    const Fence fence = held != held_.end() && held->second.claim == move.fence ? held->second.lease : 0;
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
