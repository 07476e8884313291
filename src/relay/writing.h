// The writing half of a run: from what the shards have queued to what the target has.
//
//   writing.cc          a batch is planned, and decoded on the worker; given to the target, and acknowledged: with
//                       transactions its positions went with it
//   writing_route.cc    between the two: its changes go to their tables; once those are open they are folded and rendered
//                       on the worker
//   writing_stop.cc     on-error=stop
//
// It takes from the shards of the life that the run is in, and knows neither how they are read nor who directs the run.
#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "relay/course.h"
#include "relay/letter_notice.h"
#include "relay/position_keeper.h"
#include "relay/prepare.h"
#include "relay/routes.h"
#include "relay/run.h"
#include "relay/run_counters.h"
#include "relay/run_state.h"
#include "relay/spare_rows.h"
#include "relay/table_opener.h"
#include "relay/table_set.h"
#include "relay/write_attempts.h"
#include "relay/write_queue.h"

namespace ctk::relay {

class Writing {
 public:
  /// What follows from writing, for others to do.
  class Owner {
   public:
    virtual ~Owner() = default;
    /// Records have left its queue: it may be read on.
    virtual void on_room(Shard& shard) = 0;
    /// A batch was written, or not: what waited for that may go on.
    virtual void on_batch_answered() = 0;
    /// It was written, and is gone. `ends`: shards whose end went with it.
    virtual void acknowledged(const std::vector<coordination::PositionMove>& ends) = 0;
    /// What is held cannot be sent safely: it is to be dropped, and read again.
    virtual void cannot_send(const std::string& why) = 0;
    /// These are another worker's now.
    virtual void lost_shards(const std::vector<ShardId>& shards) = 0;
    /// Another one writes in this one's place.
    virtual void fenced(const Error& error) = 0;
    /// The stop that was asked for does without what could not be written.
    virtual void leave() = 0;
  };
  /// What it works on, which outlives it.
  struct Parts {
    Run& run;
    RunState& state;
    ByteBudget& budget;
    TableSet& tables;
    TableOpener& opener;
    RunCounters& counters;
    PositionKeeper& keeper;
    WriteAttempts& attempts;
    Course& course;
    Owner& owner;
  };

  Writing(Parts parts, WriteQueue::Rules rules);

  /// Plans what is due and gives the target what is ready.
  void pump();
  /// A table has opened: what waited for it goes on.
  void on_table_open();
  /// A dead letter of no record that the next batch takes along.
  void add_dead_letter(sink::DeadLetter letter) { writes_.add_dead_letter(std::move(letter)); }
  /// The pause of an outage is over.
  void try_now();

  bool empty() const { return writes_.empty(); }
  bool holds(const ShardId& shard) const { return writes_.holds(shard); }
  /// Nothing is under way, nor waits to be taken along.
  bool quiet() const { return writes_.empty() && !writes_.has_dead_letters(); }
  bool applying() const { return writes_.applying() > 0; }
  /// Drops what is under way; nothing is being applied.
  void drop();

 private:
  /// Where the changes of a source table go: which of a batch's shares, or why to none.
  using Destination = std::variant<size_t, FilteredOut, Error>;

  // writing.cc: planning
  bool plan();
  std::vector<QueueView> queue_views();
  Slice take_slice(Shard& shard, size_t records, InFlightBatch& write);
  void decode(InFlightBatch& write, std::vector<Slice> slices);
  void on_decoded(uint64_t id, std::vector<Slice> slices, DecodedBatch decoded);

  // writing_route.cc
  void route(InFlightBatch& write);
  bool repeats(InFlightBatch& write, const RoutedChange& routed);
  std::optional<Destination> destination_of(InFlightBatch& write, const dynamodb::Change& change, size_t changes);
  void send(InFlightBatch& write, RoutedChange&& routed, const Destination& destination);
  static void drop_older_than_cut(InFlightBatch& write, TableShare& share, std::optional<Timestamp> cut);
  void render_if_open(InFlightBatch& write);
  void on_rendered(uint64_t id, RenderedPrefix prefix);
  sink::DeadLetter dead_letter(const RoutedUndecodable& bad) const;

  // writing_stop.cc
  static std::vector<BadChange> take_undecodable(InFlightBatch& write, const ChangeLists& lists);
  void stop_at(InFlightBatch& write, const std::vector<BadChange>& found);
  void render_before(InFlightBatch& write, std::vector<sink::RefusedChange> refused);
  bool stops_now();

  // writing.cc: applying
  void apply_ready();
  bool held_too_long(const InFlightBatch& write) const;
  std::vector<ShardId> not_to_be_written(const InFlightBatch& write) const;
  void apply(InFlightBatch& write);
  void on_applied(uint64_t id, Result<sink::BatchOutcome> result);
  void report_dead_letters(const sink::BatchOutcome& outcome);
  void acknowledge(InFlightBatch& write);
  void on_apply_error(const Error& error);

  Life& life() { return *state_.life; }
  Duration now() const { return run_.now(); }

  Parts parts_;
  Run& run_;
  RunState& state_;
  WriteQueue writes_;
  LetterNotice letter_notice_;
  EventLoop::TimerId lingering_ = 0;  ///< a batch may be due
  EventLoop::TimerId pausing_ = 0;    ///< after a write that failed
  /// Used on the worker only, by jobs that keep it: one may still run when the run is gone.
  std::shared_ptr<dynamodb::Decoder> decoder_;
  std::shared_ptr<SpareRows> spare_rows_ = std::make_shared<SpareRows>();
};

}  // namespace ctk::relay
