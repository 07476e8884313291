// The engine behind Relay: it puts its parts together. Each part is an object with a state of its own, decides without
// socket, clock or thread, and knows nothing of the engine:
//
//   run.h               source, target and options
//   life.h              one life of reading, and a pass within it: what goes when they go
//     lineage.h           which shards there are, which have a row, how far the store has read them
//     held_shards.h       which of them are this worker's
//     shard.h             one shard: shard_reading.h asks, shard_queue.h holds, shard_progress.h is acknowledged
//     load_run.h          the load that the life takes part in
//   write_queue.h       batches on their way, from the worker to the target
//   table_set.h         where changes go, and which tables are open
//   position_keeper.h   which moves the store is to be given
//   gap_ledger.h        what was lost; run_counters.h: what was counted; outage.h: what does not progress
//   write_attempts.h    how writing goes; source_standing.h: how the source stands
//   start_up.h          what the starts have done; sweeper.h: a round of sweeping; rounds.h: what is due now and then
//
// A change on its way: engine_read.cc (its page) → engine_plan.cc (its batch) → engine_route.cc (its table and row) →
// engine_apply.cc (written and acknowledged; with transactions its position went with it) → position_keeper.cc (else, its
// position: engine_finish.cc gives it to the store). The rest:
//
//   engine_start.cc    the start, read top to bottom: source, target, positions, shards
//   engine_load.cc     a load begins: its epoch, its start positions, its segments
//   engine_load_end.cc a load ends; the table is ready; the next life begins
//   engine_walk.cc     the shards there are, their ends and their children
//   engine_sharing.cc  shards that are given to this worker, or to others
//   engine_gaps.cc     what the stream no longer has although nobody has read it
//   engine_finish.cc   positions outside of batches, sweeping, the end of a run
//   engine_view.cc     what can be seen of it from outside
//
// Everything runs on the loop but what prepare.h has, which runs on the worker.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/lifeline.h"
#include "base/retry.h"
#include "base/task.h"
#include "relay/gap_ledger.h"
#include "relay/life.h"
#include "relay/outage.h"
#include "relay/patience.h"
#include "relay/position_keeper.h"
#include "relay/prepare.h"
#include "relay/relay.h"
#include "relay/relay_view.h"
#include "relay/rounds.h"
#include "relay/run.h"
#include "relay/run_counters.h"
#include "relay/source_standing.h"
#include "relay/start_up.h"
#include "relay/sweeper.h"
#include "relay/table_set.h"
#include "relay/write_attempts.h"
#include "relay/write_queue.h"
#include "shards/cadence.h"

namespace ctk::relay {

class Relay::Engine {
 public:
  Engine(RelayOptions options, Sources sources, sink::Sink& sink, Positions positions, RelayEnvironment environment);

  void run(Done<RelayStats> done);
  void stop();
  RelayStats stats() const;
  RelayView view() const;

 private:
  /// How far a shard is stored.
  struct Reached {
    Position position;
    Timestamp read_to = kNoTime;
  };

  static constexpr Side kSource = Side::source, kTarget = Side::target;

  /// finishing: the last positions are being stored; counting: they are, the rows are swept and counted.
  enum class Phase { idle, starting, running, stopping, finishing, counting, ended };

  // start
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
  Task<Status> open_target(bool begins);
  Result<Table*> add_loaded_table();
  Task<bool> sweep_for_last_load(const Table& table);
  Task<Status> claim(const std::vector<coordination::StoredPosition>& rows);
  /// Calls until it works, fails for good, or start_timeout has passed.
  template <class T>
  Task<Result<T>> attempt(std::string what, Side side, std::move_only_function<void(Done<T>)> call);
  std::optional<Error> find_gap(const coordination::StoredPosition& row) const;
  Result<shards::StartRule> start_rule(const std::vector<ListedShard>& listed) const;
  void begin();

