// The load that a run takes part in. Its segments are shards of the walk. Pure.
//
//   waiting ──every relay of the table stamps its epoch──▶ reading ──every segment is stored──▶ ending ──▶ over
//   waiting ──every segment was stored before──▶ ending ──it cannot be said to the target now──▶ reading
//   over ──another load of the table runs──▶ reading
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "coordination/table_record.h"
#include "relay/relay.h"

namespace ctk::relay {

class LoadRun {
 public:
  enum class Phase { waiting, reading, ending, over };

  LoadRun(std::string table, coordination::TableRecord record);

  const std::string& table() const { return table_; }
  const coordination::TableRecord& record() const { return record_; }
  const std::vector<ListedShard>& segments() const { return segments_; }
  Phase phase() const { return phase_; }
  bool running() const { return record_.load == coordination::LoadState::running; }
  bool resumed() const { return resumed_; }
  bool may_read() const { return phase_ == Phase::reading || phase_ == Phase::ending; }
  uint64_t items_before() const { return items_before_; }

  /// The record as it is now.
  void take_record(coordination::TableRecord record);
  /// What a sweep has found of one that is over. Where another load runs by now, this one ends once more, which tells that
  /// its epoch is stale.
  void take_state(coordination::LoadState state);
  /// A row of the store, of this load.
  void add_segment(const ShardId& segment, const Position& stored);
  void begin_reading();
  /// True: every segment is stored, and the target is to be told so, once.
  bool begin_ending(const std::function<bool(const ShardId&)>& is_stored);
  void ending_failed() { phase_ = Phase::reading; }
  /// True: worth a line, once a load.
  bool report_waiting() { return !std::exchange(waiting_reported_, true); }
  void count_before(uint64_t items) { items_before_ = items; }

  LoadProgress progress(const std::function<bool(const ShardId&)>& is_stored) const;

 private:
  std::string table_;  ///< TableRecord::table
  coordination::TableRecord record_;
  std::vector<ListedShard> segments_;
  Phase phase_;
  bool waiting_reported_ = false;
  bool resumed_ = false;       ///< an earlier run has read a part
  uint64_t items_before_ = 0;  ///< LoadProgress::items_before
};

}  // namespace ctk::relay
