// The engine behind Relay: it puts its parts together. Each part is an object with a state of its own, decides without
// socket, clock or thread, and knows nothing of the engine:
//
//   run.h               source, target and options
//   life.h              one life of reading, and a pass within it: what goes when they go
//     lineage.h           which shards there are, which have a row, how far the store has read them
//     held_shards.h       which of them are this worker's
//     shard.h             one shard: shard_reading.h asks, shard_queue.h holds, shard_progress.h is acknowledged
//     load_run.h          the load that the life takes part in
//   table_set.h         where changes go, and which tables are open
//   position_keeper.h   which moves the store is to be given
//   gap_ledger.h        what was lost; run_counters.h: what was counted; outage.h: what does not progress
//   write_attempts.h    how writing goes; source_standing.h: how the source stands
//   start_up.h          what the starts have done; rounds.h: what is due now and then
//
// Four parts ask source and target for what those decide. They look at where the run is (run_state.h), and report to
// whoever directs it (course.h), whom they do not know:
//
//   reading.h           from the shards there are to what they have queued
//   writing.h           from there to what the target has; write_queue.h: batches on their way
//   table_opener.h      the tables that changes go to; writing asks it for those that it does not know
//   sweeping.h          rounds of sweeping; sweeper.h
//
// Who asks whom for a change, from its page to its position, stands in five files:
//
//   reading_pages.cc     its shard is asked, its page is queued
//   writing.cc           it is in a batch, which is given to the target in the end, and acknowledged
//   prepare.cc           the worker decodes it, and later folds and renders it
//   writing_route.cc     between the two, its table is found
//   engine_positions.cc  where its position did not go with the rows, it is stored
//
// What they decide by, on that way: batch_plan.h (what is in the batch), shard_queue.h (up to where its slice of a shard
// goes), write_queue.h (how far the batch is), duplicates.h, routes.h, fold.h; frontier.h (acknowledged up to where),
// position_keeper.h (the move that is made of that). spare_rows.h lends them memory. The engine's own:
//
//   engine_start.cc      the start, read top to bottom: source, target, positions, shards
//   engine_load.cc       a load begins: its epoch, its start positions, its segments
//   engine_load_end.cc   a load ends; the table is ready
//   engine_sharing.cc    shards that are given to this worker, or to others
//   engine_positions.cc  what is done each second: positions outside of batches, whether the shards are still this run's
//   engine_drop.cc       what is held is dropped, and read again in another pass, or another life
//   engine_finish.cc     the end of a run
//   engine_view.cc       what can be seen of it from outside (relay_view.h)
//   engine_attempt.h     what the start may call again; acquisition.h: what it has of the positions
//
// Everything runs on the loop but what prepare.h has, which runs on the worker.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_budget.h"
#include "base/lifeline.h"
#include "base/task.h"
#include "relay/course.h"
#include "relay/gap_ledger.h"
#include "relay/outage.h"
#include "relay/position_keeper.h"
#include "relay/reading.h"
#include "relay/relay.h"
#include "relay/relay_view.h"
#include "relay/rounds.h"
#include "relay/run.h"
#include "relay/run_counters.h"
#include "relay/run_state.h"
#include "relay/source_standing.h"
#include "relay/start_up.h"
#include "relay/sweeping.h"
#include "relay/table_opener.h"
#include "relay/table_set.h"
#include "relay/write_attempts.h"
#include "relay/writing.h"

namespace ctk::relay {

class Relay::Engine : private Course, private Reading::Owner, private Writing::Owner {
 public:
  Engine(RelayOptions options, source::Sources sources, sink::Sink& sink, Positions positions,
         RelayEnvironment environment);
  ~Engine() override = default;

  void run(Done<RelayStats> done);
  void stop();
  RelayStats stats() const;
  RelayView view() const;

 private:
  using Phase = RunState::Phase;
  static constexpr Side kSource = Side::source, kTarget = Side::target;

  // engine_start.cc
  void restart();
  Task<bool> start();
  Task<bool> start_life();
  Task<Status> open_source();
  Status know_source_table();
  Task<Status> reach_target();
  Task<Result<bool>> find_named_table();
  Task<Status> find_tables();
  Task<Status> load_positions(std::vector<coordination::StoredPosition>& rows);
  Status accept_positions(std::vector<coordination::StoredPosition>& rows);
  Task<Status> check_records(const std::vector<coordination::StoredPosition>& rows);
  Task<Status> acquire(const std::vector<coordination::StoredPosition>& rows);
  /// Calls until it works, fails for good, or start_timeout has passed.
  template <class T>
  Task<Result<T>> attempt(std::string what, Side side, std::move_only_function<void(Done<T>)> call);
  Result<shards::StartRule> start_rule(const std::vector<ListedShard>& listed) const;
  void begin();

