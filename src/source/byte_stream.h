// The bytes of a file or of standard input. Blocks; used on a thread of its own.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/error.h"
#include "source/read_wait.h"

namespace ctk::source {

/// Bytes from somewhere; `read` gives at most `size` of them, 0 at the end. After an error that is_nothing_yet() it is
/// called again.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  virtual Result<size_t> read(char* into, size_t size) = 0;
  /// Goes back to where reading began; false where that cannot be: all but a regular file.
  virtual bool rewind() { return false; }
};

/// A file, or standard input for "-". `wait` outlives it.
Result<std::unique_ptr<ByteStream>> open_file(const std::string& path, const ReadWait& wait);
/// "file 'x'", or "standard input".
std::string name_of(const std::string& path);

}  // namespace ctk::source
