// A recording: the file of lines and the file of positions beside it, which move together. Blocks; used in its owner's
// jobs, one at a time.
//
// What FILE.positions says counts, and it is written behind the lines: lines that it does not speak of are cut off when the
// recording goes on, and their records are read again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "coordination/position_rows.h"
#include "record/recording_file.h"

namespace ctk::record {

class KeptRecording {
 public:
  explicit KeptRecording(std::string path) : file_(std::move(path)), positions_path_(file_.path() + ".positions") {}

  /// Makes the file, or goes on with one. `refused` where what is there is no recording, `mismatch` where it is not the one
  /// that its positions speak of.
  Status open();

  /// `mismatch` where it is another relay's recording.
  Result<std::vector<coordination::StoredPosition>> read(const coordination::RelayName& relay) const;
  Result<coordination::Acquired> acquire(const coordination::AcquireRequest& request, Timestamp now);
  Result<bool> add(const coordination::RelayName& relay, coordination::Fence fence,
                   const std::vector<coordination::NewShard>& shards, Timestamp now);
  Result<size_t> remove_finished(const coordination::RelayName& relay, coordination::Fence fence,
                                 const std::vector<aws::ShardId>& shards);
  /// Appends the lines and moves the positions, both or neither.
  Result<bool> write(const coordination::RelayName& relay, std::string_view lines,
                     const std::vector<coordination::PositionMove>& moves, Timestamp now);

 private:
  /// What is packed begins with an empty member or frame: no byte at all would be a file that was cut off.
  Status begin_file();
  /// Makes these the positions, durably.
  Status keep(const coordination::RelayName& relay, coordination::PositionRows rows, uint64_t bytes);

  RecordingFile file_;
  const std::string positions_path_;
  bool opened_ = false;
  coordination::RelayName relay_;  ///< whose recording it is; empty: nobody's yet
  uint64_t bytes_ = 0;
  coordination::PositionRows rows_;
};

}  // namespace ctk::record
