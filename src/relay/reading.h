// The reading half of a run: which shards there are, what they have, and what they have no longer.
//
//   reading_pages.cc    a shard is asked for its pages, within the byte budget
//   reading_walk.cc     the shards there are, their ends and their children
//   reading_gaps.cc     what the stream no longer has although nobody has read it
//
// It fills the queues of the shards of the life that the run is in, and knows neither what becomes of that nor who directs
// the run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/byte_budget.h"
#include "relay/course.h"
#include "relay/gap_ledger.h"
#include "relay/outage.h"
#include "relay/run.h"
#include "relay/run_counters.h"
#include "relay/run_state.h"
#include "relay/source_standing.h"
#include "relay/table_set.h"

namespace ctk::relay {

class Reading {
 public:
  /// What follows from reading, for others to do.
  class Owner {
   public:
    virtual ~Owner() = default;
    /// Something can be written that could not before: it was read, or may be sent now.
    virtual void on_writable() = 0;
    /// A dead letter of no record that was read.
    virtual void add_dead_letter(sink::DeadLetter letter) = 0;
    /// Shards were found: where workers share them, they are shared out.
    virtual void share_known_shards() = 0;
  };
  /// What it works on, which outlives it.
  struct Parts {
    Run& run;
    RunState& state;
    ByteBudget& budget;
    const TableSet& tables;
    SourceStanding& standing;
    GapLedger& gaps;
    RunCounters& counters;
    const Outages& outages;
    Course& course;
    Owner& owner;
  };
  /// How far a shard is stored.
  struct Reached {
    Position position;
    Timestamp read_to = kNoTime;
  };

  explicit Reading(Parts parts) : parts_(parts), run_(parts.run), state_(parts.state) {}

  // pages
  /// Asks for a page of it, if it may be asked and there is room.
  void consider(Shard& shard);
  /// The same for those that wait for room, in turn.
  void read_with_freed_budget();
  /// The source has heard of something to be read of that shard: a rest is over.
  void read_early(const ShardId& id);

  // walk
  /// What the walk has found: rows are made, shards are begun with, sent of, or asked for since listings lack them.
  void perform(const std::vector<shards::WalkAction>& actions);
  /// The shard is read from there on.
  void begin(const ShardId& id, const Position& position);
  /// `begun`: when it was asked for, by the source's clock.
  void take_listing(std::vector<ListedShard> listed, Timestamp begun);
  /// Asks for all shards, unless that is under way.
  void relist();
  /// A shard that one listing lacks is looked for again soon.
  void check_suspects();
  /// A stream whose shards roll would else be remembered shard by shard for as long as the process lives.
  void forget_trimmed_shards();

  // gaps
  /// A position from before what the stream has.
  std::optional<Error> find_gap(const coordination::StoredPosition& row) const;
  /// False: the run has ended because of it.
  bool note_gap(const ShardId& shard, const Reached& reached, Error gap);
  /// Listings may lack a shard that is there: the source is asked for it.
  void confirm_loss(const shards::LostShard& lost);

 private:
  // reading_pages.cc
  void on_page(const std::shared_ptr<Shard>& shard, size_t reserved, Result<source::Page> result);
  void accept_page(Shard& shard, size_t reserved, source::Page page);
  void on_read_error(Shard& shard, const Error& error);
  Duration pause_after_failure(Shard& shard);
  void check_incarnation();
  void schedule_read(Shard& shard, Duration pause);

  // reading_walk.cc
  std::vector<ListedShard> with_segments(std::vector<ListedShard> listed) const;
  source::PageSize first_page_of(const ShardId& id) const;
  void add_row(const coordination::NewShard& shard);
  void on_shard_end(Shard& shard, const std::vector<ListedShard>& children);
  void know_end(Shard& shard);
  void look_for_children(const ShardId& id);
  void on_listing_error(const Error& error);
  void read_on_behind_tips();
  void prune();
  bool may_end_without_children() const { return !run_.identity.traits.shards_go_on || run_.source.ended(); }

  // reading_gaps.cc
  void on_gap(const ShardId& shard, const Reached& reached, const std::string& what);
  bool lost_while_away(Shard& shard, const source::Page& page);
  Timestamp whole_to_of(const ShardId& id) const;
  Timestamp read_to_of(const ShardId& id) const;
  void confirm_loss_again(const shards::LostShard& lost);

  Life& life() { return *state_.life; }
  const Life& life() const { return *state_.life; }
  Shard& shard(const ShardId& id) { return *life().shards.at(id); }
  Duration now() const { return run_.now(); }

  Parts parts_;
  Run& run_;
  RunState& state_;
};

}  // namespace ctk::relay
