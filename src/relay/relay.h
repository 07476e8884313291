// The engine: keeps target tables equal to what a source tells, until it is told to stop or the source's end.
//
//   Sources ─page─▶ decode ─Changes─▶ fold ─▶ render ─▶ Sink ─outcome─▶ frontier ─▶ positions
//
// All decisions are made on the loop, by parts that hold no socket, clock or thread; decoding and rendering run on
// `worker`.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_budget.h"
#include "base/event_loop.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "coordination/assignment.h"
#include "coordination/position_store.h"
#include "relay/borrowed_names.h"
#include "sink/sink.h"
#include "source/aggregates.h"
#include "source/source_router.h"

namespace ctk::relay {

enum class OnGap { stop, skip, resnapshot };
enum class OnError { park, stop };
/// Whether the table's items are loaded: never, before following the stream unless a load has filled the target, or alone.
enum class Snapshot { none, initial, only };

struct StartPoint {
  enum class Kind { earliest, latest, timestamp, sequence_at, sequence_after };
  Kind kind = Kind::earliest;
  bool given = false;  ///< the user said so: worth a warning where a stored position wins
  Timestamp at{};
  /// Shard → number; the empty shard id means the stream's only shard.
  std::map<ShardId, aws::SequenceNumber> sequences;
};

/// How often a shard is read.
struct PollOptions {
  std::optional<Duration> idle_poll;             ///< nothing: the source's own (SourceTraits::idle_poll)
  Duration longest_idle_poll = Duration::max();  ///< bounds the source's own, too
  std::optional<Duration> max_lag;

  /// Between two reads of a quiet shard; `own`: the source's.
  Duration quiet_pause(Duration own) const { return std::min(idle_poll.value_or(own), longest_idle_poll); }
};

/// How long is waited for either side.
struct Deadlines {
  Duration start_timeout = std::chrono::seconds(30);
  Duration give_up = std::chrono::minutes(15);  ///< of a bounded run
  Duration grace = std::chrono::seconds(30);    ///< for a clean stop
};

struct LoadOptions {
  Snapshot snapshot = Snapshot::none;  ///< needs a source that can scan (SourceIdentity::scan)
  std::optional<int> segments;         ///< of a parallel Scan; nothing: by the table's size
};

/// When tombstones go.
struct SweepOptions {
  std::optional<Duration> grace;  ///< `delete-grace`; nothing: the source's default; Duration::max(): never
  std::optional<Duration> floor;  ///< `delete-floor`

