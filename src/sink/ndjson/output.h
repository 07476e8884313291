// A file, or an open descriptor, that lines are appended to. Blocks; used from its executor's thread.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace ctk::sink::ndjson {

class Output {
 public:
  /// A path to append to, opened at the first write.
  explicit Output(std::string path) : path_(std::move(path)) {}
  /// A descriptor that stays open: standard output, standard error.
  Output(int descriptor, std::string name) : path_(std::move(name)), descriptor_(descriptor), owned_(false) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output();

  Result<bool> open();
  /// All of it, or an error: `stopped` where the reader has gone (EPIPE), `refused` where the disk is full, `denied` and
  /// `not_found` for the path, else `unreachable`.
  Result<bool> write(std::string_view text);

  const std::string& name() const { return path_; }

 private:
  std::string path_;
  int descriptor_ = -1;
  bool owned_ = true;
};

}  // namespace ctk::sink::ndjson
