// Bytes that do not fit into memory: a file without a name, which goes with whoever has it. Blocks; for jobs.
#pragma once

#include <cstdint>
#include <span>

#include "base/error.h"

namespace ctk::verify {

/// Made at the first write, where temporary files are (TMPDIR). Errors are `denied`, with the system's words.
class TemporaryFile {
 public:
  TemporaryFile() = default;
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  Status append(std::span<const std::byte> bytes);
  /// Exactly those bytes, which were appended before.
  Status read(uint64_t offset, std::span<std::byte> into) const;
  uint64_t size() const { return size_; }

 private:
  int descriptor_ = -1;
  uint64_t size_ = 0;
};

}  // namespace ctk::verify
