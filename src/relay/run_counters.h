// What a run has counted. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "relay/reason_tally.h"
#include "relay/relay.h"
#include "relay/relay_view.h"
#include "relay/write_queue.h"

namespace ctk::relay {

class RunCounters {
 public:
  /// `reports_stale`: the target says what it did not write because it had something newer.
  explicit RunCounters(bool reports_stale) {
    if (reports_stale) stats_.counts.stale = 0;
  }

  /// As far as they are counted here; what is true now only is not filled in.
  const RelayStats& stats() const { return stats_; }
  /// The last ones that were kept, the newest last; a few.
  const std::deque<DeadLetterView>& last_dead_letters() const { return last_dead_letters_; }
  uint64_t loaded_items() const { return loaded_items_; }
  uint64_t loaded_bytes() const { return loaded_bytes_; }

  /// A shard of the stream is read; again, maybe.
  void add_shard(const ShardId& shard);
  void add_table(const std::string& table);
  void add_view(const std::string& view);
  /// The batch was written, with this outcome.
  void add(const InFlightBatch& write, const sink::BatchOutcome& outcome);
  void add_gap() { ++stats_.counts.gaps; }
  /// A change of that source table is not relayed: the first one is named.
  void note_filtered(std::string_view source_table) {
    if (stats_.filtered_table.empty()) stats_.filtered_table = source_table;
  }
  /// Which tables are written shows anew.
  void forget_tables() { stats_.tables.clear(); }
  /// The stream has passed the load's end, or that is no longer so.
  void set_table_ready(bool ready) { stats_.table_ready = ready; }
  void note_changes_only_since(std::string when) { stats_.changes_only_since = std::move(when); }
  void note_rows(std::optional<uint64_t> living, std::optional<uint64_t> tombstones) {
    stats_.living = living;
    stats_.tombstones = tombstones;
  }
  void note_stopped() { stats_.stopped = true; }
  void note_unwritten() { stats_.unwritten = true; }
  void note_hanging_target() { stats_.target_hangs = true; }
  /// Why the run is to end: the first changes were all refused, and no other was kept.
  std::optional<Error> nothing_is_taken(const sink::BatchOutcome& last) const;

 private:
  RelayStats stats_;
  ReasonTally reasons_;
  std::deque<DeadLetterView> last_dead_letters_;
  std::set<ShardId> shards_;
  uint64_t loaded_items_ = 0, loaded_bytes_ = 0;
  uint64_t refusals_at_start_ = 0, key_refusals_at_start_ = 0;  ///< before any change was kept
  bool any_change_kept_ = false;
};

}  // namespace ctk::relay
