#include "observe/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

namespace ctk::observe {
namespace {

constexpr std::string_view kWipe = "\r\x1b[K";

}  // namespace

void Terminal::put(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream_);
  std::fflush(stream_);
}

void Terminal::write_line(std::string_view line) {
  const std::lock_guard lock(mutex_);
  std::string text;
  if (!line_.empty()) text += kWipe;
  text += line;
  text += '\n';
  text += line_;
  put(text);
}

void Terminal::set_live_line(std::string line) {
  if (!live_) return;
  const std::lock_guard lock(mutex_);
  if (line == line_) return;
  line_ = std::move(line);
  put(std::string(kWipe) + line_);
}

void Terminal::beside(int descriptor, const std::function<void()>& write) {
  if (!live_ || isatty(descriptor) == 0) return write();
  const std::lock_guard lock(mutex_);
  if (!line_.empty()) put(kWipe);
  write();
  if (!line_.empty()) put(line_);
}

int Terminal::columns() const {
  winsize size{};
  const bool known = ioctl(fileno(stream_), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

}  // namespace ctk::observe
