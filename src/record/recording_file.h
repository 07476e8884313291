// The file that lines are appended to: plain, or as gzip members or zstd frames, one a write, so that what lies before any
// write's end is a whole file. Blocks; used in its owner's jobs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ctk::record {

enum class Packing { none, gzip, zstd };

/// By the name's end: .gz, .zst.
Packing packing_of(std::string_view path);

/// `lines` as one member or frame.
Result<std::string> pack(Packing packing, std::string_view lines);

class RecordingFile {
 public:
  /// "-" is standard output, which keeps nothing.
  explicit RecordingFile(std::string path) : path_(std::move(path)), packing_(packing_of(path_)) {}
  ~RecordingFile();
  RecordingFile(const RecordingFile&) = delete;
  RecordingFile& operator=(const RecordingFile&) = delete;

  bool is_kept() const { return path_ != "-"; }
  const std::string& path() const { return path_; }
  /// Opens it, for this process alone, and cuts off what lies behind its first `bytes`: a write whose end was never known.
  /// `mismatch` where it is shorter than that.
  Status open(uint64_t bytes);
  /// What it has, without making it; 0 where there is none.
  Result<uint64_t> size() const;
  /// Writes behind the first `bytes` whatever lies there, durably; the new size.
  Result<uint64_t> write(uint64_t bytes, std::string_view lines);

 private:
  Status put(std::string_view text) const;

  const std::string path_;
  const Packing packing_;
  int descriptor_ = -1;
};

}  // namespace ctk::record
