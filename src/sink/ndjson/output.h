// A file, or an open descriptor, that lines are appended to. Blocks; used in its owner's jobs.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/log.h"
#include "base/stop_bell.h"

namespace ctk::sink::ndjson {

/// Lines stay lines, whatever became of those before: what a full disk or a kill left of one is cut away, or becomes a line
/// of its own. Several processes may append to one file.
class Output {
 public:
  /// A path to append to, opened at the first write. `log` outlives it. A request to stop ends every wait for a reader,
  /// with `stopped`.
  Output(std::string path, Log& log, const std::stop_token& stop = {})
      : path_(std::move(path)), log_(log), stopping_(stop) {}
  /// Runs what writes to a descriptor, beside others who write there.
  using Beside = std::function<void(int descriptor, const std::function<void()>& write)>;

  /// A descriptor that stays open: standard output, standard error. Without `beside`, nobody else writes there.
  Output(int descriptor, std::string name, Log& log, const std::stop_token& stop = {}, Beside beside = {})
      : path_(std::move(name)),
        log_(log),
        stopping_(stop),
        descriptor_(descriptor),
        owned_(false),
        beside_(std::move(beside)) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output();

  Result<bool> open();
  /// All of `lines`, durable where it is a file, or an error and none of them, as far as that can be taken back: `stopped`
  /// where no waiting helps: the reader has gone (EPIPE), the file may not grow (EFBIG), a device is full; `refused` where
  /// the disk is full, `denied` and `not_found` for the path, else `unreachable`.
  Result<bool> write(std::string_view lines);
  /// Takes the last write back, where nobody has written behind it: its lines will be written again. Not in a pipe.
  void take_back();

  const std::string& name() const { return path_; }

 private:
  void look_at_end();
  /// Lines end with a line feed.
  Result<bool> append_lines(std::string_view lines);
  Result<bool> append(std::string_view text);
  Status wait_for_room() const;
  bool cut_back();

  std::string path_;
  Log& log_;
  StopBell stopping_;
  int descriptor_ = -1;
  bool owned_ = true;
  Beside beside_;
  bool looked_ = false;
  bool regular_ = false;
  bool torn_ = false;      ///< it ends within a line
  bool was_torn_ = false;  ///< and did so before the last write
  char last_ = '\n';       ///< byte of what has been written of it
  bool whole_ = false;     ///< nobody has written in between what the last write wrote
  uint64_t begin_ = 0;     ///< of the last write
  uint64_t end_ = 0;       ///< of what has been written of it
};

}  // namespace ctk::sink::ndjson
