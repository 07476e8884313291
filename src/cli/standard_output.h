// Standard output as a stream, for text that is printed while a live line is shown.
#pragma once

#include <ostream>
#include <streambuf>
#include <string>

#include "observe/terminal.h"

namespace ctk::cli {

/// Collects what is printed, and writes it at each flush, above the live line where both are on a terminal. Bad once
/// standard output takes no more. Not thread-safe; the terminal outlives it.
class StandardOutput final : public std::ostream {
 public:
  explicit StandardOutput(observe::Terminal& terminal) : std::ostream(nullptr), buffer_(terminal) { rdbuf(&buffer_); }

 private:
  class Buffer final : public std::streambuf {
   public:
    explicit Buffer(observe::Terminal& terminal) : terminal_(terminal) {}

   protected:
    int_type overflow(int_type byte) override;
    std::streamsize xsputn(const char* text, std::streamsize size) override;
    int sync() override;

   private:
    observe::Terminal& terminal_;
    std::string text_;
  };

  Buffer buffer_;
};

}  // namespace ctk::cli
