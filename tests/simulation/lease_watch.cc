#include "simulation/lease_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "shards/segment.h"

namespace ctk::simulation {

using coordination::Lease;
using coordination::PositionMove;
using coordination::WorkerName;

std::unique_ptr<LeaseWatch::Seen> LeaseWatch::see(coordination::LeasedShards& shards, WorkerName worker, bool alone) {
  return std::make_unique<Seen>(*this, shards, std::move(worker), alone);
}

void LeaseWatch::Seen::begin(const coordination::RelayName& relay, Listener listener) {
  Listener seen;
  seen.gained = [this, gained = std::move(listener.gained)](std::vector<aws::ShardId> shards) mutable {
    for (const aws::ShardId& shard : shards) watch_.on_gained(worker_, shard);
    gained(std::move(shards));
  };
  seen.lost = std::move(listener.lost);
  shards_.begin(relay, std::move(seen));
}

void LeaseWatch::Seen::move(const coordination::RelayName& relay, std::vector<PositionMove> moves, Done<bool> done) {
  if (!alone_) return shards_.move(relay, std::move(moves), std::move(done));
  std::vector<PositionMove> kept = moves;
  shards_.move(relay, std::move(moves),
               [this, kept = std::move(kept), done = std::move(done)](Result<bool> stored) mutable {
                 if (stored) std::ranges::for_each(kept, [this](const PositionMove& move) { watch_.on_stored(move); });
                 done(std::move(stored));
               });
}

/// What was lost is let go of, too; what may still be written is given away.
void LeaseWatch::Seen::let_go(const std::vector<aws::ShardId>& shards) {
  for (const aws::ShardId& shard : shards) {
    if (alone_ && shards_.may_write(shard)) watch_.on_given(worker_, shard);
  }
  shards_.let_go(shards);
}

void LeaseWatch::on_given(const WorkerName& worker, const aws::ShardId& shard) {
  const auto sent = sent_.find({worker, shard});
  const auto stored = stored_.find(shard);
  const bool all = sent == sent_.end() ||
                   (stored != stored_.end() && (stored->second.ended() || stored->second.sequence >= sent->second));
  ++(all ? drained_ : dropped_);
}

void LeaseWatch::note(std::string what) {
  if (!wrong_) wrong_ = std::move(what);
}

void LeaseWatch::on_gained(const WorkerName& worker, const aws::ShardId& shard) {
  WorkerName& reader = readers_[shard];
  if (!reader.empty() && reader != worker) ++moves_;
  reader = worker;
}

void LeaseWatch::on_send(const WorkerName& worker, const sink::Batch& batch) {
  const auto check = [&](const aws::ShardId& shard) {
    const auto reader = readers_.find(shard);
    if (reader == readers_.end() || reader->second == worker) return;
    note(fmt::format("{} writes what it has read of {}, which {} was given", worker.str(), shard.str(),
                     reader->second.str()));
  };
  for (const sink::TableWrites& writes : batch.tables) {
    for (const sink::FoldedChange& folded : writes.changes) {
      for (const auto& change : folded.changes) check(aws::ShardId(std::string(change->shard)));
      note_sent(worker, folded);
    }
  }
  for (const PositionMove& move : batch.moves) check(move.shard);
}

void LeaseWatch::note_sent(const WorkerName& worker, const sink::FoldedChange& folded) {
  const dynamodb::Change& change = *folded.changes.front();
  const aws::ShardId shard{std::string(change.shard)};
  if (folded.changes.size() != 1 || shards::is_segment(shard)) return;
  aws::SequenceNumber& sent = sent_[{worker, shard}];
  // A record of an aggregate has its index behind a colon.
  sent = std::max(sent, aws::SequenceNumber(change.position.substr(0, change.position.find(':'))));
}

void LeaseWatch::on_stored(const PositionMove& move) {
  const coordination::Checkpoint moved = coordination::checkpoint_of(move.to);
  coordination::Checkpoint& stored = stored_.try_emplace(move.shard, moved).first->second;
  stored = std::max(stored, moved);
  look();
  const auto row = rows_.find(move.shard);
  if (row == rows_.end() || row->second.checkpoint >= stored || forgiven_.contains(move.shard)) return;
  note(fmt::format("{} was said to be stored up to {}, and its lease stands at {}", move.shard.str(), to_string(stored),
                   to_string(row->second.checkpoint)));
}

void LeaseWatch::compare(const Lease& before, const Lease& now) {
  if (now.checkpoint >= before.checkpoint) return;
  note(fmt::format("the lease of {} went back from {} to {}", now.shard.str(), to_string(before.checkpoint),
                   to_string(now.checkpoint)));
}

void LeaseWatch::forgive(const aws::ShardId& shard) {
  rows_.erase(shard);
  forgiven_.insert(shard);
}

void LeaseWatch::check_ended(const Lease& lease) {
  for (const aws::ShardId& child : lease.children) {
    if (!had_row_.contains(child))
      note(fmt::format("{} is finished, and its child {} has no row", lease.shard.str(), child.str()));
  }
}

void LeaseWatch::look() {
  if (std::exchange(seen_changes_, service_.changes()) == service_.changes()) return;
  const LeaseService::Rows before = std::exchange(rows_, service_.rows());
  for (const auto& [shard, lease] : rows_) had_row_.insert(shard);
  for (const auto& [shard, lease] : before) {
    if (!rows_.contains(shard) && !lease.finished())
      note(fmt::format("the row of {} is gone, and the shard is not finished", shard.str()));
  }
  for (const auto& [shard, lease] : rows_) {
    const auto old = before.find(shard);
    if (old != before.end()) compare(old->second, lease);
    if (lease.finished() && (old == before.end() || !old->second.finished())) check_ended(lease);
  }
}

}  // namespace ctk::simulation
