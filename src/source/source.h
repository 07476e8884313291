// Where changes come from, as the engine sees it. The sources: Kinesis (kinesis_source.h), DynamoDB Streams
// (streams_source.h), files (file_source.h); above, what an engine pushes (engines/pushed_shard.h), and a stream that is
// recorded (record/recording_source.h). A table's items come from another kind of source (snapshot_source.h), beside
// one of them or alone (source_router.h).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/ids.h"
#include "base/done.h"
#include "base/error.h"
#include "base/time.h"
#include "coordination/position_store.h"
#include "dynamodb/change.h"
#include "dynamodb/raw_record.h"
#include "shards/position.h"
#include "shards/walk.h"
#include "source/snapshot_source.h"

namespace ctk::source {

using aws::ShardId;
using coordination::Incarnation;
using shards::ListedShard;
using shards::Position;

/// What a source is like: nobody asks for the name of its service.
struct SourceTraits {
  Duration retention{};           ///< zero: nothing is ever trimmed
  bool bounded = false;           ///< a file: it always ends
  bool errors_are_final = false;  ///< a file: what cannot be read now cannot be read later
  /// To read what is trimmed is an error (`gap`) here. Where it is not, the engine finds gaps by the time.
  bool reports_trimming = false;
  /// A shard can be read from a moment on without what it holds from before.
  bool seeks_time = false;
  /// The form of its changes' versions, and whether the first record overrules it (a file).
  dynamodb::VersionKind version_kind = dynamodb::VersionKind::file_time;
  bool first_record_decides_kind = false;
  /// So long after a change an older one of that item may still come. Duration::max(): for ever.
  Duration lateness = Duration::max();
  /// Between two reads of a shard that has had no records for a minute, unless the user asks for another: what a call
  /// costs.
  Duration idle_poll = std::chrono::seconds(1);
  /// Reads of a shard that the service allows, of all who read it. Zero: it names no limit.
  size_t calls_a_second = 0;
  /// Its records' times are rounded down to this. Zero: they are as good as any.
  Duration clock_tick{};
  /// It hands the same record out more than once, in other places: the records' own ids tell.
  bool repeats_records = false;
  /// A shard that ends is followed by others, unless the whole source has ended (StreamSource::ended).
  bool shards_go_on = false;
};

/// What a source says of itself when it is opened.
struct SourceIdentity {
  std::string service;  ///< "kinesis", "file": for names and messages only
  std::string name;     ///< the stream's name, the file's path
  Incarnation incarnation;
  /// What tells it from others of its incarnation: a file's whole path, "-" for standard input. Empty: there are no others.
  std::string origin;
  Timestamp server_time = kNoTime;
  Timestamp created = kNoTime;              ///< kNoTime: not known
  std::optional<std::string> source_table;  ///< where the source has one table only and says so
  std::vector<std::string> key_order;       ///< names of its key, hash before range; empty: not known
  bool has_stream = true;                   ///< false: there is nothing but the table's items
  std::optional<ScannedTable> scan;         ///< where the table's items can be read beside its stream
  SourceTraits traits;
};

/// One read of one shard.
struct Page {
  std::vector<dynamodb::RawRecord> records;
  std::optional<size_t> given;  ///< records as the source counts them, where some were taken apart
  /// The records are items of a table, in DynamoDB JSON. A shard gives such pages only, or none.
  std::shared_ptr<const dynamodb::ItemSource> items;
  std::optional<Position> resume;     ///< behind the page, where no record's own place says it
  Duration rest{};                    ///< for so long the service would refuse a next read, or has nothing for it
  bool at_once = false;               ///< the source itself knows how fast it may be asked: no pause before the next
  bool ended = false;                 ///< the shard has no more; `records` are its last
  std::vector<ListedShard> children;  ///< as far as the answer names them
  bool at_tip = false;                ///< nothing newer was there when it was read
  bool full = false;                  ///< it held no more than it does: as much again may wait
  Timestamp read_to = kNoTime;        ///< read without a hole up to this server time
  Duration behind{};
  Timestamp server_time = kNoTime;
  size_t bytes = 0;      ///< what it holds in memory
  bool cut_off = false;  ///< it was larger than allowed: these are its first records, and there are more
};

/// Where its shard may resume behind this record.
Position position_behind(const dynamodb::RawRecord& record);

struct ReadRequest {
  ShardId shard;
  Position position;  ///< where to begin if there is no live cursor
  int max_records = 1000;
  size_t max_bytes = 0;         ///< the reservation; 0: unbounded
  Timestamp read_to = kNoTime;  ///< the shard was read without a hole up to this server time
  double share = 1;             ///< of a load's capacity, what this worker may use
};

/// Completions come on the loop, never from inside the call. At most one read a shard is under way. A source may go at any
/// time, on the loop or when it no longer runs: what is under way then is broken off, and nobody is told of it.
class StreamSource {
 public:
  virtual ~StreamSource() = default;
  /// Reaches the source and says who it is.
  virtual void open(Done<SourceIdentity> done) = 0;
  /// All shards, all pages: complete or an error, never a part.
  virtual void list(Done<std::vector<ListedShard>> done) = 0;
  /// Reads on behind the previous page of that shard, or at `position` after `forget` and at first.
  virtual void read(const ReadRequest& request, Done<Page> done) = 0;
  /// Drops the shard's cursor: the next read begins at its request's position.
  virtual void forget(const ShardId& shard) = 0;
  /// Nothing of that shard will be asked any more: the stream has it no longer.
  virtual void leave(const ShardId& shard) { forget(shard); }
  /// Whom a source calls, on the loop, that has heard of something to be read of a shard: whoever rests between two reads
  /// of it (Page::rest) reads at once. Set before the first read.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): sources that call keep it
  virtual void when_ready(std::function<void(const ShardId& shard)> /*ready*/) {}
  /// The shards that follow `shard`, as far as they are there yet.
  virtual void children(const ShardId& shard, Done<std::vector<ListedShard>> done);
  /// Whether the source still has a shard that listings lack.
  virtual void exists(const ShardId& shard, Done<bool> done);
  /// Why nothing more can come once all shards are read; nothing while the source goes on.
  virtual std::optional<Error> ended() const { return std::nullopt; }
};

}  // namespace ctk::source
