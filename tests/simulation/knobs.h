// What a simulated life is made of, as numbers, and what happened in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/time.h"
#include "sim/dynamodb.h"
#include "sim/faults.h"
#include "simulation/target.h"

namespace ctk::simulation {

/// Where the relay reads the table's changes.
enum class SourceKind { kinesis, streams };
std::string_view to_string(SourceKind source);

/// What goes wrong where workers share the shards by leases.
struct LeaseKnobs {
  sim::FaultKnobs service;  ///< calls of the lease table
  double late = 0;          ///< a write arrives up to a minute after its sender has given it up
  // What may follow a change, each by its probability.
  double gone = 0;         ///< the lease table is not there for a minute
  double cut_off = 0;      ///< a worker does not reach the table for a while, or hears of it late before that
  double asleep = 0;       ///< a worker's process stops for up to 40 s
  double clock_jumps = 0;  ///< a worker's calendar is set
  double deleted = 0;      ///< somebody deletes rows of the stream's leases, or a load's: one, a finished one, or all
  double drift = 0;        ///< by so much, 0 … 1, clocks run faster or slower than they should, at most
};

struct WorldKnobs {
  SourceKind source = SourceKind::kinesis;
  int shards = 2;
  int items = 20;
  int changes = 400;
  Duration between_changes = std::chrono::milliseconds(300);
  sim::DeliveryKnobs delivery;     ///< Kinesis: records that come twice, and behind their successors
  size_t split_above = 0;          ///< Kinesis on demand: a shard that takes more records a minute is split by the service
  size_t merge_below = 0;          ///< and neighbours that take fewer are merged
  bool by_wire = false;            ///< the relay's calls are written, signed and read as in production
  bool knows_cbor = true;          ///< Kinesis does, where such calls are made
  bool fan_out = false;            ///< Kinesis pushes
  size_t pushed_ahead = 8u << 20;  ///< bytes of that which a worker holds
  bool aggregates = false;         ///< Kinesis: an application packs the table's records
  Duration token_life = std::chrono::hours(24 * 365);  ///< of what such calls are signed with
  // What may follow a change, each by its probability.
  double resharded = 0;  ///< a roll, a split or a merge
  double quiet = 0;      ///< minutes without a change
  double killed = 0;     ///< the relay dies and is started again
  double frozen = 0;     ///< the relay's process stops for 10 to 20 minutes
  double doubled = 0;    ///< a second relay of the same name is started, by mistake
  int workers = 1;       ///< that share the shards, where there are many
  bool history = false;  ///< the target keeps every change
  double moved = 0;      ///< one of the others dies, or another one comes
  bool leased = false;   ///< they share them by leases, else by the world's board
  LeaseKnobs leases;
  double epoch_raised = 0;    ///< somebody raises the table's epoch
  double paused_target = 0;   ///< a minute without a target
  double filled_target = 0;   ///< a few minutes without room in the target
  double poisoned = 0;        ///< the item holds what the target refuses
  bool lost_day = false;      ///< somewhere in its life the relay does nothing for 25 hours
  double away = 0;            ///< it does so more than once
  bool switched_off = false;  ///< DynamoDB Streams: at the end of the life the table's stream is switched off
  // DynamoDB Streams.
  Duration roll_every = std::chrono::hours(4);
  size_t listing_page = 100;
  sim::ChildFilter child_filter = sim::ChildFilter::known;
  // A load beside the stream.
  bool snapshot = false;    ///< the relay loads the table first (snapshot=initial)
  bool resnapshot = false;  ///< and again where changes are lost (on-gap=resnapshot)
  int preloaded = 0;        ///< items that are older than the stream
  int segments = 3;
  size_t scan_page = 1u << 20;  ///< bytes of a Scan's page
  double reloaded = 0;          ///< the table is loaded once more: by a process of its own, or by --reset
  double expiring = 0;          ///< an item is put with a time to live
  // Of the relay.
  Duration skew{};  ///< its clock before the world's
  Duration idle_poll = std::chrono::seconds(1);
  Duration delete_grace = std::chrono::minutes(15);
  size_t max_memory = 64u << 20;
  sim::FaultKnobs service;
  TargetKnobs target;

  bool shares() const { return workers > 1; }
  bool loads() const { return snapshot || resnapshot; }
};

/// Draws a world's knobs from its seed: every fault has its chance, in every mix.
WorldKnobs draw_knobs(Random& random);
WorldKnobs knobs_of(uint64_t seed);

/// What happened in a life, or in many.
struct Coverage {
  uint64_t lives_on_streams = 0, lives_with_loads = 0, lives_by_wire = 0, lives_with_history = 0;
  uint64_t lives_by_fan_out = 0, lives_with_aggregates = 0;
  uint64_t changes = 0, writes = 0, swept = 0, dead_letters = 0, pruned = 0;
  uint64_t events = 0;  ///< of histories
  uint64_t rolls = 0, splits = 0, merges = 0;
  uint64_t kills = 0, freezes = 0, doubles = 0, days = 0, epochs = 0, gaps = 0;
  /// Lives with many workers, of those the ones with leases, shards that went from one to another.
  uint64_t lives_shared = 0, lives_leased = 0, moves = 0;
  uint64_t deletions = 0;             ///< of rows of leases, by somebody
  uint64_t segments_deleted = 0;      ///< those of a load's segments
  uint64_t drained = 0, dropped = 0;  ///< leases given away on request: all that was sent was stored, or not
  uint64_t loads = 0, scans = 0, expired = 0, readies = 0;  ///< loads begun, pages scanned, items that outlived their time
  /// Calls and writes that went wrong, records that came late or twice, pauses of the target.
  uint64_t faults = 0;

  uint64_t reshards() const { return rolls + splits + merges; }
  void add(const Coverage& other);
};

/// What was covered, in words.
std::string to_text(const Coverage& coverage);

}  // namespace ctk::simulation
