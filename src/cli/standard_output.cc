#include "cli/standard_output.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

namespace ctk::cli {

StandardOutput::Buffer::int_type StandardOutput::Buffer::overflow(int_type byte) {
  if (byte != traits_type::eof()) text_.push_back(traits_type::to_char_type(byte));
  return traits_type::not_eof(byte);
}

std::streamsize StandardOutput::Buffer::xsputn(const char* text, std::streamsize size) {
  text_.append(text, static_cast<size_t>(size));
  return size;
}

int StandardOutput::Buffer::sync() {
  const std::string text = std::exchange(text_, {});
  bool written = true;
  terminal_.beside(STDOUT_FILENO, [&] {
    written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  });
  return written ? 0 : -1;
}

}  // namespace ctk::cli