  // load
  bool wants_load() const;
  /// A load that a gap has begun goes on in the next run, which does not find that gap again.
  bool resumes_load_of_gap() const;
  coordination::TableClaim table_claim(const Table& table) const;
  /// What is known of the epoch before any table is opened.
  coordination::TableRecord epoch_record() const;
  std::optional<Error> lost_since_load(const std::vector<coordination::StoredPosition>& rows) const;
  coordination::ClaimRequest claim_request(const std::vector<ListedShard>& listed,
                                           const std::vector<coordination::StoredPosition>& rows,
                                           const shards::StartRule& rule) const;
  std::vector<ListedShard> with_segments(std::vector<ListedShard> listed) const;
  void note_segments(const std::vector<coordination::StoredPosition>& rows);
  void begin_load();
  void count_loaded_before();
  void await_other_relays(std::vector<coordination::RelayName> relays);
  void consider_load_end();
  void on_load_end(Result<sink::LoadEnding> ending);
  void consider_ready();
  void take_sweep_of_load(const std::string& table, const sink::SweepOutcome& outcome);
  bool is_stored(const ShardId& segment) const;
  std::optional<LoadProgress> load_progress() const;
  std::optional<Timestamp> reads_since() const;
  void warn_of_missing_load(const coordination::TableRecord& record);
  void warn_of_sight(const sink::OpenTable& opened);
  void on_lost_table(Error error);
  /// Everything anew from ctk_tables on: an epoch has begun, or is to begin.
  void start_over(const std::string& why);
  void start_over_now();

  // sharing
  void begin_sharing();
  void share_known_shards();
  void take_shards(const std::vector<ShardId>& shards);
  /// A claim of these alone.
  coordination::ClaimRequest claim_of(std::vector<ShardId> shards) const;
  void on_taken(const std::vector<ShardId>& shards, Result<coordination::Claim> claim);
  void go_on_with_taken(const coordination::StoredPosition& row);
  void lose_shards(const std::vector<ShardId>& shards);
  bool is_carried(const ShardId& id) const;
  /// Whether every shard that is not finished is held here, or by another worker.
  bool is_all_shared_out() const;
  void let_go_of_lost();
  std::vector<ShardId> not_to_be_written(const InFlightBatch& write) const;
  void follow_others(const std::vector<coordination::StoredPosition>& rows);
  /// `fenced`: the end of a run that is alone; else some shards are lost.
  void on_fenced(const Error& error);

  // walk
  void begin_reading(const ShardId& id, const Position& position);
  void perform(const std::vector<shards::WalkAction>& actions);
  void take_listing(std::vector<ListedShard> listed, Timestamp begun);
  bool may_end_without_children() const { return !run_.identity.traits.shards_go_on || run_.source.ended(); }
  PageSize first_page_of(const ShardId& id) const;
  void add_row(const coordination::NewShard& shard);
  void on_shard_end(Shard& shard, const std::vector<ListedShard>& children);
  void know_end(Shard& shard);
  void look_for_children(const ShardId& id);
  void relist();
  void on_listing_error(const Error& error);
  /// A shard that one listing lacks is looked for again soon.
  void check_suspects();
  void read_on_behind_tips();
  void forget_trimmed_shards();
  void prune();

  // gaps
  void on_gap(const ShardId& shard, const Reached& reached, const std::string& what);
  bool note_gap(const ShardId& shard, const Reached& reached, Error gap);
  bool lost_while_away(Shard& shard, const Page& page);
  Timestamp whole_to_of(const ShardId& id) const;
  Timestamp read_to_of(const ShardId& id) const;
  void confirm_loss(const shards::LostShard& lost);
  void confirm_loss_again(const shards::LostShard& lost);

  // read
  Shard& shard(const ShardId& id) { return *life_->shards.at(id); }
  void consider_reading(Shard& shard);
  void on_page(const std::shared_ptr<Shard>& shard, size_t reserved, Result<Page> result);
  void accept_page(Shard& shard, size_t reserved, Page page);
  void on_read_error(Shard& shard, const Error& error);
  Duration pause_after_failure(Shard& shard);
  void check_incarnation();
  void schedule_read(Shard& shard, Duration pause);
  void read_with_freed_budget();

  // plan
  void pump();
  bool plan();
  void note_backlog(Shard& shard);
  std::vector<QueueView> queue_views();
  static Slice take_slice(Shard& shard, size_t records, uint64_t write);
  void decode(InFlightBatch& write, std::vector<Slice> slices);
  void on_decoded(uint64_t id, std::vector<Slice> slices, DecodedBatch decoded);