  // engine_load.cc, engine_load_end.cc
  Task<Status> open_target(const std::vector<coordination::StoredPosition>& rows);
  Result<Table*> add_loaded_table();
  Task<bool> sweep_for_last_load(const Table& table);
  bool wants_load() const;
  /// Or there is nothing to load.
  bool may_share_load() const;
  /// A load that a gap has begun goes on in the next run, which does not find that gap again.
  bool resumes_load_of_gap() const;
  std::optional<Error> lost_since_load(const std::vector<coordination::StoredPosition>& rows) const;
  coordination::AcquireRequest acquire_request(const std::vector<ListedShard>& listed,
                                               const std::vector<coordination::StoredPosition>& rows,
                                               const shards::StartRule& rule) const;
  void note_segments(const std::vector<coordination::StoredPosition>& rows);
  /// Of a load that many workers share: `acquired` is given the segments that nobody has taken yet.
  Status join_shared_load(const coordination::AcquireRequest& request,
                          const std::vector<coordination::StoredPosition>& rows,
                          std::vector<coordination::StoredPosition>& acquired) const;
  void begin_load();
  void count_loaded_before();
  void await_other_relays(std::vector<coordination::RelayName> relays);
  void consider_load_end();
  void on_load_end(Result<sink::LoadEnding> ending);
  void consider_ready();
  bool is_stored(const ShardId& segment) const;
  bool are_own_past_load() const;
  /// Other workers' shards, too.
  bool are_all_past_load();
  std::vector<coordination::StoredPosition> rows_as_read() const;
  std::optional<LoadProgress> load_progress() const;

  // engine_sharing.cc
  void begin_sharing();
  void take_shards(const std::vector<ShardId>& shards);
  void on_taken(const std::vector<ShardId>& shards, Result<coordination::Acquired> acquired);
  void go_on_with_taken(const coordination::StoredPosition& row);
  void give_away(const std::vector<ShardId>& shards);
  void give_what_is_drained();
  bool is_drained(const ShardId& id) const;
  void lose_shards(const std::vector<ShardId>& shards);
  bool is_carried(const ShardId& id) const;
  /// Whether every shard that is not finished is held here, or by another worker.
  bool is_all_shared_out() const;
  void let_go_of_lost();
  /// False: it is no segment of the load that runs.
  bool take_note_of_segment(const coordination::StoredPosition& row);
  void follow_others(const std::vector<coordination::StoredPosition>& rows);
  Timestamp read_to_of_all(const std::vector<coordination::StoredPosition>& rows) const;

  // what follows from reading, and from writing
  void on_writable() override { writing_.pump(); }
  void add_dead_letter(sink::DeadLetter letter) override { writing_.add_dead_letter(std::move(letter)); }
  void share_known_shards() override;
  void on_room(Shard& shard) override { reading_.consider(shard); }
  void on_batch_answered() override;
  void acknowledged(const std::vector<coordination::PositionMove>& ends) override;
  void cannot_send(const std::string& why) override { drop_and_read_again(why); }
  void lost_shards(const std::vector<ShardId>& shards) override { lose_shards(shards); }
  void leave() override {
    counters_.note_unwritten();
    end(stats());
  }
  /// `fenced`: the end of a run that is alone; else some shards are lost.
  void fenced(const Error& error) override;

  // engine_drop.cc
  void drop_and_read_again(const std::string& why);
  void report_drop(const std::string& why) const;
  void drop_held();
  void reload_positions();
  void go_on_from_rows(std::vector<coordination::StoredPosition> rows);
  void set_back_to(const coordination::StoredPosition& row);
  void go_on_from(const coordination::StoredPosition& row);
  void lost_table(Error error) override;
  void begin_next_life(const std::string& why) override;
  void begin_next_life_now();

  // engine_view.cc
  Duration lag() const;
  Duration lag_of(const Shard& shard) const;
  bool is_read_by_nobody(const shards::KnownShard& known) const;
  /// How long ago that one was read to its newest, as far as the store tells.
  Duration unread_for(const shards::KnownShard& known) const;
  Duration passed_since(Timestamp time) const;
  ShardView view_of(const shards::KnownShard& known) const;
  RelayView::State visible_state() const;
  bool is_caught_up(const std::vector<ShardView>& shards) const;

  // engine_positions.cc
  void every_second();
  void finish_shards(const std::vector<coordination::PositionMove>& ends);
  /// What no batch carries; `all`: how far idle shards were read, too. One after another.
  void store_positions(bool all, PositionKeeper::Then then = {});
  void on_positions_stored(const std::vector<coordination::PositionMove>& moves, Result<bool> stored,
                           PositionKeeper::Then then);
  void settle_ends();
  void check_hold();
  /// False: the run has ended, since another worker has taken shards of it, which was alone.
  bool holds_positions(const std::vector<coordination::StoredPosition>& rows);

  // engine_finish.cc
  void consider_end() override;
  void consider_source_end();
  bool everything_done() const;
  /// A stop waits no longer than that.
  void end_after_grace();
  void finish();
  void fail_run(Error error) override;
  void end(Result<RelayStats> result);
  /// Notes and reports (once a minute) why a part of a side does not progress; ends a bounded run after `give_up`.
  bool report_outage(Side side, const Error& error, const std::string& doing) override;
  void report_working(Side side, const std::string& doing) override;
  void report_working(Side side) override;

  Shard& shard(const ShardId& id) { return *life().shards.at(id); }
  Life& life() { return *state_.life; }
  const Life& life() const { return *state_.life; }
  Duration now() const { return run_.now(); }

  Run run_;
  Done<RelayStats> done_;
  RunState state_;
  ByteBudget budget_;

  TableSet tables_;
  GapLedger gaps_;
  StartUp start_;
  SourceStanding standing_;
  WriteAttempts attempts_;
  PositionKeeper keeper_;
  Rounds rounds_;
  RunCounters counters_;
  Outages outages_;

  TableOpener opener_;
  Reading reading_;
  Writing writing_;
  Sweeping sweeping_;

  std::optional<TaskGroup> starting_;  ///< the start of the life that is begun
  Lifeline lifeline_;
};

}  // namespace ctk::relay
