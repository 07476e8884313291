// Lines of a file that may be compressed: plain, gzip or zstd, told by the first bytes. Blocks; used on a thread of its
// own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "relay/read_wait.h"

namespace ctk::relay {

/// Bytes from somewhere; `read` gives at most `size` of them, 0 at the end. After an error that is_nothing_yet() it is
/// called again.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  virtual Result<size_t> read(char* into, size_t size) = 0;
};

/// A file, or standard input for "-". `wait` outlives it.
Result<std::unique_ptr<ByteStream>> open_file(const std::string& path, const ReadWait& wait);
/// Decompresses if the first bytes say so.
Result<std::unique_ptr<ByteStream>> decompress(std::unique_ptr<ByteStream> raw);

/// Splits a stream into lines without their ends (`\n` or `\r\n`). A last line without an end counts.
class LineReader {
 public:
  explicit LineReader(std::unique_ptr<ByteStream> bytes) : bytes_(std::move(bytes)) {}

  /// Puts the next line into `line`; false at the end. `line` keeps spare capacity for in-place parsing. Where an error
  /// is_nothing_yet(), the next call goes on with what has come of the line.
  Result<bool> next(std::string& line);
  /// Number of the line that `next` gave last, from 1.
  uint64_t number() const { return number_; }

 private:
  std::unique_ptr<ByteStream> bytes_;
  std::string buffer_;
  std::string begun_;  ///< of a line whose rest had not come
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t number_ = 0;
  bool finished_ = false;
};

}  // namespace ctk::relay
