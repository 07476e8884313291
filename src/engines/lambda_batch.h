// How far the records of one invocation are written, shard by shard. Pure.
//
//   while (auto turn = batch.turn()) { push batch.take(…).records; then stored(…) until it is true, or give_up_shard() }
//   answer batch.failures();
//
// Records are handed on in runs of rising sequence numbers, one after the other: within a run a position says how much of
// it is written. An event of AWS's has one run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engines/lambda_event.h"
#include "shards/position.h"

namespace ctk::engines {

/// The last record that a relay has written of what it was given.
struct WrittenRecord {
  aws::ShardId shard;
  aws::SequenceNumber sequence;
  std::string data;
  bool operator==(const WrittenRecord&) const = default;
};

class LambdaBatch {
 public:
  struct Run {
    std::vector<dynamodb::RawRecord> records;  ///< aggregates taken apart
    WrittenRecord last;                        ///< of it; what the relay has written once all of it is stored
    /// The relay stands at a place that this run names, too, and could not tell the one from the other: it is for another.
    bool needs_fresh = false;
  };

  explicit LambdaBatch(std::vector<EventShard> shards);

  /// The stream whose turn it is. Nothing: all is written, or given up.
  std::optional<MappedStream> turn() const;
  /// The next run of that stream. `written`: by the relay that it is for. The very record that this one has written last is
  /// left out at the run's end, since no move of the position would tell of it; a run without records is stored already.
  Run take(const std::optional<WrittenRecord>& written);
  /// What stands before `to` is written durably; true: that is the whole run.
  bool stored(const shards::Position& to);
  /// Nothing more of the shard at hand is written.
  void give_up_shard();
  /// Nothing more at all.
  void give_up();

  /// The first record of each shard that is not written, if there is one.
  std::vector<aws::SequenceNumber> failures() const;
  size_t size() const;
  size_t written() const;

 private:
  struct Progress {
    EventShard shard;
    size_t written = 0;  ///< of its records, from the first on
    bool given_up = false;
    bool is_over() const { return given_up || written == shard.records.size(); }
  };
  /// Goes on to the first shard that is not over.
  void pass_over();
  /// Behind the last record of the run that begins at `begin`.
  static size_t end_of_run(const std::vector<dynamodb::RawRecord>& records, size_t begin);

  std::vector<Progress> shards_;
  size_t at_ = 0;            ///< of shards_: the one at hand; behind the last: none
  size_t run_end_ = 0;       ///< of the run at hand: behind its last record
  bool last_known_ = false;  ///< and that one was not handed on, since it is written
};

}  // namespace ctk::engines
