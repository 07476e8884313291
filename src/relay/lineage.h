// The shards that there are, as one life of reading sees them: the walk over them, which have a row in the store, and how
// far the store has read those without a hole. Pure: whoever has it asks the source and the store.
//
//   unacquired ──acquired──▶ walking
//
// A shard:  found ──want_row──▶ without a row ──has_row_now──▶ with one ──end_stored──▶ finished, its children have rows
// A loss:   suspected ──ask──▶ in question ──answered──▶ found again, or given up
// An end:   read ──its children are asked for──▶ known, or asked for again
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/retry.h"
#include "coordination/position_store.h"
#include "shards/walk.h"

namespace ctk::relay {

class Lineage {
 public:
  static constexpr Duration kLongestPause = std::chrono::seconds(30);
  static constexpr size_t kMostPruned = 500;

  /// The rows as they were acquired; `rule` says where shards without one begin.
  void acquired(shards::StartRule rule, const coordination::Acquired& acquired);
  bool is_acquired() const { return walk_ != nullptr; }
  /// Only once they are acquired.
  shards::ShardWalk& walk() { return *walk_; }
  const shards::ShardWalk& walk() const { return *walk_; }

  /// Nothing of a shard is sent until it has a row: no write could move its position.
  void want_row(const aws::ShardId& shard) { without_row_.insert(shard); }
  void has_row_now(const aws::ShardId& shard) { without_row_.erase(shard); }
  bool has_row(const aws::ShardId& shard) const { return !without_row_.contains(shard); }

  /// The rows that must be there with this shard's end.
  std::vector<coordination::NewShard> children_rows(const aws::ShardId& shard) const;
  /// They are, and so is its end.
  std::vector<shards::WalkAction> end_stored(const aws::ShardId& shard, const std::vector<coordination::NewShard>& rows,
                                             Timestamp now);

  /// The store's row of a shard as it is by now: of one that another worker has read until now, or reads.
  void saw_row(const coordination::StoredPosition& row);

  /// As the store had it when the rows were acquired, or seen since; kNoTime where it does not say.
  Timestamp stored_read_to(const aws::ShardId& shard) const;
  /// Whether the store has read any shard without a hole up to some time.
  bool goes_on() const;
  /// What its children miss is what it misses itself, which was reported.
  void forget_read_to(const aws::ShardId& shard) { stored_read_to_.erase(shard); }
  /// The shards that the stream has no longer and nobody waits for. They are forgotten here, too.
  std::vector<aws::ShardId> forget_trimmed();

  using ReadTo = std::function<Timestamp(const aws::ShardId&)>;
  /// The finished shards whose rows nobody needs any more: the stream has lost all that they held, and so lists them no
  /// longer; every shard that goes on was read, so that none is due since its parents were. `stored_read_to`: as far as the
  /// store has read the others without a hole; a row that says so is left. At most kMostPruned, each once; with the time of
  /// its end.
  std::map<aws::ShardId, Timestamp> take_prunable(Timestamp now, Duration retention, const ReadTo& stored_read_to);
  /// They could not be deleted.
  void not_pruned(std::map<aws::ShardId, Timestamp> shards) { ended_at_.merge(shards); }
  /// Since when a shard that begins at `start` is to be read: since its row was made (the position says when), a child at
  /// the earliest since its parents were read. `whole_to`: for the shards that are read, up to when nothing of them is
  /// missed; for others what the store has.
  Timestamp due_since(const aws::ShardId& shard, const shards::Position& start, const ReadTo& whole_to) const;
  /// A child holds nothing older than its parents' ends. `read_to`: as above.
  Timestamp parents_read_to(const aws::ShardId& shard, const ReadTo& read_to) const;

  /// False: a listing is under way already.
  bool begin_listing(Duration now);
  void end_listing() { listing_since_.reset(); }
  std::optional<Duration> listing_since() const { return listing_since_; }
  void listed();
  /// The walk has taken a listing that was begun at `begun`, the source's time. `may_end`: a closed shard may have no
  /// child.
  void took_listing(Timestamp begun, bool may_end);
  /// Whether every shard is known that was there at `time`.
  bool knows_all_of(Timestamp time) const { return complete_to_ >= time; }
  /// The pause until the next listing.
  Duration listing_failed(Duration now, Random& random);
  /// One has failed, and the next one is a pause away.
  bool lists_again_soon() const { return listing_failed_ && !listing_since_; }

  /// What follows from an answer to who the children of a shard are whose end was read.
  struct LookUp {
    bool known = false;   ///< its end may be stored
    bool outage = false;  ///< it was asked for too often
    Duration pause{};     ///< until it is asked for again
  };
  /// The walk knows the children that the source named. `may_have_none`: an end without any is one, too.
  LookUp looked_up(const aws::ShardId& shard, bool may_have_none);
  void ask_for_lost() { ++in_question_; }
  void lost_answered() { --in_question_; }
  /// Whether an answer is on its way that may show other shards.
  bool is_asking() const { return listing_since_ || in_question_ > 0; }

 private:
  std::unique_ptr<shards::ShardWalk> walk_;
  std::set<aws::ShardId> without_row_;
  std::map<aws::ShardId, Timestamp> stored_read_to_;
  std::optional<Duration> listing_since_;
  bool listing_failed_ = false;  ///< the last one
  Retry listing_retry_{RetryPolicy{std::chrono::seconds(1), kLongestPause, {}}};
  std::map<aws::ShardId, int> look_ups_;
  std::map<aws::ShardId, Timestamp> ended_at_;  ///< of those that have a row: when that was stored
  Timestamp complete_to_ = kNoTime;             ///< every shard of then is known
  size_t in_question_ = 0;                      ///< shards that listings lacked and the source is asked for
};

}  // namespace ctk::relay