  /// Where writes are not fenced: what was read longer ago is written no more, neither by this relay nor by a slow request.
  static constexpr Duration kFloor = std::chrono::minutes(15);
  Duration unfenced_floor() const { return floor.value_or(kFloor); }
};

/// Bounds of a batch; else the target's own.
struct BatchOptions {
  std::optional<Duration> age;  ///< the oldest change lingers at most this long
  std::optional<size_t> rows, bytes;
};

struct RelayOptions {
  std::optional<std::string> positions_name;  ///< the relay's name; else SERVICE:STREAM@SCHEMA[.TABLE]
  StartPoint start;
  bool once = false;
  bool reset = false;
  std::string reset_command;                ///< this command line with --reset, secrets redacted, for hints
  std::optional<std::string> source_table;  ///< `source-table`
  std::string schema;                       ///< the target's
  std::optional<std::string> table;         ///< the target's; nothing: each source table's own name
  table::Target target = table::Target::sqlite;
  table::TableOptions tables;
  OnGap on_gap = OnGap::stop;
  LoadOptions load;
  OnError on_error = OnError::park;
  source::Strays aggregates = source::Strays::deliver;
  PollOptions poll;
  Deadlines deadlines;
  SweepOptions sweep;
  BatchOptions batch;
  size_t max_memory = 32u << 20;
  coordination::WorkerName worker;
};

/// How far a load is.
struct LoadProgress {
  bool running = false;                             ///< it has not read everything yet
  bool resumed = false;                             ///< an earlier run has read a part
  uint64_t items = 0, bytes = 0;                    ///< written by this run
  uint64_t items_before = 0;                        ///< about as many were written by earlier runs; 0: none, or unknown
  uint64_t expected_items = 0, expected_bytes = 0;  ///< as the service last counted them; 0: unknown
  size_t segments = 0, segments_done = 0;
};

/// What a run has done: `read` = `applied` + `dead_letters` + `filtered` once all is written.
struct RunCounts {
  uint64_t read = 0;      ///< changes, records that could not be decoded too
  uint64_t applied = 0;   ///< what the target took, though it had something newer, or a newer one of the batch won
  uint64_t filtered = 0;  ///< of other tables, under `source-table`; strays, under aggregates=drop
  uint64_t strays = 0;    ///< out of aggregates, of another shard by their key
  uint64_t deleted = 0;   ///< of the changes, those that deleted an item
  uint64_t dead_letters = 0, gaps = 0;
  uint64_t shards = 0;            ///< of the stream, that were read
  uint64_t bytes = 0;             ///< payload of the records
  std::optional<uint64_t> stale;  ///< of `applied`, what was not written; nothing where the target does not tell
};

/// Counters of a run, and its state now.
struct RelayStats {
  RunCounts counts;
  /// Rows of the tables written, counted at the run's end; nothing where they could not be.
  std::optional<uint64_t> living, tombstones;
  double seconds = 0;
  size_t shards_reading = 0, shards_waiting = 0;
  Duration lag{};                           ///< the oldest shard's distance from its tip
  std::optional<Duration> until_data_loss;  ///< retention minus lag
  std::string commonest_reason;             ///< of the dead letters
  std::string filtered_table;               ///< a source table whose changes were filtered out
  std::string outage;                       ///< empty while all is well; else in short: "source unreachable for 40 s"
  std::string outage_error;                 ///< the error itself, of any age
  std::vector<std::string> tables;          ///< the target tables written
  std::vector<std::string> views;           ///< of their living rows, as far as there are any
  std::optional<LoadProgress> load;         ///< where this run has to do with one
  bool table_ready = false;                 ///< the stream has passed the load's end
  /// Set where no load has filled the table: from when on its changes are there ("2026-11-22T…", "shard positions").
  std::optional<std::string> changes_only_since;
  bool stopped = false;       ///< it was asked to stop before its source's end
  bool read_whole = false;    ///< of a stopped run: its shards have ended, and all of them is written nevertheless
  bool unwritten = false;     ///< of a stopped run: not all that it had read could be written
  bool target_hangs = false;  ///< it had not closed by the end of the grace period: a thread may wait for it yet
  size_t memory_used = 0;
};

/// Where a relay keeps its positions, and which of its shards it reads. What it names outlives it.
struct Positions {
  enum class Kept {
    with_rows,  ///< the target's transactions move them with the rows
    apart,      ///< they last, but follow the rows
    in_memory,  ///< they end with the process: a restart begins at `start`
    by_giver,   ///< whoever gives the records keeps them, and waits for each: they are stored as soon as they can be
  };
  coordination::PositionStore& store;
  Kept kept;
  coordination::Assignment& assignment = coordination::all_shards_are_ours();
};

/// The target's own.
Positions positions_of(sink::Sink& sink);

struct RelayEnvironment {
  EventLoop& loop;
  Clock& clock;
  Random& random;
  Log& log;
  Executor& worker;                    ///< decodes and renders
  Histogram* write_seconds = nullptr;  ///< how long each write took is observed there; from the loop alone
  BytePool* memory = nullptr;          ///< that it shares with other relays, beside its own max_memory
};

struct RelayView;

/// `run` begins; `done` is called once, on the loop: the final counters, or why it ended early (an Error's kind gives the
/// exit code: usage 2, gap and mismatch 3, else 1). A stop asked for by stop() is no error.
class Relay {
 public:
  Relay(RelayOptions options, source::Sources sources, sink::Sink& sink, Positions positions, RelayEnvironment environment);
  ~Relay();

  void run(Done<RelayStats> done);
  /// Stop reading, flush, store positions, then `done`. On the loop.
  void stop();
  RelayStats stats() const;
  /// All that can be seen of it now (relay_view.h). On the loop.
  RelayView view() const;

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace ctk::relay