  // route
  void route(InFlightBatch& write);
  bool route_change(InFlightBatch& write, RoutedChange&& routed);
  bool add_table_of(const dynamodb::Change& change, const table::QualifiedName& name);
  bool add_table(const table::QualifiedName& name, const std::string& source, const table::KeySchema& keys);
  void open_known_tables();
  void open_table(const std::string& name);
  void on_table_open(const std::string& name, Result<sink::OpenTable> result);
  void say_what_a_file_does(const std::string& name) const;
  static void drop_older_than_cut(InFlightBatch& write, TableShare& share, std::optional<Timestamp> cut);
  void render_if_open(InFlightBatch& write);
  void on_rendered(uint64_t id, RenderedPrefix prefix);
  static std::vector<BadChange> take_undecodable(InFlightBatch& write, const ChangeLists& lists);
  void stop_at(InFlightBatch& write, const std::vector<BadChange>& found);
  void render_before(InFlightBatch& write, std::vector<sink::RefusedChange> refused);
  bool stops_now();
  sink::DeadLetter dead_letter(const RoutedUndecodable& bad) const;

  // apply
  void apply_ready();
  bool held_too_long(const InFlightBatch& write);
  void apply(InFlightBatch& write);
  void on_applied(uint64_t id, Result<sink::BatchOutcome> result);
  void acknowledge(InFlightBatch& write);
  void on_apply_error(const Error& error);
  void drop_and_read_again(const std::string& why);
  bool is_dropping() const { return life_->drop != Life::Drop::nothing; }
  void finish_shards(const std::vector<coordination::PositionMove>& ends);
  void reload_positions();
  void go_on_from_rows(std::vector<coordination::StoredPosition> rows);
  void set_back_to(const coordination::StoredPosition& row);
  void go_on_from(const coordination::StoredPosition& row);

  // view
  Duration lag_of(const Shard& shard) const;
  ShardView view_of(const shards::KnownShard& known) const;
  RelayView::State visible_state() const;
  bool is_caught_up(const std::vector<ShardView>& shards) const;

  // finish
  void every_second();
  /// What no batch carries; `all`: how far idle shards were read, too. One after another.
  void store_positions(bool all, PositionKeeper::Then then = {});
  void on_positions_stored(const std::vector<coordination::PositionMove>& moves, Result<bool> stored,
                           PositionKeeper::Then then);
  void settle_ends();
  void check_claim();
  /// False: the run has ended, since another worker has taken shards of it, which was alone.
  bool holds_claim(const std::vector<coordination::StoredPosition>& rows);
  /// Sweeps every open table, one after another.
  void sweep(Sweeper::Purpose purpose, std::move_only_function<void()> then);
  void sweep_next(std::move_only_function<void()> then);
  /// False: the run ends, or begins again.
  bool on_swept(const std::string& table, const Result<sink::SweepOutcome>& outcome);
  sink::SweepRequest sweep_request(const std::string& table) const;
  void consider_finishing();
  void consider_source_end();
  bool everything_done() const;
  void finish();
  void fail_run(Error error);
  void end(Result<RelayStats> result);
  /// Notes and says (once a minute) why a part of a side does not progress; ends a bounded run after `give_up`.
  void report_outage(Side side, const Error& error, const std::string& doing);
  void report_working(Side side, const std::string& doing);
  void report_working(Side side);
  bool is_finishing() const { return phase_ == Phase::finishing || phase_ == Phase::counting; }
  Duration now() const { return run_.now(); }

  /// A completion that does nothing once the engine is gone; or this life of reading; or this pass of it. The latter two go
  /// with the engine.
  template <class F>
  auto guarded(F function) {
    return lifeline_.guard(std::move(function));
  }
  template <class F>
  auto in_life(F function) {
    return life_->lifeline.guard(std::move(function));
  }
  template <class F>
  auto in_pass(F function) {
    return life_->pass->guard(std::move(function));
  }

  Run run_;
  Done<RelayStats> done_;
  Phase phase_ = Phase::idle;
  ByteBudget budget_;
  std::unique_ptr<Life> life_ = std::make_unique<Life>();

  TableSet tables_;
  WriteQueue writes_;
  GapLedger gaps_;
  StartUp start_;
  SourceStanding standing_;
  Sweeper sweeper_;
  struct Timers {
    EventLoop::TimerId plan = 0;   ///< what lingers may be due
    EventLoop::TimerId apply = 0;  ///< the pause of an outage
  } timers_;
  /// Used on the worker only, by jobs that keep it: one may still run when the engine is gone.
  std::shared_ptr<dynamodb::Decoder> decoder_ = std::make_shared<dynamodb::Decoder>();
  WriteAttempts attempts_;
  PositionKeeper keeper_;
  Rounds rounds_;

  RunCounters counters_;
  Outages outages_;
  std::optional<TaskGroup> starting_;  ///< the start of the life that is begun
  Lifeline lifeline_;
};

}  // namespace ctk::relay
